/**
 * Addresses that an object store or a CDN signed for a time: docs/contract.md, "What an input may look like", Photo URL,
 * and "Ledger", `reuse`.
 */

/** The parameters of an address by their names, in lower case. */
type Parameters = ReadonlyMap<string, string>;

/** One way of signing an address, as the manual of the store has it. */
interface Scheme {
  isUsedIn(parameters: Parameters): boolean;
  /** Matches the names of the parameters that only sign and date the address; what a store does to a photo is another. */
  signs: RegExp;
  /** Unix milliseconds; NaN where the address does not say when it expires. */
  expires(parameters: Parameters): number;
}

/** Unix milliseconds, of 2001: what is less is no date of a signature, but how long it lasts. */
const FIRST_DATE = 1e12;

/** Stores whose signature version 4 puts their own word where AWS has `amz`. */
const VERSION_4 = ['amz', 'goog', 'obs', 'oss', 'tos'] as const;

const SCHEMES: readonly Scheme[] = [
  ...VERSION_4.map(
    (word): Scheme => ({
      isUsedIn: (parameters) =>
        hasAll(parameters, `x-${word}-date`, `x-${word}-expires`, `x-${word}-signature`),
      signs: new RegExp(
        `^x-${word}-(?:algorithm|signature-version|credential|date|expires|signed-?headers|additional-headers|signature|security-token|content-sha256)$`,
      ),
      expires: (parameters) =>
        compactTime(parameters.get(`x-${word}-date`)) + seconds(parameters.get(`x-${word}-expires`)),
    }),
  ),
  {
    // AWS version 2, Alibaba OSS version 1, Huawei OBS, Kingsoft KS3, Google; CloudFront.
    isUsedIn: (parameters) => hasAll(parameters, 'expires', 'signature'),
    signs:
      /^(?:expires|signature|(?:aws|oss|kss)?accesskeyid|googleaccessid|key-pair-id|(?:x-(?:amz|obs)-)?security-token)$/,
    expires: (parameters) => seconds(parameters.get('expires')),
  },
  {
    // Tencent COS: the end of two spans, whichever comes first.
    isUsedIn: (parameters) => hasAll(parameters, 'q-sign-time', 'q-signature'),
    signs:
      /^(?:q-(?:sign-algorithm|ak|sign-time|key-time|header-list|url-param-list|signature)|x-cos-security-token)$/,
    expires: (parameters) =>
      Math.min(
        ...['q-sign-time', 'q-key-time'].map((name) => {
          const end = seconds(parameters.get(name)?.split(';')[1]);
          return Number.isNaN(end) ? Infinity : end;
        }),
      ),
  },
  {
    // The same, as one parameter.
    isUsedIn: (parameters) => parameters.get('sign')?.startsWith('q-sign-algorithm=') ?? false,
    signs: /^(?:sign|x-cos-security-token)$/,
    expires: (parameters) => seconds(/[&?]q-sign-time=\d+;(\d+)/.exec(parameters.get('sign')!)?.[1]),
  },
  {
    // Qiniu: a token is `<access key>:<signature>`; any other is the page's own, and may name the photo.
    isUsedIn: (parameters) =>
      hasAll(parameters, 'e', 'token') && /^[\w-]+:[\w-]+=*$/.test(parameters.get('token')!),
    signs: /^(?:e|token)$/,
    expires: (parameters) => seconds(parameters.get('e')),
  },
  {
    // Baidu BOS: `bce-auth-v1/<access key>/<time>/<seconds>/<headers>/<signature>`.
    isUsedIn: (parameters) => parameters.get('authorization')?.startsWith('bce-auth-v1/') ?? false,
    signs: /^(?:authorization|x-bce-security-token)$/,
    expires(parameters) {
      const [, , from = '', lasting] = parameters.get('authorization')!.split('/');
      return Date.parse(from) + seconds(lasting);
    },
  },
  {
    // Azure.
    isUsedIn: (parameters) => hasAll(parameters, 'se', 'sig'),
    signs: /^(?:s[egivprt]|sig|sip|spr|sks|skv|ske|skt|skoid|sktid|saoid|suoid|scid)$/,
    expires: (parameters) => Date.parse(parameters.get('se')!),
  },
  {
    // UPYUN: eight digits of a signature, and then the time.
    isUsedIn: (parameters) => /^[\da-f]{8}\d{10}$/.test(parameters.get('_upt') ?? ''),
    signs: /^_upt$/,
    expires: (parameters) => seconds(parameters.get('_upt')!.slice(8)),
  },
  {
    // Volcengine veImageX; others of these names count from when they signed, which they do not say.
    isUsedIn: (parameters) => hasAll(parameters, 'x-expires', 'x-signature'),
    signs: /^x-(?:expires|signature)$/,
    expires(parameters) {
      const time = seconds(parameters.get('x-expires'));
      return time < FIRST_DATE ? Number.NaN : time;
    },
  },
  // CDNs of Tencent and Wangsu: as with the next one.
  ...['tx', 'ws'].map(
    (word): Scheme => ({
      isUsedIn: (parameters) => hasAll(parameters, `${word}secret`, `${word}time`),
      signs: new RegExp(`^${word}(?:secret|time)$`),
      expires: () => Number.NaN,
    }),
  ),
  {
    // CDNs of Alibaba and others: how long it is valid from its time on, only the CDN knows.
    isUsedIn: (parameters) => /^\d{10}-\w+-\w+-[\da-f]{32}$/.test(parameters.get('auth_key') ?? ''),
    signs: /^auth_key$/,
    expires: () => Number.NaN,
  },
];

/**
 * @param address of a photo
 * @param now Unix milliseconds
 * @returns since when nobody can fetch it any more, in ISO 8601 with `+08:00`; null where it has not expired or never does
 */
export function expiredSince(address: URL, now: number): string | null {
  if (address.search === '') return null;
  const parameters = new Map<string, string>();
  for (const [name, value] of address.searchParams) parameters.set(name.toLowerCase(), value);
  const time = schemeOf(parameters)?.expires(parameters) ?? Number.NaN;
  return time <= now ? inChina(time) : null;
}

/**
 * Identifies the photo behind an address: the address of an object is signed again and again.
 * @param url an http or https URL
 * @returns it without the parameters that only sign and date it; all else stays as it is
 */
export function withoutSignature(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const hash = url.indexOf('#', start);
  const end = hash < 0 ? url.length : hash;
  const named = url
    .slice(start + 1, end)
    .split('&')
    .map((text) => {
      const [[name, value] = ['', '']] = new URLSearchParams(text);
      return { text, name: name.toLowerCase(), value };
    });
  const scheme = schemeOf(new Map(named.map(({ name, value }) => [name, value])));
  if (!scheme) return url;
  const kept = named.filter(({ name }) => !scheme.signs.test(name)).map(({ text }) => text);
  return url.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : '') + url.slice(end);
}

function schemeOf(parameters: Parameters): Scheme | undefined {
  return SCHEMES.find((scheme) => scheme.isUsedIn(parameters));
}

function hasAll(parameters: Parameters, ...names: string[]): boolean {
  return names.every((name) => parameters.has(name));
}

/** @returns milliseconds; NaN where the text is no number of seconds */
function seconds(text: string | undefined): number {
  return text && /^\d{1,11}$/.test(text) ? Number(text) * 1000 : Number.NaN;
}

/** `20250728T070100Z`, as signature version 4 has it. */
function compactTime(text: string | undefined): number {
  return Date.parse((text ?? '').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function inChina(time: number): string {
  return `${new Date(time + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

/** Addresses that no provider can fetch a photo from: docs/contract.md, "What an input may look like", Photo URL. */
import { BlockList, isIP } from 'node:net';
import { VerifyError } from '../contract/errors';
import { expiredSince } from './presigned';

/** RFC 1035, 2.3.4. */
const LONGEST_LABEL = 63;

/**
 * @param address of a photo
 * @param position of the photo in its message, from 1
 * @param now Unix milliseconds
 * @throws VerifyError INPUT
 */
export function checkFetchable(address: URL, position: number, now: number): void {
  const labels = address.hostname.replace(/\.$/, '').split('.');
  if (address.port === '0' || labels.some((label) => label === '' || label.length > LONGEST_LABEL))
    throw new VerifyError('INPUT', 'not-a-url', { position });
  if (isUnreachable(address.hostname)) throw new VerifyError('INPUT', 'url-unreachable', { position });
  const login = loginOf(address);
  if (login) {
    const { service, call } = login;
    throw call === undefined
      ? new VerifyError('INPUT', 'url-of-page', { position, service })
      : new VerifyError('INPUT', 'url-wants-login', { position, service, call });
  }
  const since = expiredSince(address, now);
  if (since !== null) throw new VerifyError('INPUT', 'url-expired', { position, since });
}

/** IANA's special-purpose registries, without the addresses that documents use as examples of public ones. */
const SUBNETS = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  // Unspecified, loopback and what holds an IPv4 address; NAT64, unique local, link-local, site-local, multicast.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
  // 6to4 of the private ones.
  ...['2002:a00::/24', '2002:7f00::/24', '2002:a9fe::/32', '2002:ac10::/28', '2002:c0a8::/32'],
];

const BLOCKED = new BlockList();
for (const subnet of SUBNETS) {
  const [address = '', prefix] = subnet.split('/');
  BLOCKED.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** RFC 6761, 6762 and 8375, ICANN's `.internal`, and what routers, companies and Kubernetes use. */
const PRIVATE_DOMAIN =
  /\.(?:localhost|localdomain|local|internal|intranet|private|lan|home|home\.arpa|corp|svc)$/;

/** A label that says so, of an object store too; not the first one, which may be a bucket's name. */
const INTERNAL_LABEL = /\.(?:[^.]+-)?(?:internal|intranet)(?:-[^.]+)?\./;
/** The same of a store's host without a bucket's name before it. */
const INTERNAL_STORE = /^(?:oss|obs|cos|tos|bos|ks3|s3)-(?:[^.]+-)?internal\./;
/** Internal hosts whose names do not say so, as the manuals of Alibaba OSS and Volcengine TOS have them. */
const UNNAMED_STORE = /(?:^|\.)vpc100-oss-[^.]+\.aliyuncs\.com$|\.ivolces\.com$/;

/**
 * @param hostname as `URL` has it, in which every form of an IPv4 address has become the usual one
 * @returns whether it is private, loopback or link-local, or internal by its name
 */
export function isUnreachable(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (host.startsWith('[')) return BLOCKED.check(host.slice(1, -1), 'ipv6');
  if (isIP(host) === 4) return BLOCKED.check(host, 'ipv4');
  if (!host.includes('.') || PRIVATE_DOMAIN.test(host)) return true;
  return INTERNAL_LABEL.test(host) || INTERNAL_STORE.test(host) || UNNAMED_STORE.test(host);
}

/** Addresses of a service that answers nobody without a login, and which of its calls gives another one that needs no login. */
interface Login {
  host: RegExp;
  /** Of the path and the query. */
  path: RegExp;
  service: string;
  /** None of a page where people share files. */
  call?: string;
}

const FEISHU = {
  service: '飞书 (Feishu, Lark)',
  call: 'GET /open-apis/drive/v1/medias/batch_get_tmp_download_url',
};
const DINGTALK = { service: '钉钉 (DingTalk)', call: 'POST /topapi/cspace/file/presignedurl/get' };
const WECHAT = { service: '微信 (WeChat)', call: 'POST /cgi-bin/media/uploadimg' };

/** By the manuals of open.feishu.cn, open.dingtalk.com, developers.weixin.qq.com and developer.work.weixin.qq.com. */
const LOGINS: readonly Login[] = [
  { ...FEISHU, host: /^open\.(?:feishu\.cn|larksuite\.com|larkoffice\.com)$/, path: /^\/open-apis\// },
  {
    ...FEISHU,
    // The pages of documents, and downloads but for those that the call gives.
    host: /\.(?:feishu\.cn|larksuite\.com|larkoffice\.com)$/,
    path: /^\/(?:base|docs|docx|drive|file|minutes|sheets|slides|wiki)\/|^\/space\/api\/box\/stream\/download\/(?!authcode)/,
  },
  { ...DINGTALK, host: /^(?:alidocs|docs|space|qr|api|oapi)\.dingtalk\.com$/, path: /^/ },
  // Whoever is given the token of such an address may do everything with the account.
  { ...WECHAT, host: /^(?:\w+\.)*(?:api\d?|qyapi)\.weixin\.qq\.com$/, path: /^\/(?:cgi-bin|wxa|tcb)\// },
  { service: '腾讯文档 (Tencent Docs)', host: /^docs\.qq\.com$/, path: /^/ },
  { service: '金山文档 (KDocs)', host: /^(?:www\.)?kdocs\.cn$/, path: /^/ },
  { service: '语雀 (Yuque)', host: /^(?:www\.)?yuque\.com$/, path: /^/ },
  { service: '百度网盘 (Baidu Pan)', host: /^pan\.baidu\.com$/, path: /^/ },
  { service: 'Google Drive', host: /^drive\.google\.com$/, path: /^\/(?:file|open|drive)(?:[/?]|$)/ },
  // With `download=1` what is shared with everybody can be downloaded; download.aspx is what Microsoft Graph gives for that.
  {
    service: 'SharePoint',
    host: /\.sharepoint\.com$/,
    path: /^(?!.*[?&]download=1(?:&|$)|[^?]*\/download\.aspx(?:\?|$))/i,
  },
];

/** @returns which login an address wants, or null where it is known to want none */
function loginOf({ hostname, pathname, search }: URL): Login | null {
  return LOGINS.find(({ host, path }) => host.test(hostname) && path.test(pathname + search)) ?? null;
}

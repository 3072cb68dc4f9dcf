/** Certificates made when they are needed, so that none lies in the repository and none runs out. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { TlsIdentity } from './server';

const DAY_MS = 86_400_000;
/** Object identifiers in DER: commonName, ecdsa-with-SHA256, subjectAltName. */
const COMMON_NAME = '0603550403';
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const SUBJECT_ALT_NAME = '0603551d11';

/**
 * @param subject as in `DNS:provider.test` or `IP:127.0.0.1`: whom the certificate, signed by itself, speaks for
 * @param from Unix milliseconds: when it becomes valid, for two days
 */
export function selfSigned(subject: string, from = Date.now() - DAY_MS): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, hex(ECDSA_WITH_SHA256));
  const name = der(0x30, der(0x31, der(0x30, hex(COMMON_NAME), der(0x0c, Buffer.from('test')))));
  const validity = der(0x30, utcTime(from), utcTime(from + 2 * DAY_MS));
  const names = der(0x04, der(0x30, generalName(subject)));
  const extensions = der(0xa3, der(0x30, der(0x30, hex(SUBJECT_ALT_NAME), names)));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    ...[
      serial,
      algorithm,
      name,
      validity,
      name,
      publicKey.export({ type: 'spki', format: 'der' }),
      extensions,
    ],
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]);
  const certificate = der(0x30, content, algorithm, der(0x03, signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

/** @param work is done while the environment says that no certificate is verified, as a flow's author sets it for another server */
export async function uncheckedByEnvironment(work: () => Promise<void>): Promise<void> {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const { emitWarning } = process;
  // Node.js warns once a process, in the middle of the report.
  process.emitWarning = () => {};
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    await work();
  } finally {
    process.emitWarning = emitWarning;
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
}

/** RFC 5280, section 4.2.1.6: a DNS name has tag 2, an IPv4 address tag 7. */
function generalName(subject: string): Buffer {
  const [kind, value = ''] = subject.split(':');
  return kind === 'IP' ? der(0x87, Buffer.from(value.split('.').map(Number))) : der(0x82, Buffer.from(value));
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

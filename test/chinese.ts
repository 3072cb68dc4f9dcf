/** What may stand in Latin letters before a Chinese reader. */
import { ERRORS } from '../src/contract/errors';

/** Names, units and formats that a Chinese technical text writes so too. */
const TERMS = `
  AES API CSV App Buffer BullMQ GPS HTTP ISO Java JSON JSONata Join KB MB OCR SDK SHA1PRNG TLS URI URL
  base64 http https buffer payload token BMP Excel GB GBK HTML MQTT UTF-8 Unicode XX CA Catch DNS
  GCJ-02 GET JPG Key Linkface Node-RED Node.js PNG PostgreSQL Prometheus Redis SQLite AWS BOS COS
  Cloudflare MinIO OBS OSS R2 S3 APPID IP WestDex X GroupKey GroupSecret SecretId SecretKey AccessKey
  ID Secret AVIF EXIF GIF WGS-84 HEIC TIFF WebP iPhone sharp
`;

/** Words of the contract and of the providers' interfaces, which flows name. */
const CODE = `
  passed failed inconclusive answered unfinished outcome reason cause incorrect damaged true false null raw
  msg data photoUrls idNumber name photo photos lang zh-CN appendonly noeviction redis rediss pg schema
  postgres ioredis bullmq req res job key npm install httpNodeRoot httpNodeAuth userDir id sum day month
  from to account operation bill columns csv hex utf8 sha1prng http_proxy https_proxy all_proxy liveness
  silent_liveness idcard_ocr bankcard_ocr
`;

/** A node's type or a result's reason. */
const WITH_HYPHENS = /^[a-z]+(?:-[a-z]+)+$/;

const ALLOWED = new Set([...Object.keys(ERRORS), ...`${TERMS} ${CODE}`.split(/\s+/)]);

/**
 * @param text that a Chinese reader sees
 * @returns the words in it that are neither Chinese nor technical names
 */
export function foreignWords(text: string): string[] {
  return [
    ...text.matchAll(
      /\$\{\w+\}|https?:\/\/[\w.:/-]*|rediss?:(?:\/\/)?|(?:msg|payload)\.[\w.]+|settings\.js|cnVerify\.\w+|cn-verify\.\w+|Node\.js|\d{4}-\d{2}-\d{2}T[\d:]+|[a-zA-Z][\w-]*/g,
    ),
  ]
    .map(([word]) => word)
    .filter((word) => /^[a-zA-Z][\w-]*$/.test(word) && !ALLOWED.has(word) && !WITH_HYPHENS.test(word));
}

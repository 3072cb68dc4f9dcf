/** The secret under which what is kept on disk is sealed: a text from settings.js, or a file that is made at first use. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VerifyError } from '../contract/errors';

const SECRET_BYTES = 32;
const IN_HEX = /^[0-9a-f]{64}$/;
/** docs/contract.md, "Ledger": a shorter one can be guessed, and `change-me` is known to everybody. */
const LEAST_CHARACTERS = 16;

/**
 * @param text that somebody configured
 * @returns 32 bytes, the same for the same text
 * @throws VerifyError CONFIG where it is too short
 */
export function secretFrom(text: string): Buffer {
  if ([...text].length < LEAST_CHARACTERS)
    throw new VerifyError('CONFIG', 'secret-too-short', { least: LEAST_CHARACTERS }, { charged: false });
  return Buffer.from(hkdfSync('sha256', text, '', 'cn-verify master', SECRET_BYTES));
}

/**
 * @param path of the file with the secret, which is made, readable for its owner alone, where it is missing
 * @param configured `cnVerify.key` in settings.js; where it is empty the file counts
 * @param before what was returned before: a file that was removed since is made again with it, as the database is
 * @returns 32 bytes, the same for every process with these parameters
 * @throws VerifyError CONFIG where it is too short, or where the file cannot be read or made, or holds something else
 */
export async function secretOf(path: string, configured: unknown, before?: Buffer): Promise<Buffer> {
  if (configured) return secretFrom(String(configured));
  try {
    const text = (await read(path)) ?? (await make(path, before ?? randomBytes(SECRET_BYTES)));
    if (IN_HEX.test(text)) return Buffer.from(text, 'hex');
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'UNKNOWN');
  }
  throw unreadable(path, 'EBADMSG');
}

function unreadable(file: string, code: string): VerifyError {
  return new VerifyError('CONFIG', 'secret-unreadable', { file, code }, { charged: false });
}

/** @returns the file's text, or null where there is none */
async function read(path: string): Promise<string | null> {
  try {
    // A pipe under this name must not be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { buffer, bytesRead } = await file
      .read(Buffer.alloc(2 * SECRET_BYTES + 2), 0, 2 * SECRET_BYTES + 2, 0)
      .finally(() => file.close());
    return buffer.toString('latin1', 0, bytesRead).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole under its name or not at all, and never over another's: of two processes the later takes the earlier's. */
async function make(path: string, secret: Buffer): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await file
      .writeFile(secret.toString('hex'))
      .then(() => file.sync())
      .finally(() => file.close());
    // Some network file systems have no `link`.
    await link(unfinished, path)
      .catch(() => copyFile(unfinished, path, constants.COPYFILE_EXCL))
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
  } finally {
    await unlink(unfinished);
  }
  return (await read(path)) ?? '';
}

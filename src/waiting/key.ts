/** The secret under which what is kept on disk is encrypted, and the keys made from it, one for each purpose. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const KEY_BYTES = 32;
const IN_HEX = /^[0-9a-f]{64}$/;

/**
 * @param userDir Node-RED's; without a configured key the secret is in its `cn-verify/key`, made at first use
 * @param configured `cnVerify.key` in settings.js: any text, best a long random one; empty counts as none
 * @returns 32 bytes, the same for every process with these parameters
 * @throws Error where the file cannot be read or made, or holds something else; its text names the file
 */
export async function masterKey(userDir: string, configured = ''): Promise<Buffer> {
  if (configured) return purposeKey(Buffer.from(configured), 'master');
  const folder = join(userDir, 'cn-verify');
  const path = join(folder, 'key');
  const text = (await read(path)) ?? (await make(folder, path));
  if (!IN_HEX.test(text)) throw new Error(`${path} does not hold a key: 64 hexadecimal digits`);
  return Buffer.from(text, 'hex');
}

/**
 * @param master what `masterKey` returned
 * @param purpose a fixed word
 * @returns 32 bytes that tell nothing of the key of another purpose
 */
export function purposeKey(master: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `cn-verify ${purpose}`, KEY_BYTES));
}

/** @returns the file's text, or null where there is none */
async function read(path: string): Promise<string | null> {
  try {
    // A pipe under this name must not be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { buffer, bytesRead } = await file
      .read(Buffer.alloc(2 * KEY_BYTES + 2), 0, 2 * KEY_BYTES + 2, 0)
      .finally(() => file.close());
    return buffer.toString('latin1', 0, bytesRead).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole under its name or not at all, and never over another's: of two processes the later takes the earlier's. */
async function make(folder: string, path: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(unfinished, 'wx', 0o600);
  try {
    await file.writeFile(randomBytes(KEY_BYTES).toString('hex')).finally(() => file.close());
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

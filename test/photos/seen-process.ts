/** A process of its own that remembers photos. */
import { join } from 'node:path';
import type { VerifyError } from '../../src/contract/errors';
import { Seen } from '../../src/photos/seen';
import { openDatabase } from '../../src/store/database';
import { type CommandProcess, say, serveCommands, startCommands } from '../command-process';
import { SECRET } from './database';

const COMMANDS = {
  /** Opens the database of a folder. */
  async open(folder: string): Promise<void> {
    const options = { file: join(folder, 'cn-verify.db'), secret: async () => SECRET };
    const database = openDatabase({ ...options, now: Date.now, notify: () => {} });
    seen = new Seen({ database, now: Date.now });
  },
  /** @returns the gap of the photo with this code, or the code of the error */
  record: (code: string): Promise<number | string> =>
    seen.recordAndCheck([{ identity: code, photo: `photo ${code}` }], 30).then(
      ([gap]) => gap!,
      (error: VerifyError) => error.code,
    ),
  /** Remembers photos for as long as it lives, and says which are on disk. */
  async load(): Promise<never> {
    for (let round = 0; ; round++)
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const code = `${process.pid} ${round} ${index}`;
          if ((await COMMANDS.record(code)) === Number.POSITIVE_INFINITY) void say({ written: code });
        }),
      );
  },
};

let seen: Seen;

export const startSeen = (): CommandProcess<typeof COMMANDS, { written: string }> =>
  startCommands(__filename);

if (require.main === module) serveCommands(COMMANDS);

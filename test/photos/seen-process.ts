/** A process of its own that remembers photos, for what only another process can show; it can be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { VerifyError } from '../../src/contract/errors';
import { Seen } from '../../src/photos/seen';
import { openDatabase } from '../../src/store/database';
import { SECRET } from './database';

export class SeenProcess {
  readonly #child: ChildProcess = fork(__filename, [], { serialization: 'advanced' });
  /** Codes that are on disk, as the process said. */
  readonly written: string[] = [];

  constructor() {
    this.#child.on('message', ({ written }: { written?: string }) => {
      if (written !== undefined) this.written.push(written);
    });
  }

  /**
   * @param folder of the database
   * @param codes of photos, one message each, all at once
   * @returns for each the gap, or the code of the error
   */
  async record(folder: string, codes: string[]): Promise<(number | string)[]> {
    this.#child.send({ folder, codes });
    for (;;) {
      const [{ gaps }] = (await once(this.#child, 'message')) as [{ gaps?: (number | string)[] }];
      if (gaps) return gaps;
    }
  }

  /** Has it remember photos for as long as it lives. */
  load(folder: string): void {
    this.#child.send({ folder, load: true });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

if (require.main === module && process.send) {
  let seen: Seen | undefined;
  process.on('disconnect', () => process.exit());
  process.on(
    'message',
    async ({ folder, codes, load }: { folder: string; codes?: string[]; load?: boolean }) => {
      const database = openDatabase({
        file: join(folder, 'cn-verify.db'),
        secret: async () => SECRET,
        now: Date.now,
        notify: () => {},
      });
      seen ??= new Seen({ database, now: Date.now });
      const record = (code: string) =>
        seen!.recordAndCheck([{ identity: code, photo: `photo ${code}` }], 30).then(
          ([gap]) => gap!,
          (error: VerifyError) => error.code,
        );
      for (let round = 0; load; round++) {
        await Promise.all(
          Array.from({ length: 20 }, async (_, index) => {
            const code = `${process.pid} ${round} ${index}`;
            if ((await record(code)) === Number.POSITIVE_INFINITY) process.send!({ written: code });
          }),
        );
      }
      process.send!({ gaps: await Promise.all(codes!.map(record)) });
    },
  );
}

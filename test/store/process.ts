/** A process of its own with a database. */
import { join } from 'node:path';
import type { Database } from '../../src/store/database';
import { type CommandProcess, report, serveCommands, startCommands } from '../command-process';
import { openTestDatabase } from './open';

/** What there is to do; each is answered with a value. */
const COMMANDS = {
  async open(file: string): Promise<void> {
    const thread = join(__dirname, 'thread.js');
    database = openTestDatabase(file, { notify: (notice) => void report({ notice }), thread });
  },
  ready: () => database.ready(),
  state: async () => database.state(),
  /** @returns for each `written`, or the problem and its code */
  put: ({ ids, size = 1, whenAway = 'fail' }: Put): Promise<string[]> =>
    Promise.all(
      ids.map((id) =>
        database.call('probe.put', { id, content: 'x'.repeat(size) }, { whenAway }).then(
          () => 'written',
          (error) => `${error.problem} ${error.values.code}`,
        ),
      ),
    ),
  /** So many at a time, each answer reported at once, until there are enough. Every fourth is kept until it is written. */
  async putAll({ count, together }: { count: number; together: number }): Promise<void> {
    const kept: Promise<void>[] = [];
    for (let first = 0; first < count; first += together) {
      const answers = Array.from({ length: together }, (_, index) => {
        const id = `put ${first + index}`;
        const whenAway = (first + index) % 4 === 3 ? 'keep' : 'fail';
        const call = database.call('probe.put', { id, content: 'x'.repeat(700) }, { whenAway });
        const answer = call.then(
          () => report({ written: id }),
          () => report({ refused: id }),
        );
        if (whenAway === 'fail') return answer;
        kept.push(answer);
        return null;
      });
      await Promise.all(answers);
    }
    await Promise.all(kept);
  },
  list: () => database.call<null, string[]>('probe.list', null),
  /** @returns how often the event loop went round while something was written */
  async turns(id: string): Promise<number> {
    let turns = 0;
    let isOver = false;
    const written = database.call('probe.put', { id }).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
    await written;
    return turns;
  },
  close: () => database.close(),
};

interface Put {
  ids: string[];
  size?: number;
  whenAway?: 'keep' | 'fail';
}

/** What the process reports of its own accord. */
export interface Report {
  notice?: string;
  written?: string;
  refused?: string;
}

export type Process = CommandProcess<typeof COMMANDS, Report>;

let database: Database;

/** As `startCommands`. */
export const startProcess = (launcher?: readonly string[], options?: string): Process =>
  startCommands(__filename, launcher, options);

if (require.main === module) serveCommands(COMMANDS);

/** Cases that must not inherit the memory of the case before: each in a process of its own. */
import { fork } from 'node:child_process';

/**
 * @param file whose `serveCase` answers
 * @param parameters of the case
 * @returns what the case returned
 */
export function inChild<Value>(file: string, ...parameters: readonly unknown[]): Promise<Value> {
  return new Promise((resolve, reject) => {
    const child = fork(file, ['case', JSON.stringify(parameters)], {
      execArgv: ['--expose-gc'],
      // glibc gives every large block back at once, and keeps none for the next, which would then cost nothing.
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072' },
      stdio: 'inherit',
    });
    child.once('message', (value) => {
      resolve(value as Value);
      child.kill();
    });
    child.once('exit', (code) => reject(new Error(`${parameters.join(' ')} ended with ${code}`)));
  });
}

/**
 * Answers `inChild` where this process is one of its own; does nothing in any other.
 * @param file that calls
 * @param run the case
 */
export function serveCase<Parameters extends unknown[]>(
  file: string,
  run: (...parameters: Parameters) => Promise<unknown>,
): void {
  const [, main, mark, parameters = '[]'] = process.argv;
  if (main !== file || mark !== 'case') return;
  run(...(JSON.parse(parameters) as Parameters)).then(
    (value) => process.send!(value),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

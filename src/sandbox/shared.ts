import { join } from 'node:path';
import { type Sandbox, startSandbox } from './server';

let sandbox: Promise<Sandbox> | undefined;

/**
 * The sandbox inside Node-RED: one for the process, started with the first account that uses it.
 * @param userDir of Node-RED, where its tasks are kept
 */
export function sharedSandbox(userDir: string | undefined): Promise<Sandbox> {
  sandbox ??= startSandbox({ port: 0, file: userDir ? join(userDir, 'cn-verify-sandbox.json') : null }).then(
    (started) => {
      started.unref();
      return started;
    },
  );
  sandbox.catch(() => {
    sandbox = undefined;
  });
  return sandbox;
}

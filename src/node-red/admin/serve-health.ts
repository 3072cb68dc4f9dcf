/** The address at which a process says whether it can do its work: docs/contract.md, "Health". */
import { logBug } from '../runner/flow-error';
import type { Red } from '../runner/red';
import type { Health } from './health';

const PATH = '/cn-verify/health';
/** Anybody may ask, as often as they like: servers are asked once a second at the most. */
const FRESH_MS = 1_000;

/**
 * Registers the address with the addresses of the flows: whoever reaches them reaches it, without the editor's login.
 * @param red Node-RED
 */
export function serveHealth(red: Red): void {
  let isRunning = false;
  let latest: { at: number; found: ReturnType<typeof healthOf> } | null = null;
  // What was found before says nothing of nodes that were not there yet.
  const change = (running: boolean) => {
    isRunning = running;
    latest = null;
  };
  red.events.on('flows:started', () => change(true));
  red.events.on('flows:stopping', () => change(false));
  red.httpNode.get(PATH, (_request, response) => {
    const wasRunning = isRunning;
    if (!latest || performance.now() - latest.at > FRESH_MS)
      latest = { at: performance.now(), found: healthOf(red) };
    const answer = ({ ready: canWork, ...parts }: Awaited<ReturnType<typeof healthOf>>) => {
      const ready = canWork && wasRunning && isRunning;
      const health = { ready, flows: wasRunning && isRunning ? 'running' : 'starting', ...parts };
      response
        .status(ready ? 200 : 503)
        .set({ 'Cache-Control': 'no-store' })
        .json(health);
    };
    latest.found.then(answer, (reason) => {
      logBug(red, null, reason);
      response.status(500).end();
    });
  });
}

/** Loaded when somebody asks. */
async function healthOf(red: Red): Promise<Omit<Health, 'flows'>> {
  const health = require('./health') as typeof import('./health');
  return health.healthOf(red);
}

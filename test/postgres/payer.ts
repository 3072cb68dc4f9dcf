/**
 * A process of the test: pays for messages of which several have the same key, asks an HTTP server on behalf of a random
 * person each time, and prints what every message got. Its environment says what it works on.
 */
import { VerifyError } from '../../src/contract/errors';
import type { Answer } from '../../src/contract/result';
import { MessagePayments } from '../../src/node-red/runner/payments';
import { openShared } from './shared';

const {
  URL_OF_DATABASE = '',
  SCHEMA = '',
  PROVIDER = '',
  FILE = '',
  MESSAGES = '',
  KEYS = '',
  SEED = '',
} = process.env;
const IN_FLIGHT = 24;
const PERSONS = 3;

let state = Number(SEED);
/** A generator that gives the same for the same seed. */
function random(below: number): number {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * below);
}

async function main(): Promise<void> {
  const { ledger, close } = await openShared({
    url: URL_OF_DATABASE,
    schema: SCHEMA,
    file: FILE,
    leaseMs: 2_000,
  });
  const terms = {
    ledger,
    account: 'account',
    destination: 'production',
    price: 1,
    maxPerDay: 1_000_000,
    maxPerMonth: 0,
    timeoutMs: 30_000,
  };
  let left = Number(MESSAGES);
  const work = async () => {
    while (left-- > 0) {
      const key = `key ${random(Number(KEYS))}`;
      const person = `${key} person ${random(PERSONS)}`;
      const payments = new MessagePayments(
        terms,
        { node: 'node', operation: 'face-compare', key, reuseMs: 0 },
        new AbortController().signal,
      );
      let got: string;
      try {
        const answer = await payments.payOnce({
          content: () => person,
          send: async (claim) => {
            await claim();
            const response = await fetch(PROVIDER, {
              method: 'POST',
              body: JSON.stringify({ key, person }),
            }).catch(() => {
              throw new VerifyError('NETWORK', 'connection-broken');
            });
            return (await response.json()) as Answer<{ person: string }> & { raw: undefined };
          },
          judge: (found): Answer<{ person: string }> => found,
          orderNo: () => null,
          isForPhoto: () => false,
          mayChange: false,
        });
        got = answer.data.person === person ? 'own' : `STRANGER ${answer.data.person}`;
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        got = error.problem;
      }
      process.stdout.write(`${JSON.stringify({ key, person, got })}\n`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  await close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

import assert from 'node:assert/strict';
import { asVerifyError } from '../../src/node-red/runner/flow-error';
import type { Node, Red } from '../../src/node-red/runner/red';
import { stepsOf } from '../steps';

const PERSON = '王小明 11010519491231002X';

/** @returns what is logged of a reason */
function logged(reason: unknown): string {
  const lines: string[] = [];
  const node = { log: (text: string) => lines.push(text) } as unknown as Node;
  const red = { _: (_key: string, { places }: { places: string }) => `places: ${places}` } as unknown as Red;
  const error = asVerifyError(red, node, reason);
  assert.deepEqual([error.code, error.problem], ['PROTOCOL', 'internal']);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

describe('a bug of this package', () => {
  it('is logged by where it came from', () => {
    assert.match(logged(new Error('no')), /^places: \S+unexpected\.test\.js:\d+/);
  });

  it('is logged without a word of its message, whatever that looks like', () => {
    const messages = [
      PERSON,
      `no\n    at ${PERSON} (${__filename}:1:1)`,
      `no\n    at ${PERSON}:1:1`,
      `no\n    at node:${PERSON}:1:1`,
      `no\n    at node:fs:110105194912310:1`,
      `no\n    at /tmp/王小明.js:110105:194912`,
    ];
    for (const message of messages) {
      const line = logged(new Error(message));
      assert.doesNotMatch(line, /王|小明|110105|002X/, message);
      assert.match(line, /unexpected\.test\.js:\d+/, message);
    }
  });

  it('is logged whatever was thrown', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const reason of [
      undefined,
      null,
      PERSON,
      7n,
      Symbol(PERSON),
      proxy,
      { stack: PERSON },
      { stack: {} },
    ])
      assert.equal(logged(reason), 'places: ');
  });

  it('costs no more for a longer message', () => {
    const stepsFor = (size: number) => {
      const error = new Error(`${'\n '.repeat(size)}x`);
      return stepsOf(() => logged(error));
    };
    assert.ok(stepsFor(1_000_000) <= 1.1 * stepsFor(10_000));
  });
});

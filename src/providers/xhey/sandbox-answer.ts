import type { Reason, SandboxAnswer, SandboxWorld } from '../../contract/sandbox-half';

/** docs/providers/xhey.md, "Codes", the provider's texts. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [200, 'success'],
  [400, 'param error'],
  [401, 'verify error'],
  [403, 'forbidden'],
  [404, 'not found'],
  [500, 'service error'],
  [2001, 'at most 1000 records a query'],
  [4002, 'invalid token'],
  [4007, 'group key or secret not right'],
  [4008, 'at most 1000 people at a time'],
  [4009, 'time param error'],
  [4010, 'at most 180 days'],
  [4011, 'at most three keywords'],
  [4012, 'a keyword has at most 15 characters'],
  [4013, 'watermark ids cannot be queried'],
]);

/**
 * "When it is not 200, `data` is null": docs/providers/xhey.md, "Codes".
 * @param reason for `x-sandbox-reason`
 */
export function refused(world: SandboxWorld, code: number, reason: Reason): SandboxAnswer {
  return { ...envelope(world, code, { data: null }), reason };
}

/** @param fields what stands beside `code` and `msg` */
export function success(world: SandboxWorld, fields: object): SandboxAnswer {
  return envelope(world, 200, fields);
}

function envelope(world: SandboxWorld, code: number, fields: object): SandboxAnswer {
  const timestamp = Math.floor(world.now() / 1000);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ code, msg: WORDS.get(code) ?? '', ...fields, timestamp }),
  };
}

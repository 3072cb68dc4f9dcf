import { textOfCode } from '../../contract/codes';
import { jsonAnswer, type Reason, type SandboxAnswer, type SandboxWorld } from '../../contract/sandbox-half';
import { CODES } from './codes';

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
  return jsonAnswer({ code, msg: textOfCode(CODES, code), ...fields, timestamp });
}

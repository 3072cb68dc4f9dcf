/** tencent-market's half of the sandbox, made from docs/providers/tencent-market.md: what the provider checks, it checks. */
import { randomUUID } from 'node:crypto';
import {
  jsonAnswer,
  received,
  type SandboxAnswer,
  type SandboxHalf,
  type SandboxWorld,
  UNKNOWN_OPERATION,
} from '../../contract/sandbox-half';
import { refuse } from './sandbox-gateway';
import { compare } from './sandbox-product';

export const sandboxHalf: SandboxHalf = {
  provider: 'tencent-market',
  // The base URL is the whole endpoint.
  paths: [],
  credentials: { secretId: 'sandbox-secret-id', secretKey: 'sandbox-secret-key' },
  // The sandbox's host decides nothing: it takes both.
  settings: { scheme: 'gateway' },
  specialValues: [
    ['沙箱101', 'the name: that incorrect, or any other', '姓名：该 incorrect，也可为其他值'],
    [
      '沙箱0.42',
      'the name: incorrect 100 and that score, or any other',
      '姓名：incorrect 100 和该分数，也可为其他分数',
    ],
    ['沙箱码603', 'the name: that code of the answer, or any other', '姓名：响应为该代码，也可为其他代码'],
    [
      '沙箱网关429',
      'the name: a refusal of the gateway with that status, or any other',
      '姓名：网关以该状态拒绝，也可为其他状态',
    ],
  ],

  answer(request, world) {
    const { status, words, ...refused } = refuse(request, world, this.credentials) ?? {};
    if (status) return { ...reply(world, status, { message: words }), ...refused };
    const form = new URLSearchParams(request.body.toString('utf8'));
    if (request.path !== '') {
      const data = received({ path: request.path, form: Object.fromEntries(form) });
      const fault = world.faultIn([...form.values()].join(' '));
      const echo = reply(world, 200, { msg: '', success: true, code: 200, data });
      return { ...(fault ?? { ...echo, reason: UNKNOWN_OPERATION }), paidFor: request.path };
    }
    const { status: given = 200, body, fault, ...others } = compare(form, world);
    return { ...(fault ?? reply(world, given, body)), ...others };
  },
};

function reply(world: SandboxWorld, status: number, body: unknown): SandboxAnswer {
  // "its `Date` header tells the right time"
  const time = new Date(world.now()).toUTCString();
  return jsonAnswer(body, status, { Date: time, 'x-api-requestid': randomUUID() });
}

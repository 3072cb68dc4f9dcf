/** tencent-market's half of the sandbox, made from tencent-market.md: what the provider checks, it checks. */
import { randomUUID } from 'node:crypto';
import type { SandboxAnswer, SandboxHalf, SandboxWorld } from '../../sandbox-half';
import { refuse } from './sandbox-gateway';
import { compare } from './sandbox-product';

export const sandboxHalf: SandboxHalf = {
  provider: 'tencent-market',
  // The base URL is the whole endpoint.
  paths: [],
  credentials: { secretId: 'sandbox-secret-id', secretKey: 'sandbox-secret-key' },
  // The sandbox's host tells nothing, and it understands both.
  settings: { scheme: 'gateway' },

  answer(request, world) {
    const { status, words, ...refused } = refuse(request, world, this.credentials) ?? {};
    if (status) return { ...reply(world, status, { message: words }), ...refused };
    const form = new URLSearchParams(request.body.toString('utf8'));
    const { status: given = 200, body, fault, ...told } = compare(form, world);
    return { ...(fault ?? reply(world, given, body)), ...told };
  },
};

function reply(world: SandboxWorld, status: number, body: unknown): SandboxAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      // "its `Date` header tells the right time"
      Date: new Date(world.now()).toUTCString(),
      'x-api-requestid': randomUUID(),
    },
    body: JSON.stringify(body),
  };
}

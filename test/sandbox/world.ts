import assert from 'node:assert/strict';
import type { SandboxHalf, SandboxRequest, SandboxWorld, Shapes } from '../../src/contract/sandbox-half';
import { faultIn } from '../../src/sandbox/faults';
import { fetchPhoto } from '../../src/sandbox/fetch-photo';
import { assertReason } from './reason';

/**
 * @param now Unix time in milliseconds
 * @param shapes of its answers
 * @returns what the server gives a provider's half, with nothing kept yet
 */
export function worldAt(now: () => number, shapes: Shapes = 'observed'): SandboxWorld {
  return { now, shapes, store: {}, changed: () => {}, faultIn, fetchPhoto };
}

/** What a half answered; `reason` is why it was no success. */
export interface Answered {
  status: number;
  headers: Record<string, string>;
  reason: string | null;
  /** The body, where it is JSON. */
  json: Record<string, unknown>;
}

/**
 * Asks a provider's half as the server does.
 * @param half of the provider
 * @param world of the half
 * @param given of the request; a POST without a body where nothing is said
 */
export function answerOf(
  half: SandboxHalf,
  world: SandboxWorld,
  given: Partial<Omit<SandboxRequest, 'body' | 'query'>> & { body?: string | Buffer },
): Answered {
  const { method = 'POST', path = '', search = '', headers = {}, body = '' } = given;
  const query = new URLSearchParams(search);
  const answer = half.answer({ method, path, search, query, headers, body: Buffer.from(body) }, world);
  assert.ok('status' in answer);
  if (answer.reason) assertReason(answer.reason);
  return {
    status: answer.status,
    headers: answer.headers ?? {},
    reason: answer.reason?.en ?? null,
    json: answer.body.startsWith('{') ? JSON.parse(answer.body) : {},
  };
}

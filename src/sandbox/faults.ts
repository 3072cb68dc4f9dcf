import type { SandboxAnswer } from '../contract/sandbox-half';

const FAULT = /sandbox-(?:http-(\d{3})|retry-after-(\d{1,6})|(timeout|reset|garbage))/;

/**
 * docs/contract.md, "Sandbox", the last two rows: what all providers can be made to do.
 * @param text a name, a sequence id or a URL
 */
export function faultIn(text: string): SandboxAnswer | null {
  const found = FAULT.exec(text);
  if (!found) return null;
  const [special, status, seconds, word] = found;
  const reason = { en: `Asked for by the special value ${special}.`, zh: `由特殊值 ${special} 指定。` };
  if (word === 'timeout' || word === 'reset') return { fault: word, reason };
  const headers = { 'Content-Type': 'text/html; charset=utf-8' };
  const body = '<!doctype html><title>sandbox</title><p>Not JSON.</p>';
  // A call that is refused until later has cost nothing.
  if (seconds)
    return { status: 429, headers: { ...headers, 'Retry-After': seconds }, body, reason, charged: false };
  return { status: status ? Number(status) : 200, headers, body, reason };
}

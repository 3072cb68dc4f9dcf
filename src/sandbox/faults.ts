import type { SandboxAnswer } from '../sandbox-half';

const FAULT = /sandbox-(?:http-(\d{3})|(timeout|reset|garbage))/;

/**
 * CONTRACT, "Sandbox", the last row: what all providers can be made to do.
 * @param text a name, a sequence id or a URL
 */
export function faultIn(text: string): SandboxAnswer | null {
  const found = FAULT.exec(text);
  if (!found) return null;
  const [, status, word] = found;
  if (word === 'timeout' || word === 'reset') return { fault: word };
  return {
    status: status ? Number(status) : 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>sandbox</title><p>Not JSON.</p>',
  };
}

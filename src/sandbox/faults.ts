import type { SandboxAnswer, SpecialValue } from '../contract/sandbox-half';

const FAULT = /sandbox-(?:http-(\d{3})|retry-after-(\d{1,6})|(timeout|reset|garbage))/;

export const FAULT_VALUES: readonly SpecialValue[] = [
  [
    'sandbox-http-503',
    'in a name, sequence_id or URL: that HTTP status',
    '姓名、流水号或地址中：该 HTTP 状态',
  ],
  ['sandbox-retry-after-30', '429 with Retry-After: 30; not charged', '429，带有 Retry-After: 30；不计费'],
  ['sandbox-timeout', 'no answer', '不响应'],
  ['sandbox-reset', 'a connection that breaks', '连接中断'],
  ['sandbox-garbage', 'an answer that is not JSON', '响应不是 JSON'],
];

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

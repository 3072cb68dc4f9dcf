/** What the desk says, for the reader of this browser. */
import problems from './problems.mjs';
import reasons from './reasons.mjs';
import words from './words.mjs';

/** Errors whose cause an administrator has to remove. */
const FOR_ADMINISTRATORS = ['CONFIG', 'AUTH', 'ACCOUNT', 'PROTOCOL'];

/**
 * @param language of the browser
 * @returns `say(key, values)`, and what to say of reasons, errors and times
 */
export function wordsFor(language) {
  const isChinese = language.toLowerCase().startsWith('zh');
  const of = (pair) => pair[isChinese ? 0 : 1];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  const say = (key, values = {}) => fill(of(words[key]), values);

  /** @param milliseconds */
  function time(milliseconds) {
    const seconds = Math.max(0, Math.round(milliseconds / 1000));
    return seconds < 60
      ? say('seconds', { n: seconds })
      : say('minutes', { m: Math.floor(seconds / 60), n: seconds % 60 });
  }

  function reason(name) {
    if (!name) return '';
    return reasons[name] ? of(reasons[name]) : name;
  }

  /** What happened. */
  function problem(error) {
    if (problems[error.problem]) return of(problems[error.problem]);
    return words[error.problem] ? say(error.problem) : of(problems.internal);
  }

  /** Such as an account is set to; '' where nobody knows it. */
  function environment(name) {
    return words[`environment-${name}`] ? say(`environment-${name}`) : '';
  }

  function cost({ charged, reused, isQuery }) {
    if (reused) return say('reused');
    if (isQuery || charged === false) return say('not-charged');
    return say(charged === true ? 'charged' : 'perhaps-charged');
  }

  /** Whether to try again: docs/contract.md, "Errors", `retryable` and `charged`. Never where `cost` says that it may be paid twice. */
  function next({ code, retryable, retryAfter, charged, isQuery }) {
    if (isQuery && retryable) return say('may-ask-again');
    if (!isQuery && charged !== false) return say('ask-before');
    if (retryable && retryAfter) return say('may-repeat-after', { time: time(retryAfter * 1000) });
    if (retryable) return say('may-repeat');
    if (FOR_ADMINISTRATORS.includes(code)) return say('ask-administrator');
    return code === 'INPUT' ? say('correct-and-repeat') : say('ask-administrator');
  }

  /** The texts of a name that has both languages: `中文 / English`. */
  const half = (name) => (name.includes(' / ') ? name.split(' / ')[isChinese ? 0 : 1] : name);
  /** @returns such as 2026-11-25 14:03, in Shanghai as the ledger has it, wherever the reader is */
  const date = (at) =>
    new Date(new Date(at).getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  /** @returns such as 11-25 14:03 */
  const clock = (at) => date(at).slice(5);
  return {
    isChinese,
    lang: isChinese ? 'zh-CN' : 'en',
    say,
    time,
    reason,
    problem,
    environment,
    cost,
    next,
    half,
    clock,
    date,
  };
}

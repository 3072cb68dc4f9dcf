/** An account's pairs of keys, as they are entered: docs/contract.md, "Account nodes", on rotation. */
import type { Account } from '../../contract/account';
import { VerifyError } from '../../contract/errors';
import { isWrappedCredential } from '../../input/credential';
import { requireVariable } from '../runner/settings';

/**
 * @param name of a credential: `groupKey`
 * @returns the name of its twin for rotation: `nextGroupKey`
 */
export function twinOf(name: string): string {
  return `next${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/**
 * @param names of the credentials of a pair
 * @param entered what the account has, by the names of credentials and of their twins
 * @returns the first pair, and the next one where it is entered and another; both by the provider's names
 * @throws VerifyError CONFIG that names what is missing or wrapped in something, or an environment variable that is not set
 */
export function readPairs(
  names: readonly string[],
  entered: Readonly<Record<string, string>>,
): Account['pairs'] {
  const enteredAs = (name: string) => String(entered[name] ?? '');
  const isMissing = (name: string) => enteredAs(name).trim() === '';
  const read = (isNext: boolean) =>
    Object.fromEntries(
      names.map((of) => {
        const name = isNext ? twinOf(of) : of;
        const value = enteredAs(name);
        requireVariable(value);
        if (isMissing(name))
          throw new VerifyError('CONFIG', isNext ? 'next-credential-missing' : 'credential-missing', {
            name,
          });
        if (isWrappedCredential(value)) throw new VerifyError('CONFIG', 'credential-wrapped', { name });
        return [of, value];
      }),
    );

  const first = read(false);
  if (names.every((name) => isMissing(twinOf(name)))) return [first];
  const next = read(true);
  return names.every((name) => first[name] === next[name]) ? [first] : [first, next];
}

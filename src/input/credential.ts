/** Keys as forms and environment variables bring them: docs/contract.md, "Account nodes". */

/** What nobody sees within a key, such as a byte order mark of the file that it was copied from. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u;
const OUTER_SPACE = /^\s|\s$/;
/** A docker `--env-file` keeps them, and so does a copy out of JSON or a chat. */
const QUOTED = /^(?:".*"|'.*'|`.*`|“.*”|‘.*’)$/s;

/**
 * @param value of a credential
 * @returns whether it has quotation marks, outer white space or invisible characters, which would make every signature wrong
 */
export function isWrappedCredential(value: string): boolean {
  return OUTER_SPACE.test(value) || UNSEEN.test(value) || QUOTED.test(value);
}

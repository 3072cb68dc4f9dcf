/** Names of files, as uploads bring them. */

const LONGEST = 255;
/** Control, zero-width and bidi characters, and what no text has. */
const UNSEEN = /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cs}\ufffd]/gu;

/**
 * A form's upload says its file's name in UTF-8, and busboy, which Node-RED has under `http in`, reads it as Latin-1:
 * which is only done where that is certainly what happened.
 * @param value as a message has it
 * @returns the name without folders, at most 255 characters; null where there is none
 */
export function readFileName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.slice(0, 4 * LONGEST);
  const bare = asUtf8(text).replace(UNSEEN, '').split(/[/\\]/).at(-1)!.trim();
  return bare === '' ? null : bare.slice(0, LONGEST);
}

function asUtf8(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** Of GBK the platform has only the way back: every pair of bytes is decoded once. */
const TRAILS = 190;

/** Of each character of two bytes: these, as one number. */
let pairs: ReadonlyMap<string, number> | undefined;

/**
 * @param text of any length
 * @returns its bytes in GBK, or null where that lacks one of its characters
 */
export function gbkOf(text: string): Buffer | null {
  pairs ??= readPairs();
  const bytes: number[] = [];
  for (const character of text) {
    const pair = pairs.get(character);
    if (character <= '\x7f') bytes.push(character.charCodeAt(0));
    else if (pair === undefined) return null;
    else bytes.push(pair >> 8, pair & 0xff);
  }
  return Buffer.from(bytes);
}

function readPairs(): ReadonlyMap<string, number> {
  const codes = Array.from({ length: 126 * TRAILS }, (_, index) => {
    // From 0x40 to 0xfe without 0x7f.
    const trail = 0x40 + (index % TRAILS);
    return ((0x81 + Math.floor(index / TRAILS)) << 8) | (trail < 0x7f ? trail : trail + 1);
  });
  const characters = new TextDecoder('gb18030').decode(
    Buffer.from(codes.flatMap((code) => [code >> 8, code & 0xff])),
  );
  return new Map(Array.from(characters, (character, index) => [character, codes[index]!]));
}

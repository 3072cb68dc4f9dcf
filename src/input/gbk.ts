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

/**
 * Characters that GBK and GB 18030-2000 had at private code points of Unicode, and which have a place of their own since.
 * Source: GB 18030-2022 (for most of them GB 18030-2005 already), the two-byte codes FE50 to FEA0; in the older standards
 * they were U+E815 to U+E864, in the same order. Compared with the tables of glibc and ICU.
 */
const FIRST = 0xe815;
const CHARACTERS = [
  ...'⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱',
  ...'䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻',
];
const PRIVATE = /[\ue815-\ue864]/g;

/**
 * @param text of an old system
 * @returns it with the characters that the standard has a place for; other private ones stay: only their system knows them
 */
export function withoutPrivateUse(text: string): string {
  return text.replace(PRIVATE, (character) => CHARACTERS[character.charCodeAt(0) - FIRST]!);
}

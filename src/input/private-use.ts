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

/**
 * The first sheet of what Excel and WPS save, read with nothing but what a browser has: an XLSX file is a ZIP file (APPNOTE 6.3) of
 * XML files (ECMA-376, part 1, chapter 18).
 */

/** Unpacked; a table of some hundred rows has a few hundred kilobytes. */
const MOST_BYTES = 64e6;
const ZIP = { file: 0x02014b50, end: 0x06054b50 };
/** A number keeps its first fifteen digits. */
const EXACT_DIGITS = 15;

/**
 * @param bytes of the file
 * @returns the cells of its first visible sheet as texts, in rows; a number that has lost digits is written as 1.1E+17
 * @throws where it is no such file, or the browser is older than 2023 and cannot unpack it
 */
export async function readSheet(bytes) {
  const { parts, read } = unzip(bytes);
  const [relations, workbook] = await Promise.all(
    ['xl/_rels/workbook.xml.rels', 'xl/workbook.xml'].map(async (path) => xmlOf(await read(path))),
  );
  const sheet = all(workbook, 'sheet').find((each) => !each.getAttribute('state')?.includes('idden'));
  const id = [...sheet.attributes].find(({ prefix, localName }) => prefix && localName === 'id').value;
  const target = all(relations, 'Relationship')
    .find((each) => each.getAttribute('Id') === id)
    .getAttribute('Target');
  const shared = parts.has('xl/sharedStrings.xml') ? xmlOf(await read('xl/sharedStrings.xml')) : null;
  const strings = shared ? all(shared, 'si').map(textOf) : [];
  const cells = xmlOf(await read(target.startsWith('/') ? target.slice(1) : `xl/${target}`));
  return all(cells, 'row').map((row) => rowOf(row, strings));
}

/** An empty cell may be left out. */
function rowOf(row, strings) {
  const texts = [];
  for (const cell of all(row, 'c')) {
    const [letters] = /^[A-Z]{1,3}/.exec(cell.getAttribute('r') ?? '') ?? [];
    const column = letters
      ? [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1
      : texts.length;
    texts[column] = cellOf(cell, strings);
  }
  return Array.from(texts, (text) => text ?? '');
}

function cellOf(cell, strings) {
  const type = cell.getAttribute('t') ?? 'n';
  if (type === 'inlineStr') return textOf(cell);
  const value = all(cell, 'v')[0]?.textContent ?? '';
  if (type === 's') return strings[Number(value)] ?? '';
  const isRounded = type === 'n' && Math.abs(Number(value)) >= 10 ** EXACT_DIGITS;
  return isRounded ? Number(value).toExponential().toUpperCase() : value;
}

/** Without the readings (`rPh`) that East Asian texts may have. */
function textOf(element) {
  return all(element, 't')
    .filter(({ parentNode }) => parentNode.localName !== 'rPh')
    .map(({ textContent }) => textContent)
    .join('');
}

function all(node, name) {
  return [...node.getElementsByTagNameNS('*', name)];
}

function xmlOf(text) {
  return new DOMParser().parseFromString(text, 'application/xml');
}

/** @returns `parts` by path, and `read(path)`, which unpacks one of them */
function unzip(bytes) {
  const view = new DataView(bytes);
  let end = bytes.byteLength - 22;
  while (view.getUint32(end, true) !== ZIP.end) end--;
  const parts = new Map();
  for (let at = view.getUint32(end + 16, true); view.getUint32(at, true) === ZIP.file; ) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(bytes, at + 46, nameLength));
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = new Uint8Array(bytes, begin, view.getUint32(at + 20, true));
    parts.set(name, { packed, isStored: view.getUint16(at + 10, true) === 0 });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  let left = MOST_BYTES;
  async function read(path) {
    const { packed, isStored } = parts.get(path);
    const stream = new Blob([packed]).stream();
    const unpacked = isStored ? stream : stream.pipeThrough(new DecompressionStream('deflate-raw'));
    const decoder = new TextDecoder();
    let text = '';
    for (const reader = unpacked.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      left -= value.length;
      if (left < 0) throw new Error('The table is too large.');
      text += decoder.decode(value, { stream: true });
    }
  }
  return { parts, read };
}

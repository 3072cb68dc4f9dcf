/**
 * A workbook with one sheet, as Excel, WPS and LibreOffice open it without a warning: ECMA-376, part 1, in a ZIP without
 * compression (APPNOTE.TXT of PKWARE, 4.3).
 * @param rows of texts and numbers, the first one the heads
 * @returns its bytes
 */
export function xlsx(rows) {
  const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const inPackage = 'http://schemas.openxmlformats.org/package/2006';
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const related = (what, target) =>
    `${xml}<Relationships xmlns="${inPackage}/relationships"><Relationship Id="r" Type="${relations}/${what}" Target="${target}"/></Relationships>`;
  const parts = {
    '[Content_Types].xml': `${xml}<Types xmlns="${inPackage}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet.xml" ContentType="${type}.worksheet+xml"/></Types>`,
    '_rels/.rels': related('officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': `${xml}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="1" sheetId="1" r:id="r"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': related('worksheet', 'worksheets/sheet.xml'),
    'xl/worksheets/sheet.xml': `${xml}<worksheet xmlns="${main}"><sheetData>${rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`,
  };
  return zip(Object.entries(parts));
}

function cell(value) {
  if (typeof value === 'number' && Number.isFinite(value)) return `<c><v>${value}</v></c>`;
  return `<c t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
}

/** What XML 1.0 cannot hold is left out. */
function escaped(value) {
  const names = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return String(value ?? '')
    .replace(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"]/g, (character) => `&${names[character]};`);
}

function zip(files) {
  const encoder = new TextEncoder();
  const [pieces, directory] = [[], []];
  let offset = 0;
  for (const [path, text] of files) {
    const [name, data] = [encoder.encode(path), encoder.encode(text)];
    // Version 2.0, names in UTF-8, stored, 1 January 1980, sizes twice as nothing is compressed.
    const common = [20, 2, 0x0800, 2, 0, 2, 0, 2, 33, 2, crc32(data), 4, data.length, 4, data.length, 4];
    const local = record(0x04034b50, [...common, name.length, 2, 0, 2]);
    directory.push(
      record(0x02014b50, [20, 2, ...common, name.length, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 4, offset, 4]),
      name,
    );
    pieces.push(local, name, data);
    offset += local.length + name.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = record(0x06054b50, [0, 2, 0, 2, files.length, 2, files.length, 2, size, 4, offset, 4, 0, 2]);
  return joined([...pieces, ...directory, end]);
}

/** Little-endian numbers, each followed by how many bytes it takes. */
function record(signature, fields) {
  const bytes = [];
  const all = [signature, 4, ...fields];
  for (let at = 0; at < all.length; at += 2)
    for (let byte = 0; byte < all[at + 1]; byte++) bytes.push((all[at] >>> (8 * byte)) & 255);
  return Uint8Array.from(bytes);
}

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

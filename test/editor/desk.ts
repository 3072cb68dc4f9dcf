/** The operator's page as those who work with it see it: in a browser of their own, on a phone or at a desk. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import type { Sandbox } from '../../src/sandbox/server';
import { type Demo, ROOT } from '../demo-process';
import { type ExampleNode, example } from '../example-flows';
import { browser, keepPicture } from './browser';

export const FLOW = example('operator-page');

/** The specimen of GB 11643-1999, and the same with a wrong check digit. */
export const ID_NUMBER = '11010519491231002X';
export const WRONG_ID_NUMBER = '110105194912310021';
export const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==',
  'base64',
);
/** Where photos lie that a provider other than the sandbox's own account could reach: the browser answers for it. */
export const ELSEWHERE = 'https://photos.example';
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } } as const;

export type Locale = 'zh-CN' | 'en-US';
export type Size = keyof typeof SIZES;

/** What the page says, by the name of the word. */
const WORDS = require(join(ROOT, 'src/operator-page/words.mjs')).default as Record<string, [string, string]>;
export function word(locale: Locale, key: string, values: Record<string, string | number> = {}): string {
  const text = WORDS[key]![locale === 'zh-CN' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** One browser, and what its pages complained of. */
export class Operator {
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly demo: Demo,
    readonly locale: Locale,
    readonly size: Size,
  ) {}

  /** Opens a page in a browser of its own, as another operator has. */
  static async open(demo: Demo, path: string, locale: Locale, size: Size): Promise<Operator> {
    const hasTouch = size === 'phone';
    const context = await (await browser()).newContext({ locale, viewport: SIZES[size], hasTouch });
    await context.route(`${ELSEWHERE}/**`, (route) =>
      route.fulfill({ contentType: 'image/png', body: PHOTO }),
    );
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const operator = new Operator(page, demo, locale, size);
    page.on('pageerror', (error) => operator.complaints.push(String(error)));
    page.on('console', (message) => {
      const { url } = message.location();
      // The photo that is not there is one on purpose.
      if (['error', 'warning'].includes(message.type()) && !url.includes('missing'))
        operator.complaints.push(`${message.text()} ${url}`);
    });
    page.on('request', (request) => {
      const { hostname, protocol, origin } = new URL(request.url());
      if (origin === ELSEWHERE) return;
      if (/^(http|ws)/.test(protocol) && hostname !== '127.0.0.1') operator.complaints.push(request.url());
    });
    await operator.visit(path);
    return operator;
  }

  /** Comes from elsewhere; `choose` is the page's own menu. */
  async visit(path: string): Promise<void> {
    await this.page.goto(`${this.demo.address}/dashboard${path}`);
    await this.ready();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  private async ready(): Promise<void> {
    await this.page.locator('.cnv-new, .cnv-month').first().waitFor();
  }

  /** Goes to another page by the menu of the dashboard. */
  async choose(kind: 'kind-photos' | 'kind-person' | 'history'): Promise<void> {
    const name = kind === 'history' ? { 'zh-CN': '历史', 'en-US': 'History' }[this.locale] : this.word(kind);
    const entry = this.page.locator('.v-navigation-drawer .v-list-item', { hasText: name });
    if (!(await this.page.locator('.v-navigation-drawer--active').isVisible()))
      await this.page.getByRole('button', { name: this.word('menu') }).click();
    await entry.click();
    await this.ready();
  }

  word(key: string, values?: Record<string, string | number>): string {
    return word(this.locale, key, values);
  }

  /** Unfolds the form, which folds away once a check runs. */
  async openForm(): Promise<void> {
    const form = this.page.locator('.cnv-new').first();
    if ((await form.getAttribute('open')) === null) await form.locator('summary').click();
    await form.locator('form').waitFor();
  }

  async fillPhotos(addresses: string): Promise<void> {
    await this.openForm();
    await this.page.fill('.cnv textarea', addresses);
  }

  async fillPerson(name: string, idNumber: string, photo = PHOTO): Promise<void> {
    await this.openForm();
    await this.page.setInputFiles('input[type=file]', {
      name: 'face.png',
      mimeType: 'image/png',
      buffer: photo,
    });
    await this.page.locator('.cnv-photo img').waitFor();
    await this.page.getByLabel(this.word('name'), { exact: true }).fill(name);
    await this.page.getByLabel(this.word('id-number'), { exact: true }).fill(idNumber);
  }

  /** Presses the button; gives the id of the job that this begins. */
  async submit(): Promise<string> {
    const before = await this.shown();
    await this.page.click('.cnv button[type=submit]');
    await this.page.waitForFunction(
      `(document.querySelector('.cnv-job')?.dataset.job ?? null) !== ${JSON.stringify(before)}`,
    );
    return (await this.shown())!;
  }

  /** Id of the job that is shown. */
  shown(): Promise<string | null> {
    return this.page.evaluate(`document.querySelector('.cnv-job')?.dataset.job ?? null`);
  }

  /** Reads the card of a person: its outcome by class, its head, and its rows. */
  async card() {
    const card = this.page.locator('.cnv-card');
    await card.waitFor();
    const rows = await card.locator('dl > div').evaluateAll((all) => {
      return all.map((row) => [...row.children].map((each) => each.textContent) as [string, string]);
    });
    return {
      outcome: /cnv-(?!card)(\w+)/.exec((await card.getAttribute('class'))!)![1],
      head: (await card.locator('h2').textContent())!.trim(),
      rows: new Map(rows),
      text: (await card.textContent())!,
    };
  }

  /** Waits until a job of photos is over. */
  async finished(total: number): Promise<void> {
    const text = this.word('progress', { done: total, total });
    await this.page.locator('.cnv-progress-text', { hasText: text }).waitFor({ timeout: 60_000 });
    await this.page.locator('.cnv-progress').waitFor({ state: 'detached' });
  }

  /** The rows of photos as they stand: outcome or state of each, and its text. */
  rows(): Promise<[outcome: string, text: string][]> {
    return this.page.locator('.cnv-row').evaluateAll((rows) => {
      return rows.map((row) => [row.getAttribute('data-outcome')!, row.textContent!]);
    });
  }

  picture(name: string): Promise<void> {
    return keepPicture(this.page, `${this.locale}-${this.size}-${name}`, true);
  }

  async close(): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.complaints, []);
  }
}

/** Lets the accounts of the page pay another sandbox, which counts. */
export async function payTo(
  demo: Demo,
  sandbox: Sandbox,
  changes: Record<string, object> = {},
): Promise<void> {
  await change(demo, (node) => {
    const provider = /^(xhey|tencent-market)-account$/.exec(node.type)?.[1];
    if (!provider || !FLOW.some(({ id }) => id === node.id)) return changes[node.type];
    const { baseUrl, credentials, settings } = sandbox.accounts[provider]!;
    return { environment: 'custom', baseUrl, credentials, ...settings };
  });
}

/** Deploys the flows of a demo with other settings in some of the page's nodes. */
export async function change(demo: Demo, by: (node: ExampleNode) => object | undefined): Promise<void> {
  const flows = (await (await fetch(`${demo.address}/flows`)).json()) as ExampleNode[];
  for (const node of flows) if (FLOW.some(({ id }) => id === node.id)) Object.assign(node, by(node));
  const { status } = await fetch(`${demo.address}/flows`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' },
    body: JSON.stringify(flows),
  });
  assert.equal(status, 204);
}

/** Photos on loopback, where only the sandbox's own account may have them. */
export async function servePhotos(): Promise<{ address: string; close(): void }> {
  const server = createServer(({ url }, response) => {
    if (url!.includes('missing')) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': 'image/png' }).end(PHOTO);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** A photo as large as a phone's, of noise, so that it does not become small by itself. */
export function bitmap(width: number, height: number): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(54);
  // Each line of a BMP takes a multiple of four bytes.
  const file = Buffer.alloc(54 + Math.ceil((width * 3) / 4) * 4 * height);
  header.write('BM');
  header.writeUInt32LE(file.length, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  for (let at = 54; at < file.length; at++) file[at] = ((at * at) >> 7) & 255;
  header.copy(file);
  return file;
}

/**
 * A table as Excel saves it: texts are kept once for the whole file, empty cells are left out, and a hidden sheet stands first.
 * @param rows of cells; a number is kept as a number
 */
export function workbook(rows: (string | number)[][]): Buffer<ArrayBuffer> {
  const strings = [...new Set(rows.flat().filter((cell) => typeof cell === 'string'))];
  const cellOf = (cell: string | number, name: string) => {
    if (cell === '') return '';
    const isText = typeof cell === 'string';
    return `<c r="${name}"${isText ? ' t="s"' : ''}><v>${isText ? strings.indexOf(cell) : cell}</v></c>`;
  };
  const lines = rows.map((cells, row) => {
    const all = cells.map((cell, at) => cellOf(cell, `${'ABCDEFG'[at]}${row + 1}`));
    return `<row r="${row + 1}">${all.join('')}</row>`;
  });
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const texts = strings.map(
    (text) => `<si><r><t>${text.slice(0, 1)}</t></r><r><t>${text.slice(1)}</t></r><rPh><t>读</t></rPh></si>`,
  );
  return zip({
    'xl/workbook.xml': `<workbook ${main} xmlns:r="${office}"><sheets><sheet name="1" state="hidden" r:id="rId1"/><sheet name="2" r:id="rId2"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${office}/worksheet" Target="/xl/worksheets/sheet2.xml"/></Relationships>`,
    'xl/sharedStrings.xml': `<sst ${main}>${texts.join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet ${main}><sheetData/></worksheet>`,
    'xl/worksheets/sheet2.xml': `<worksheet ${main}><sheetData>${lines.join('')}</sheetData></worksheet>`,
  });
}

/** APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16. */
function zip(files: Record<string, string>): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  for (const [path, text] of Object.entries(files)) {
    const name = Buffer.from(path);
    const content = Buffer.from(text);
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const at = Buffer.concat(parts).length;
    parts.push(Buffer.from('PK\x03\x04'), common, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    entries.push(Buffer.from('PK\x01\x02\x14\0'), common, rest, name);
  }
  const [body, directory] = [Buffer.concat(parts), Buffer.concat(entries)];
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(body.length, 16);
  return Buffer.concat([body, directory, end]);
}

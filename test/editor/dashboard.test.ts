/** The operator's page of the demo in a real Chromium: both languages, on a phone and at a desk, from three photos to three hundred. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { type Demo, startDemo } from '../demo-process';
import {
  bitmap,
  ID_NUMBER,
  type Locale,
  Operator,
  PHOTO,
  type Size,
  servePhotos,
  WRONG_ID_NUMBER,
  workbook,
} from './desk';

const AXE = require.resolve('axe-core/axe.min.js');

/** What the sandbox says of each photo it passes. */
const TAKEN = '2025-07-28 15:01';
/** Nothing that a provider, a file or a person is called is a word of the page. */
const DATA = [
  /https?:\/\/\S+/g,
  /\d+\. [\w-]+\.png/g,
  /[\w-]+\.png/g,
  /四川省\S*/g,
  /沙箱[\d.]+|张[三*]/g,
  /\d{8}-\d{6}-[0-9a-f]+/g,
  /[0-9a-f]{8}-[0-9a-f-]{27}/g,
  /\d{11,}X?|\(\d*[\dX]\)/g,
  /\b(?:INPUT|CSV|Excel|WPS|XLSX|GCJ-02|JPG|PNG)\b/g,
];

/** Who reads in one language what a server says in the other. */
const READERS: readonly [locale: Locale, size: Size, server: string][] = [
  ['zh-CN', 'phone', 'en_US.UTF-8'],
  ['en-US', 'desktop', 'zh_CN.UTF-8'],
];

const SERVERS = ['en_US.UTF-8', 'zh_CN.UTF-8'] as const;

const demos = new Map<string, Demo>();
let photoServer: Awaited<ReturnType<typeof servePhotos>>;
let photos: string;

before(async () => {
  for (const server of SERVERS) demos.set(server, await startDemo({ LANG: server }));
  photoServer = await servePhotos();
  photos = photoServer.address;
});

after(async () => {
  for (const demo of demos.values()) await demo.stop();
  photoServer?.close();
});

for (const [locale, size, server] of READERS) {
  describe(`the operator's page in ${locale} on a ${size}, of a server with ${server}`, () => {
    let operator: Operator;

    before(async () => {
      operator = await Operator.open(demos.get(server)!, '/person', locale, size);
    });

    after(() => operator.close());

    it('shows a person who passed, failed, or cannot be judged, and an error', async () => {
      const { page } = operator;
      for (const [name, idNumber, outcome, holds] of [
        ['张三', ID_NUMBER, 'passed', [/0\.82/]],
        ['沙箱101', ID_NUMBER, 'failed', [/姓名与身份证号不一致|do not match/]],
        ['沙箱0.42', ID_NUMBER, 'inconclusive', [/0\.42/]],
        ['张*', ID_NUMBER, 'error', [/星号|asterisks/, /未计费|Not charged/, /更正后|Correct it/]],
      ] as const) {
        await operator.fillPerson(name, idNumber);
        await operator.submit();
        const card = await operator.card();
        assert.deepEqual([card.outcome, card.head], [outcome, operator.word(outcome)]);
        for (const each of holds) assert.match(card.text, each);
        assert.equal(card.rows.get(operator.word('person')), `${name} (${idNumber.slice(-4)})`);
        await whole(operator);
        await operator.picture(`person-${outcome}`);
      }
      await page.locator('.cnv-recent li').nth(3).waitFor();
      const checked = await page.locator('.cnv-recent li').count();
      // It is said while it can still be corrected for nothing, and nothing is sent.
      for (const press of [
        () => page.keyboard.press('Enter'),
        () => page.click('.cnv button[type=submit]'),
      ]) {
        await operator.fillPerson('张三', ID_NUMBER);
        const wrong = page.locator('.cnv-wrong', { hasText: /校验码|check digit/ });
        await wrong.waitFor({ state: 'detached' });
        await page.getByLabel(operator.word('id-number'), { exact: true }).fill(WRONG_ID_NUMBER);
        await press();
        await wrong.waitFor();
      }
      assert.equal(await page.locator('.cnv-recent li').count(), checked);
      assert.ok(await page.locator('.cnv-job .cnv-card.cnv-error').isVisible());
    });

    it('says what is missing before the button works', async () => {
      const { page } = operator;
      await page.getByText(operator.word('next-person')).click();
      const missing = page.locator('.cnv-missing');
      const button = page.locator('.cnv button[type=submit]');
      for (const [field, key] of [
        ['name', 'name'],
        ['id-number', 'id-number'],
      ] as const) {
        assert.ok(await button.isDisabled());
        assert.ok((await missing.textContent())!.includes(operator.word(key)));
        await page.getByLabel(operator.word(field), { exact: true }).fill('x');
        assert.ok(!(await missing.textContent())!.includes(operator.word(key)));
      }
      assert.ok((await missing.textContent())!.includes(operator.word('face')));
      await operator.choose('kind-photos');
      assert.equal(await missing.textContent(), operator.word('needs-photos'));
      await operator.fillPhotos(`${photos}/a.png\njavascript:alert(1)`);
      assert.match((await missing.textContent())!, /\b2\b|第 2 行/);
      assert.ok(await button.isDisabled());
      await operator.fillPhotos(Array.from({ length: 301 }, (_, at) => `${photos}/${at}.png`).join('\n'));
      assert.equal(await missing.textContent(), operator.word('too-many', { most: 300, n: 301 }));
      await operator.fillPhotos('');
    });

    it('shows photos, failures first, with file name, reason, thumbnail and map', async () => {
      const { page } = operator;
      const paths = ['/site/a.png', '/sandbox/-2305/b.png', '/sandbox/-2306/missing.png'];
      await operator.fillPhotos(paths.map((path) => photos + path).join('\n'));
      await operator.submit();
      await operator.finished(3);
      const rows = await operator.rows();
      assert.deepEqual(
        rows.map(([outcome]) => outcome),
        ['failed', 'inconclusive', 'passed'],
      );
      for (const [index, [verdict, name, why]] of [
        ['failed', '2. b.png', /今日水印相机|watermark camera/],
        ['inconclusive', '3. missing.png', /打不开|cannot be opened/],
        ['passed', '1. a.png', /2025/],
      ].entries() as IterableIterator<[number, [string, string, RegExp]]>) {
        const text = rows[index]![1];
        assert.ok(text.includes(operator.word(verdict)) && text.includes(name), text);
        assert.match(text, why);
        assert.ok(text.includes(TAKEN));
      }
      const map = page.locator('.cnv-map').first();
      const { searchParams } = new URL((await map.getAttribute('href'))!);
      assert.equal(searchParams.get('position'), '104.070011,30.539732');
      await page.waitForFunction(`document.querySelector('.cnv-row img')?.naturalWidth === 1`);
      await page.locator('.cnv-row').nth(1).locator('.cnv-thumbnail i').waitFor();
      await page.locator('.cnv-filter.cnv-failed').click();
      assert.equal((await operator.rows()).length, 1);
      assert.equal(await page.locator('.cnv-filter.cnv-failed').getAttribute('aria-pressed'), 'true');
      await page.locator('.cnv-filter.cnv-all').click();
      await whole(operator);
      await operator.picture('photos');
    });

    it('shows what was spent by day, without persons', async () => {
      await operator.choose('history');
      const row = operator.page.locator('.cnv-sums tbody tr', { hasText: operator.word('kind-person') });
      await row.first().waitFor();
      const cells = await row.first().locator('td').allTextContents();
      assert.ok(Number(cells[1]) >= 3, String(cells));
      await whole(operator);
      await operator.picture('history');
    });

    it('finds a check again by day, verdict and file, opens it by its link, and prints it', async () => {
      const { page } = operator;
      const search = page.locator('.cnv-search');
      await search.locator('input[type=search]').fill('b.png');
      await search.locator('select').selectOption('failed');
      await search
        .locator('input[type=date]')
        .fill(new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10));
      await search.getByRole('button').click();
      const link = page.locator('.cnv-found a').first();
      const address = String(await link.evaluate((each) => (each as unknown as { href: string }).href));
      await link.click();
      await operator.finished(3);
      const { pathname, hash } = new URL(address);
      const path = pathname.replace('/dashboard', '') + hash;
      const second = await Operator.open(operator.demo, path, locale, size);
      await second.finished(3);
      await second.page.emulateMedia({ media: 'print' });
      for (const hidden of ['.cnv-new', '.cnv-recent', '.cnv-bar', '.v-app-bar'])
        assert.ok(!(await second.page.locator(hidden).first().isVisible()), hidden);
      const made = second.page.locator('.cnv-made-up', { hasText: operator.word('sandbox') });
      assert.ok(await made.isVisible());
      // Nothing is left of the room for the bar and the menu.
      const { x, y } = (await second.page.locator('.cnv').boundingBox())!;
      assert.ok(x < 48 && y < 48, `${x}, ${y}`);
      const printed = (await second.page.locator('.cnv-row').first().textContent())!;
      assert.match(printed, /\d{8}-\d{6}-[0-9a-f]+/);
      assert.match(printed, /https:\/\/uri\.amap\.com/);
      await second.picture('print');
      await second.close();
    });
  });
}

for (const [locale, size, server] of [
  ['en-US', 'phone', 'zh_CN.UTF-8'],
  ['zh-CN', 'desktop', 'en_US.UTF-8'],
] as const)
  describe(`the operator's page in ${locale} on a ${size}`, () => {
    it('shows what was checked on another screen, and fits', async () => {
      const operator = await Operator.open(demos.get(server)!, '/person', locale, size);
      for (const outcome of ['error', 'inconclusive', 'failed', 'passed']) {
        await operator.page.locator(`.cnv-recent li:has(.cnv-${outcome}) a`).first().click();
        await operator.page.locator(`.cnv-card.cnv-${outcome}`).waitFor();
        await operator.picture(`person-${outcome}`);
      }
      await operator.openForm();
      await whole(operator);
      await operator.choose('kind-photos');
      await operator.page.locator('.cnv-recent a').first().click();
      await operator.finished(3);
      await whole(operator);
      await operator.picture('photos');
      await operator.choose('history');
      await operator.page.locator('.cnv-sums tbody tr').first().waitFor();
      await whole(operator);
      await operator.picture('history');
      await operator.close();
    });
  });

interface Given {
  name: string;
  mimeType?: string;
  buffer: Buffer;
}

/** Gives the page a file as a person does who pastes it, or drops it there; `text` stands beside it in the clipboard. */
async function give(page: Page, how: 'paste' | 'drop', { name, mimeType = '', buffer }: Given, text = '') {
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${JSON.stringify([...buffer])})], '${name}', { type: '${mimeType}' }));
    if (${JSON.stringify(text)}) data.setData('text/plain', ${JSON.stringify(text)});
    if ('${how}' === 'paste') dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }));
    else document.querySelector('.cnv').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  })()`);
}

/** As Excel saved it before 2007. */
const XLS = { name: 'old.xls', buffer: Buffer.from('d0cf11e0a1b11ae1', 'hex') };

/** What is not ours to mend: the dashboard's menu and its tooltips. */
const NOT_OURS = ['.v-tooltip', '.v-navigation-drawer'];

async function accessible(page: Page): Promise<void> {
  if (!(await page.evaluate('typeof axe === "object"'))) await page.addScriptTag({ path: AXE });
  const found =
    await page.evaluate(`axe.run({ exclude: ${JSON.stringify(NOT_OURS)} }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html)))`);
  assert.deepEqual(found, []);
}

/** Banner, language, names, size: of everything that is to be seen at this moment. */
async function whole({ page, locale, size, word }: Operator): Promise<void> {
  assert.equal(await page.evaluate('document.documentElement.lang'), locale === 'zh-CN' ? 'zh-CN' : 'en');
  await page.locator('.cnv-banner').waitFor();
  assert.match(
    String(await page.evaluate(`getComputedStyle(document.querySelector('.cnv-banner')).backgroundImage`)),
    /repeating-linear-gradient/,
  );
  const seen = (await page.evaluate(`[
    document.title, document.body.innerText,
    ...[...document.querySelectorAll('body *')].flatMap((each) =>
      ['aria-label', 'title', 'placeholder', 'alt'].map((name) => each.getAttribute(name) ?? ''))
  ].join('\\n')`)) as string;
  const own = DATA.reduce((text, data) => text.replace(data, ' '), seen);
  assert.doesNotMatch(own, locale === 'zh-CN' ? /.*[A-Za-z]{2,}.*/ : /.*\p{Script=Han}.*/u);

  const controls = (await page.evaluate(`
    [...document.querySelectorAll('button, a, label.cnv-button, textarea, select, input:not(.d-sr-only)')]
      .filter((each) => each.closest('.cnv, .v-app-bar') && each.offsetParent !== null)
      .map((each) => {
        const { width, height } = each.getBoundingClientRect();
        const name = each.getAttribute('aria-label') || each.labels?.[0]?.textContent || each.textContent;
        return { html: each.outerHTML.slice(0, 120), name: name.trim(), width, height };
      })`)) as { html: string; name: string; width: number; height: number }[];
  assert.ok(controls.length >= 2);
  for (const { html, name, width, height } of controls) {
    assert.notEqual(name, '', html);
    assert.ok(width >= 47.5 && height >= 47.5, `${width} x ${height}: ${html}`);
  }
  await accessible(page);
  const overflow = await page.evaluate(`document.documentElement.scrollWidth - innerWidth`);
  assert.ok(Number(overflow) <= 0, `${size} scrolls ${overflow} px sideways ${word}`);
}

describe("the operator's page with photos in hand", () => {
  const file = (name: string, buffer = PHOTO) => ({ name, mimeType: 'image/png', buffer });

  it('takes photos that are chosen, pasted and dropped, beside addresses; another device sees them', async () => {
    const demo = demos.get('zh_CN.UTF-8')!;
    const operator = await Operator.open(demo, '/photos', 'zh-CN', 'phone');
    const { page } = operator;
    // The phone's own camera makes no photo that can pass.
    assert.equal(await page.locator('input[capture]').count(), 0);
    assert.match((await page.locator('.cnv-form').textContent())!, /今日水印相机/);
    const choose = page.locator('input[type=file]').first();
    await operator.fillPhotos(`${photos}/sandbox/-2301/first.png`);
    // Each another photo: what is the same is submitted once.
    const bytes = (at: number) => bitmap(8 + at, 4);
    const names = Array.from({ length: 20 }, (_, at) => `现场${at}.png`);
    const [pasted, dropped, ...chosen] = names.map((name, at) => file(name, bytes(at)));
    await choose.setInputFiles([...chosen, file('不要.png', bytes(30))]);
    await give(page, 'paste', pasted!);
    await give(page, 'drop', dropped!);
    await page.getByRole('button', { name: operator.word('remove', { name: '不要.png' }) }).click();
    await page.getByText(operator.word('chosen', { n: 20 })).waitFor();
    await operator.submit();
    await operator.finished(21);
    const rows = await operator.rows();
    assert.deepEqual(
      rows.map(([outcome]) => outcome),
      ['failed', ...names.map(() => 'passed')],
    );
    assert.ok(rows[20]![1].includes(names[1]!));
    await page.locator('.cnv-row').nth(1).locator('img').waitFor();
    await operator.picture('photos-in-hand');
    // The same photo under another name, beside a new one: it says so before that is paid for again.
    await operator.openForm();
    await choose.setInputFiles([{ ...chosen[0]!, name: '又一张.png' }, file('新.png', bytes(31))]);
    const before = await operator.shown();
    await page.click('.cnv button[type=submit]');
    await page.getByText(operator.word('checked-before', { n: 1 })).waitFor();
    assert.equal(await operator.shown(), before);
    await operator.submit();
    await operator.finished(2);

    const second = await Operator.open(demo, '/photos', 'en-US', 'desktop');
    await second.page.locator('.cnv-recent a').nth(1).click();
    await second.finished(21);
    // The example's public address is that of a usual Node-RED: the page asks the server that it comes from.
    await second.page.waitForFunction(`document.querySelectorAll('.cnv-row img')[1]?.naturalWidth >= 8`);
    for (const each of [operator, second]) await each.close();
  });

  it('reads addresses from a table that Excel saved, and says what the check costs', async () => {
    const operator = await Operator.open(demos.get('zh_CN.UTF-8')!, '/photos', 'en-US', 'desktop');
    const { page } = operator;
    const table = Buffer.concat([
      Buffer.from([0xb5, 0xd8, 0xd6, 0xb7, 0x2c]),
      Buffer.from(`no\r\n${photos}/a.png,1\r\n${photos}/b.png,2`),
    ]);
    const buffer = { name: 'photos.csv', mimeType: 'text/csv', buffer: table };
    await page.locator('input[type=file]').nth(1).setInputFiles(buffer);
    await page.waitForFunction(`document.querySelector('.cnv textarea').value.split('\\n').length === 3`);
    await page.evaluate('verifyDesk.state.prices.photos = 1.5');
    const price = operator.word('check-n-price', { n: 2, price: '1.5' });
    await page.getByRole('button', { name: price }).waitFor();
    // Cells that are copied from a spreadsheet.
    await operator.fillPhotos(`site\taddress\nnorth\t${photos}/c.png\tdone`);
    const one = operator.word('check-n-price', { n: 1, price: '1.5' });
    await page.getByRole('button', { name: one }).waitFor();
    await operator.fillPhotos('');
    // A spreadsheet puts a picture of the cells into the clipboard beside them.
    await give(page, 'paste', file('cells.png'), `north\t${photos}/d.png\t1`);
    await page.getByRole('button', { name: one }).waitFor();
    assert.equal(await page.locator('.cnv-chosen').count(), 0);
    const sheet = workbook([
      ['site', 'address'],
      ['north', `${photos}/e.png`],
      ['', `${photos}/f.png`],
    ]);
    await give(page, 'drop', { name: 'photos.xlsx', buffer: sheet });
    await page
      .getByRole('button', { name: operator.word('check-n-price', { n: 3, price: '1.5' }) })
      .waitFor();
    // A sheet's only column, with its heading and an empty cell.
    await operator.fillPhotos(`photo\n${photos}/g.png\n\n${photos}/h.png`);
    await page.getByText(operator.word('rows-skipped', { n: 1, lines: 3 })).waitFor();
    await page.evaluate('verifyDesk.state.prices.photos = 0');
    await page.getByRole('button', { name: operator.word('check-n', { n: 2 }), exact: true }).waitFor();
    await operator.submit();
    await operator.finished(2);
    const titles = await page.locator('.cnv-row-name').allTextContents();
    assert.deepEqual(titles, ['2. g.png', '4. h.png']);
    await operator.openForm();
    for (const [given, said] of [
      [XLS, 'table-unreadable'],
      [{ name: 'cut.xlsx', buffer: sheet.subarray(0, 300) }, 'table-unreadable'],
      [{ name: 'none.csv', buffer: Buffer.from('a,b') }, 'table-no-addresses'],
    ] as const) {
      await give(page, 'drop', given);
      await page.locator('.cnv-form .cnv-notice', { hasText: operator.word(said) }).waitFor();
    }
    await operator.close();
  });

  it('checks the persons of a table, each with the photo that is named after the row', async () => {
    const operator = await Operator.open(demos.get('zh_CN.UTF-8')!, '/person', 'zh-CN', 'desktop');
    const { page } = operator;
    await give(page, 'drop', XLS);
    await page.locator('.cnv-many .cnv-notice', { hasText: operator.word('table-unreadable') }).waitFor();
    const [table, faces] = await page.locator('.cnv-many input[type=file]').all();
    const buffer = workbook([
      ['部门', '银行卡号', '身份证号', '姓名', '照片'],
      ['工程部', '6222021234567890123', ID_NUMBER, '张三', '一.png'],
      ['工程部', '', ID_NUMBER, '沙箱101', ''],
      ['', '', WRONG_ID_NUMBER, '李四', ''],
      ['', '', ID_NUMBER, '王五', ''],
      // Excel took it for a number.
      ['', '', Number(WRONG_ID_NUMBER), '赵六', ''],
      ['', '', '', '钱七', ''],
    ]);
    await table!.setInputFiles({ name: 'persons.xlsx', mimeType: '', buffer });
    await page.locator('.cnv-persons tr').nth(5).waitFor();
    assert.equal(await page.locator('.cnv-many .cnv-notice').count(), 0);
    await faces!.setInputFiles([file('一.png'), file('沙箱101.png')]);
    await page.getByRole('button', { name: operator.word('check-persons', { n: 2 }) }).click();
    for (const [at, [outcome, name, why]] of [
      ['passed', '张三', ''],
      ['failed', '沙箱101', ''],
      ['error', '李四', '校验码'],
      ['other', '王五', ''],
      ['error', '赵六', '末尾几位已丢失'],
      ['error', '钱七', '没有填写身份证号'],
    ].entries() as IterableIterator<[number, [string, string, string]]>) {
      const row = page.locator(`.cnv-persons tr:nth-child(${at + 1})[data-outcome=${outcome}]`);
      await row.filter({ hasText: name }).filter({ hasText: why }).waitFor();
    }
    await operator.picture('many');
    await page
      .locator('.cnv-many')
      .getByRole('button', { name: operator.word('clear') })
      .click();
    // One photo without a table is that of the person in the form; cells are a table.
    await give(page, 'paste', file('face.png'));
    await page.locator('.cnv-photo img').waitFor();
    await give(page, 'paste', file('cells.png'), `张三\t${ID_NUMBER}\n`);
    await page.locator('.cnv-persons tr', { hasText: '张三' }).waitFor();
    await operator.close();
  });
});

describe("the operator's page with many photos", () => {
  it('shows three hundred, filters them and hands them out', async () => {
    const operator = await Operator.open(demos.get('zh_CN.UTF-8')!, '/photos', 'zh-CN', 'phone');
    const { page } = operator;
    const urls = Array.from({ length: 300 }, (_, at) => {
      return `${photos}${at % 10 === 0 ? '/sandbox/-2305' : ''}/photo-${at}.png`;
    });
    await operator.fillPhotos(urls.join('\n'));
    await operator.submit();
    await operator.finished(300);
    const rows = await operator.rows();
    assert.deepEqual([rows.length, rows.filter(([outcome]) => outcome === 'failed').length], [300, 30]);
    assert.ok(rows.slice(0, 30).every(([outcome]) => outcome === 'failed'));
    const pressed = async (filter: string, expected: number) => {
      await page.click(`.cnv-filter.cnv-${filter}`);
      await page.waitForFunction(`document.querySelectorAll('.cnv-row').length === ${expected}`);
    };
    await pressed('failed', 30);
    await pressed('all', 300);
    await page.locator('.cnv-row:last-child').scrollIntoViewIfNeeded();
    await page.locator('.cnv-row:last-child img').waitFor();
    await page.evaluate('scrollTo(0, 0)');

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: operator.word('csv') }).click(),
    ]);
    const text = readFileSync(await download.path(), 'utf8');
    assert.ok(text.startsWith('\uFEFF序号,文件'));
    assert.ok(text.includes('photo-299.png'));
    assert.equal(text.match(/,沙箱\r\n/g)?.length, 300);
    await operator.reload();
    await page.locator('.cnv-row').nth(299).waitFor();
    await operator.picture('photos-300');
    await operator.close();
  });
});

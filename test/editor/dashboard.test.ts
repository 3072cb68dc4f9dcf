/** The operator's page of the demo in a real Chromium: both languages, on a phone and at a desk, from three photos to three hundred. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { type Demo, startDemo } from '../demo-process';
import { launchBrowser } from './browser';
import {
  bitmap,
  ID_NUMBER,
  type Locale,
  Operator,
  PHOTO,
  type Size,
  servePhotos,
  WRONG_ID_NUMBER,
} from './desk';

/** What the sandbox says of each photo it passes. */
const TAKEN = '2025-07-28 15:01';
/** Nothing that a provider, a file or a person is called is a word of the page. */
const DATA = [
  /https?:\/\/\S+/g,
  /\d+\. [\w-]+\.png/g,
  /[\w-]+\.png/g,
  /四川省\S*/g,
  /沙箱[\d.]+|张三/g,
  /[0-9a-f]{8}-[0-9a-f-]{27}/g,
  /\d{11,}X?|\(\d*[\dX]\)/g,
  /\b(?:INPUT|CSV|Excel|GCJ-02|JPG|PNG)\b/g,
];

/** Who reads in one language what a server says in the other. */
const READERS: readonly [locale: Locale, size: Size, server: string][] = [
  ['zh-CN', 'phone', 'en_US.UTF-8'],
  ['en-US', 'desktop', 'zh_CN.UTF-8'],
  ['en-US', 'phone', 'zh_CN.UTF-8'],
  ['zh-CN', 'desktop', 'en_US.UTF-8'],
];

const SERVERS = ['en_US.UTF-8', 'zh_CN.UTF-8'] as const;

const demos = new Map<string, Demo>();
let browser: Browser;
let photoServer: Awaited<ReturnType<typeof servePhotos>>;
let photos: string;

before(async () => {
  for (const server of SERVERS) demos.set(server, await startDemo({ LANG: server }));
  browser = await launchBrowser();
  photoServer = await servePhotos();
  photos = photoServer.address;
});

after(async () => {
  await browser?.close();
  for (const demo of demos.values()) await demo.stop();
  photoServer?.close();
});

for (const [locale, size, server] of READERS) {
  describe(`the operator's page in ${locale} on a ${size}, of a server with ${server}`, () => {
    let operator: Operator;

    before(async () => {
      operator = await Operator.open(browser, demos.get(server)!, '/person', locale, size);
    });

    after(() => operator.close());

    it('shows a person who passed, failed, or cannot be told, and an error', async () => {
      const { page } = operator;
      for (const [name, idNumber, outcome, holds] of [
        ['张三', ID_NUMBER, 'passed', [/0\.82/]],
        ['沙箱101', ID_NUMBER, 'failed', [/姓名与身份证号不一致|do not match/]],
        ['沙箱0.42', ID_NUMBER, 'inconclusive', [/0\.42/]],
        ['张三', WRONG_ID_NUMBER, 'error', [/校验码|check digit/, /未计费|Not charged/, /更正后|Correct it/]],
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
      assert.ok((await page.locator('.cnv-recent li').count()) >= 4);
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
      await page.fill('.cnv textarea', `${photos}/a.png\njavascript:alert(1)`);
      assert.match((await missing.textContent())!, /\b2\b|第 2 行/);
      assert.ok(await button.isDisabled());
      await page.fill(
        '.cnv textarea',
        Array.from({ length: 301 }, (_, at) => `${photos}/${at}.png`).join('\n'),
      );
      assert.equal(await missing.textContent(), operator.word('too-many', { most: 300, n: 301 }));
      await page.fill('.cnv textarea', '');
    });

    it('shows photos, failures first, with file name, reason, thumbnail and map', async () => {
      const { page } = operator;
      const paths = ['/site/a.png', '/sandbox/-2305/b.png', '/sandbox/-2306/missing.png'];
      await page.fill('.cnv textarea', paths.map((path) => photos + path).join('\n'));
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
  });
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
    [...document.querySelectorAll('button, a, label.cnv-button, textarea, select, input:not(.cnv-hidden)')]
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
  const overflow = await page.evaluate(`document.documentElement.scrollWidth - innerWidth`);
  assert.ok(Number(overflow) <= 0, `${size} scrolls ${overflow} px sideways ${word}`);
}

describe("the operator's page with photos in hand", () => {
  const file = (name: string, buffer = PHOTO) => ({ name, mimeType: 'image/png', buffer });

  it('takes chosen and taken photos beside addresses; another device sees them', async () => {
    const demo = demos.get('zh_CN.UTF-8')!;
    const operator = await Operator.open(browser, demo, '/photos', 'zh-CN', 'phone');
    const { page } = operator;
    const [choose, take] = await page.locator('input[type=file]').all();
    assert.equal(await take!.getAttribute('capture'), 'environment');
    await page.fill('.cnv textarea', `${photos}/sandbox/-2301/first.png`);
    // Each another photo: what is the same is submitted once.
    const bytes = (at: number) => bitmap(8 + at, 4);
    const names = Array.from({ length: 20 }, (_, at) => `现场${at}.png`);
    await choose!.setInputFiles(names.slice(1).map((name, at) => file(name, bytes(at + 1))));
    await take!.setInputFiles(file(names[0]!, bytes(0)));
    await page.getByText(operator.word('chosen', { n: 20 })).waitFor();
    await operator.submit();
    await operator.finished(21);
    const rows = await operator.rows();
    assert.deepEqual(
      rows.map(([outcome]) => outcome),
      ['failed', ...names.map(() => 'passed')],
    );
    assert.ok(rows[20]![1].includes(names[0]!));
    await page.locator('.cnv-row').nth(1).locator('img').waitFor();
    await operator.picture('photos-in-hand');

    const second = await Operator.open(browser, demo, '/photos', 'en-US', 'desktop');
    await second.page.locator('.cnv-recent a').first().click();
    await second.finished(21);
    // The example's public address is that of a usual Node-RED: the page asks the server that it comes from.
    await second.page.waitForFunction(`document.querySelectorAll('.cnv-row img')[1]?.naturalWidth >= 8`);
    for (const each of [operator, second]) await each.close();
  });

  it('leaves out a file that is no photo, and says why', async () => {
    const operator = await Operator.open(browser, demos.get('zh_CN.UTF-8')!, '/photos', 'en-US', 'desktop');
    const files = [
      file('a.png'),
      file('text.png', Buffer.from('no photo at all')),
      file('half.png', bitmap(64, 64)),
    ];
    files[2]!.buffer = files[2]!.buffer.subarray(0, 500);
    await operator.page.locator('input[type=file]').first().setInputFiles(files);
    await operator.submit();
    await operator.finished(3);
    const rows = await operator.rows();
    assert.deepEqual(
      rows.map(([state]) => state),
      ['refused', 'refused', 'passed'],
    );
    assert.match(rows[0]![1], /no known format/);
    assert.match(rows[1]![1], /not whole/);
    await operator.close();
  });
});

describe("the operator's page with many photos", () => {
  it('shows three hundred, filters them and hands them out', async () => {
    const operator = await Operator.open(browser, demos.get('zh_CN.UTF-8')!, '/photos', 'zh-CN', 'phone');
    const { page } = operator;
    const urls = Array.from({ length: 300 }, (_, at) => {
      return `${photos}${at % 10 === 0 ? '/sandbox/-2305' : ''}/photo-${at}.png`;
    });
    await page.fill('.cnv textarea', urls.join('\n'));
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
    await operator.reload();
    await page.locator('.cnv-row').nth(299).waitFor();
    await operator.picture('photos-300');
    await operator.close();
  });
});

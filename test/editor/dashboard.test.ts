/** The operator's page of the demo, in a real Chromium. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { type Demo, openDebugSidebar, startDemo, temporaryDirectory } from '../demo-process';
import { launchBrowser } from './browser';
import {
  ELSEWHERE,
  FLOW,
  ID_NUMBER,
  type Locale,
  Operator,
  PHOTO,
  payTo,
  type Size,
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

const demos = new Map<string, Demo>();
const directories = new Map<string, string>();
let browser: Browser;
let photoServer: Server;
let photos: string;

before(async () => {
  for (const server of ['en_US.UTF-8', 'zh_CN.UTF-8']) {
    directories.set(server, temporaryDirectory());
    demos.set(server, await startDemo({ LANG: server, DEMO_DIR: directories.get(server)! }));
  }
  browser = await launchBrowser();
  photoServer = createServer(({ url }, response) => {
    if (url!.includes('missing')) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': 'image/png' }).end(PHOTO);
  }).listen(0, '127.0.0.1');
  await once(photoServer, 'listening');
  photos = `http://127.0.0.1:${(photoServer.address() as AddressInfo).port}`;
});

after(async () => {
  await browser?.close();
  for (const demo of demos.values()) await demo.stop();
  photoServer?.close();
  photoServer?.closeAllConnections();
});

const englishServer = () => demos.get('en_US.UTF-8')!;

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

describe("the operator's page, paid for", () => {
  let sandbox: Sandbox;
  const paid = () => [...sandbox.paid.values()].reduce((sum, count) => sum + count, 0);

  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null, latency: 400 });
    await payTo(englishServer(), sandbox, { 'truth-poll': { interval: '0.4', timeout: '2' } });
  });

  after(() => sandbox.close());

  for (const size of ['phone', 'desktop'] as const) {
    it(`keeps a person's answer over menu, reload and a second device, and pays once (${size})`, async () => {
      const before = paid();
      const first = await Operator.open(browser, englishServer(), '/person', 'zh-CN', size);
      await first.fillPerson('张三', ID_NUMBER);
      const id = await first.submit();
      await first.choose('kind-photos');
      await first.choose('kind-person');
      await first.reload();
      assert.equal(await first.shown(), id);
      const card = await first.card();
      assert.equal(card.outcome, 'passed');
      // Nothing of the person is kept: the page that asked is gone.
      assert.equal(card.rows.get(first.word('person')), first.word('not-kept'));

      const second = await Operator.open(browser, englishServer(), '/person', 'en-US', 'phone');
      await second.page.locator('.cnv-recent a').first().click();
      assert.equal(await second.shown(), id);
      assert.equal(
        (await second.card()).rows.get(second.word('order-no')),
        card.rows.get(first.word('order-no')),
      );
      assert.equal(paid() - before, 1);
      for (const operator of [first, second]) await operator.close();
    });

    it(`keeps photos' answers over menu, reload and a second device, and pays once (${size})`, async () => {
      const before = paid();
      const first = await Operator.open(browser, englishServer(), '/photos', 'zh-CN', size);
      const urls = [`${ELSEWHERE}/sandbox/slow-6/${size}.png`, `${ELSEWHERE}/sandbox/-2301/${size}.png`];
      await first.page.fill('.cnv textarea', urls.join('\n'));
      const id = await first.submit();
      const second = await Operator.open(browser, englishServer(), '/person', 'en-US', 'desktop');
      // What is still running is at the top of every page.
      await second.page.locator('.cnv-running a').waitFor();
      await second.picture('running');
      await first.choose('kind-person');
      await first.page.locator('.cnv-running a').click();
      await first.page.locator('.cnv-job').waitFor();
      await first.picture('photos-running');
      await first.reload();
      assert.equal(await first.shown(), id);
      await first.finished(2);
      await second.choose('kind-photos');
      await second.page.locator('.cnv-recent a').first().click();
      await second.finished(2);
      assert.deepEqual(
        (await second.rows()).map(([outcome]) => outcome),
        ['failed', 'passed'],
      );
      assert.equal(paid() - before, 1);
      for (const operator of [first, second]) await operator.close();
    });
  }

  it('sends again what the server may not have got, and pays once', async () => {
    const before = paid();
    for (const path of ['/person', '/photos'] as const) {
      const operator = await Operator.open(browser, englishServer(), path, 'en-US', 'desktop');
      let lost = 0;
      await operator.page.route(`**/verify-desk${path}`, async (route) => {
        if (lost++ > 0) return route.continue();
        await route.fetch();
        return route.abort('connectionreset');
      });
      if (path === '/person') await operator.fillPerson('张三', ID_NUMBER);
      else await operator.page.fill('.cnv textarea', `${ELSEWHERE}/lost.png`);
      await operator.submit();
      if (path === '/person') assert.equal((await operator.card()).outcome, 'passed');
      else await operator.finished(1);
      assert.ok(lost >= 2);
      // It is what the browser says of the connection that was cut.
      assert.match(operator.complaints.splice(0).join('\n'), /ERR_CONNECTION_RESET/);
      await operator.close();
    }
    assert.equal(paid() - before, 2);
  });

  it('says that the connection is lost, and has the answer when it is there again', async () => {
    const before = paid();
    const operator = await Operator.open(browser, englishServer(), '/person', 'en-US', 'phone');
    let cut = () => {};
    await operator.page.routeWebSocket(/socket\.io/, (socket) => {
      cut = () => void socket.close();
      socket.connectToServer();
    });
    await operator.reload();
    await operator.fillPerson('张三', ID_NUMBER);
    await operator.submit();
    await operator.page.waitForFunction('verifyDesk.state.isConnected');
    cut();
    await operator.page.getByText(operator.word('offline')).waitFor();
    assert.equal((await operator.card()).outcome, 'passed');
    await operator.page.getByText(operator.word('offline')).waitFor({ state: 'detached' });
    assert.equal(paid() - before, 1);
    await operator.close();
  });

  it('has no banner once no account is on the sandbox', async () => {
    const operator = await Operator.open(browser, englishServer(), '/photos', 'en-US', 'desktop');
    await operator.page.waitForFunction(
      `Object.values(verifyDesk.state.environments).every(({ environment }) => environment === 'custom')`,
    );
    assert.equal(await operator.page.locator('.cnv-banner').count(), 0);
    await operator.close();
  });

  it('stops: what was not submitted is not, and what was can be asked after again', async () => {
    const before = paid();
    const operator = await Operator.open(browser, englishServer(), '/photos', 'en-US', 'phone');
    const urls = Array.from({ length: 60 }, (_, at) => `${ELSEWHERE}/sandbox/slow-9/${at}.png`);
    await operator.page.fill('.cnv textarea', urls.join('\n'));
    await operator.submit();
    await operator.page.locator('.cnv-row[data-outcome=sent]').first().waitFor();
    await operator.page.getByRole('button', { name: 'Stop' }).click();
    await operator.page.locator('.cnv-row[data-outcome=unsent]').first().waitFor();
    await operator.page.locator('.cnv-progress').waitFor({ state: 'detached' });
    const unsent = (await operator.rows()).filter(([state]) => state === 'unsent').length;
    assert.ok(unsent >= 9 && unsent < 60, String(unsent));
    await operator.picture('photos-stopped');
    await operator.page.getByRole('button', { name: new RegExp(`Put the ${unsent} `) }).click();
    const back = (await operator.page.inputValue('.cnv textarea')).split('\n');
    assert.deepEqual(back, urls.slice(-unsent));
    const calls = paid() - before;
    assert.equal(calls, Math.ceil((60 - unsent) / 9));
    await operator.page.locator('.cnv-row[data-outcome=unfinished]').first().waitFor({ timeout: 30_000 });
    await operator.page.getByRole('button', { name: operator.word('again') }).click();
    await operator.page
      .locator('.cnv-filter.cnv-passed', { hasText: String(60 - unsent) })
      .waitFor({ timeout: 30_000 });
    assert.equal(paid() - before, calls);
    await operator.close();
  });

  it('tells what became of the photos when a batch failed, and does not send what may have been taken', async () => {
    const operator = await Operator.open(browser, englishServer(), '/photos', 'zh-CN', 'desktop');
    // Three batches: taken, answered in a way that does not say, not sent.
    const urls = Array.from({ length: 19 }, (_, index) => `${ELSEWHERE}/batch-${index}.png`);
    urls[9] = `${ELSEWHERE}/sandbox-http-400.png`;
    await operator.page.fill('.cnv textarea', urls.join('\n'));
    await operator.submit();
    const card = await operator.card();
    assert.equal(card.rows.get('计费'), '可能已计费');
    assert.equal(card.rows.get('下一步'), operator.word('ask-before'));
    await operator.page.locator('.cnv-filter.cnv-passed', { hasText: '9' }).waitFor();
    const states = (await operator.rows()).map(([state]) => state);
    const count = (state: string) => states.filter((each) => each === state).length;
    assert.deepEqual([count('passed'), count('uncertain'), count('unsent')], [9, 9, 1]);
    await operator.picture('photos-uncertain');
    await operator.page.getByRole('button', { name: operator.word('rest', { n: 1 }) }).click();
    assert.equal(await operator.page.inputValue('.cnv textarea'), urls[18]);
    await operator.close();
  });

  it('leaves out the one photo that cannot be sent, and checks the others', async () => {
    const operator = await Operator.open(browser, englishServer(), '/photos', 'en-US', 'desktop');
    const urls = [`${ELSEWHERE}/a.png`, 'https://user:password@photos.example/b.png', `${ELSEWHERE}/c.png`];
    await operator.page.fill('.cnv textarea', urls.join('\n'));
    await operator.submit();
    await operator.finished(3);
    const rows = await operator.rows();
    assert.deepEqual(
      rows.map(([state]) => state),
      ['refused', 'passed', 'passed'],
    );
    assert.match(rows[0]![1], /holds a password/);
    await operator.close();
  });
});

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
  it('is as quick with three hundred as with three [measured]', async () => {
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
      const took = await page.evaluate(`new Promise((resolve) => {
        const begin = performance.now();
        document.querySelector('.cnv-filter.cnv-${filter}').click();
        const look = () => document.querySelectorAll('.cnv-row').length === ${expected}
          ? requestAnimationFrame(() => resolve(performance.now() - begin))
          : requestAnimationFrame(look);
        look();
      })`);
      assert.ok(Number(took) < 1_000, `${filter} took ${took} ms`);
    };
    await pressed('failed', 30);
    await pressed('all', 300);
    const scrolled = await page.evaluate(`new Promise((resolve) => {
      const begin = performance.now();
      document.querySelector('.cnv-row:last-child').scrollIntoView();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begin)));
    })`);
    assert.ok(Number(scrolled) < 1_000, `scrolling took ${scrolled} ms`);
    await page.locator('.cnv-row:last-child img').waitFor();
    await page.evaluate('scrollTo(0, 0)');

    for (const [key, begins] of [
      ['csv', '\uFEFF序号,文件'],
      ['excel', 'PK'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: operator.word(key) }).click(),
      ]);
      const text = readFileSync(await download.path(), 'utf8');
      assert.ok(text.startsWith(begins));
      assert.ok(text.includes('photo-299.png'));
    }
    await operator.reload();
    await page.locator('.cnv-row').nth(299).waitFor();
    await operator.picture('photos-300');
    await operator.close();
  });
});

describe("the operator's page keeps to itself", () => {
  it('what was filled in of a person: no other browser, store, log or debug node has it', async () => {
    const name = '沙箱0.42';
    const demo = demos.get('zh_CN.UTF-8')!;
    const secrets = [name, ID_NUMBER, WRONG_ID_NUMBER, PHOTO.toString('base64').slice(0, 60)];
    const sidebar = await openDebugSidebar(demo.address);
    const first = await Operator.open(browser, demo, '/person', 'zh-CN', 'desktop');
    const beside = await Operator.open(browser, demo, '/person', 'zh-CN', 'desktop');
    const received: Buffer[] = [];
    for (const { page } of [first, beside]) {
      page.on('websocket', (socket) => {
        socket.on('framereceived', ({ payload }) => received.push(Buffer.from(payload)));
      });
      page.on('response', async (response) => {
        if (response.url().includes('verify-desk')) received.push(await response.body());
      });
      await page.reload();
    }
    const shown: string[] = [];
    for (const [idNumber, debug] of [
      [ID_NUMBER, 'person result'],
      [WRONG_ID_NUMBER, 'error of a person'],
    ] as const) {
      await first.fillPerson(name, idNumber);
      await first.submit();
      await first.card();
      const { id } = FLOW.find((node) => node.type === 'debug' && String(node.name).startsWith(debug))!;
      shown.push(JSON.stringify(await sidebar.next(id)));
    }
    sidebar.close();
    await beside.page.locator('.cnv-recent a').first().click();
    await beside.card();
    assert.ok(!(await beside.page.locator('.cnv').textContent())!.includes(name));
    assert.ok(
      Buffer.concat(received).includes('inconclusive'),
      'the wire is read where it is known to hold an answer',
    );
    const stored = String(await first.page.evaluate('JSON.stringify([localStorage, sessionStorage])'));
    assert.match(
      stored,
      /"verify-desk":"\{\\"photos\\":(?:null|\\"[0-9a-f]{32}\\"),\\"person\\":\\"[0-9a-f]{32}\\"\}"/,
    );
    const kept = await Promise.all(
      FLOW.filter(({ type }) => type === 'ui-template').map(async ({ id }) => {
        const response = await fetch(`${demo.address}/dashboard/_debug/datastore/${id}`);
        assert.equal(response.status, 200);
        return response.text();
      }),
    );
    const context = await (await fetch(`${demo.address}/context/flow/${FLOW[0]!.id}`)).text();
    assert.match(context, /inconclusive/);
    for (const text of [
      ...received.map(String),
      stored,
      ...kept,
      context,
      ...shown,
      demo.stdout(),
      demo.stderr(),
    ])
      for (const secret of secrets) assert.ok(!text.includes(secret), text);
    assert.equal(demo.stderr(), '');
    for (const operator of [first, beside]) await operator.close();
  });

  it('who may begin what costs: no page from elsewhere', async () => {
    const { address } = englishServer();
    for (const path of ['person', 'photos', 'stop']) {
      const body = new FormData();
      for (const [key, value] of Object.entries({
        job: 'a'.repeat(32),
        total: '1',
        offset: '0',
        urls: '["http://a.example/b.jpg"]',
      }))
        body.append(key, value);
      const headers = { 'Sec-Fetch-Site': 'cross-site' };
      const refused = await fetch(`${address}/verify-desk/${path}`, { method: 'POST', body, headers });
      assert.equal(refused.status, 403, path);
    }
  });

  it('makes a large photo smaller before it sends it, and says when it can read none', async () => {
    const operator = await Operator.open(browser, demos.get('zh_CN.UTF-8')!, '/person', 'en-US', 'desktop');
    let sent = 0;
    operator.page.on('request', (request) => {
      if (request.url().endsWith('/verify-desk/person'))
        sent = Number(request.headers()['content-length'] ?? 0) || request.postDataBuffer()?.length || 0;
    });
    await operator.fillPerson('张三', ID_NUMBER, bitmap(2400, 1800));
    await operator.submit();
    assert.equal((await operator.card()).outcome, 'passed');
    assert.ok(sent < 1e6, `${sent} bytes`);
    await operator.page.setInputFiles('input[type=file]', {
      ...{ name: 'face.png', mimeType: 'image/png', buffer: Buffer.from('none') },
    });
    await operator.page.getByText(operator.word('unreadable-photo')).waitFor();
    assert.equal(await operator.page.locator('.cnv-photo img').count(), 0);
    assert.ok(await operator.page.locator('.cnv button[type=submit]').isDisabled());
    await operator.close();
  });

  it('an answer over a restart of the server: the ledger has it', async () => {
    const server = 'zh_CN.UTF-8';
    const first = await Operator.open(browser, demos.get(server)!, '/person', 'en-US', 'desktop');
    await first.fillPerson('张三', ID_NUMBER);
    const id = await first.submit();
    assert.equal((await first.card()).outcome, 'passed');
    await first.page.goto('about:blank');
    const { port } = new URL(first.demo.address);
    await first.demo.stop();
    demos.set(server, await startDemo({ LANG: server, DEMO_DIR: directories.get(server)!, PORT: port }));
    await first.visit('/person');
    assert.equal(await first.shown(), id);
    const card = await first.card();
    assert.equal(card.outcome, 'passed');
    assert.equal(card.rows.get('Score'), first.word('from-ledger'));
    // A browser that sends the same once more gets the answer that was paid for: the id is the key.
    const body = new FormData();
    for (const [key, value] of Object.entries({ job: id, name: '张三', idNumber: ID_NUMBER }))
      body.append(key, value);
    body.append('photo', new Blob([PHOTO]), 'photo');
    const { address } = demos.get(server)!;
    assert.equal((await fetch(`${address}/verify-desk/person`, { method: 'POST', body })).status, 202);
    await first.page.waitForFunction(`verifyDesk.state.details['${id}'].result?.score === 0.82`);
    assert.equal((await first.card()).rows.get('Cost'), first.word('reused'));
    await first.close();
  });
});

describe("the operator's page and addresses from outside", () => {
  it('makes neither markup nor a link of an address that is none', async () => {
    const operator = await Operator.open(browser, englishServer(), '/photos', 'en-US', 'desktop');
    const { page } = operator;
    const address = 'http://127.0.0.1/"><svg/onload=alert(1)>/missing';
    // No provider may say so either.
    await page.route('**/verify-desk/job?*', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(
        `"url":"${photos}/a.png"`,
        '"url":"javascript:alert(1)"',
      );
      await route.fulfill({ response, body });
    });
    await page.fill('.cnv textarea', `${photos}/a.png\n${address}`);
    await operator.submit();
    await operator.finished(2);
    assert.equal(await page.locator('[href^="javascript"]').count(), 0);
    assert.equal(
      await page.locator('.cnv-row').first().locator('.cnv-thumbnail[href], .cnv-thumbnail img').count(),
      0,
    );
    assert.equal(await page.locator('.cnv svg').count(), 0);
    await operator.close();
  });
});

/** A photo as large as a phone's, of noise, so that it does not become small by itself. */
function bitmap(width: number, height: number): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(54);
  const file = Buffer.alloc(54 + width * height * 3);
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

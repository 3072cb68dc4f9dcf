/** The operator's page of the demo, in a real Chromium. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { type Demo, openDebugSidebar, startDemo } from '../demo-process';
import { example } from '../example-flows';
import { launchBrowser } from './browser';

interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

const FLOW = example('operator-page') as FlowNode[];

/** The specimen of GB 11643-1999, and the same with a wrong check digit. */
const ID_NUMBER = '11010519491231002X';
const WRONG_ID_NUMBER = '110105194912310021';
const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==',
  'base64',
);

const WORDS = {
  'zh-CN': { passed: '通过', failed: '不通过', inconclusive: '无法判定', error: '没有结果', total: '照片' },
  'en-US': {
    passed: 'Passed',
    failed: 'Failed',
    inconclusive: 'Inconclusive',
    error: 'No result',
    total: 'Photos',
  },
};

/** What a page sends once nothing goes another way any more. */
const UPGRADED = '5';

let demo: Demo;
let browser: Browser;
let photoServer: Server;
let photos: string;

/** What went over the wire of a page, in both directions. */
interface Wire {
  sent: Buffer[];
  received: Buffer[];
}

/** Opens a page in a browser of its own, as another operator has. */
async function openPage(path: string, locale: string, complaints: string[]): Promise<[Page, Wire]> {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  const wire: Wire = { sent: [], received: [] };
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const { url } = message.location();
    // The photo that is not there is one on purpose.
    if (['error', 'warning'].includes(message.type()) && !url.includes('/missing')) {
      complaints.push(`${message.text()} ${url}`);
    }
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && hostname !== '127.0.0.1') complaints.push(request.url());
  });
  const upgraded = new Promise<void>((resolve) => {
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        wire.sent.push(Buffer.from(payload));
        if (payload === UPGRADED) resolve();
      });
      socket.on('framereceived', ({ payload }) => wire.received.push(Buffer.from(payload)));
    });
  });
  await page.goto(`${demo.address}/dashboard${path}`);
  await page.waitForSelector('.cnv button[type=submit]');
  await upgraded;
  return [page, wire];
}

/**
 * Loads a page again, with somebody between it and the server.
 * @param change what becomes of a message to the page
 * @returns cuts the connection
 */
async function reloadThrough(page: Page, change: (message: string) => string): Promise<() => void> {
  let cut = () => {};
  const upgraded = new Promise<void>((resolve, reject) => {
    page
      .routeWebSocket(/socket\.io/, (socket) => {
        cut = () => void socket.close();
        const server = socket.connectToServer();
        socket.onMessage((message) => {
          server.send(message);
          if (message === UPGRADED) resolve();
        });
        server.onMessage((message) => socket.send(change(String(message))));
      })
      .then(() => page.reload())
      .catch(reject);
  });
  await upgraded;
  await page.waitForSelector('.cnv button[type=submit]');
  return () => cut();
}

async function fillPerson(page: Page, name: string, idNumber: string, photo = PHOTO) {
  await page.setInputFiles('input[type=file]', { name: 'face.png', mimeType: 'image/png', buffer: photo });
  await page.waitForSelector('.cnv-photo img');
  const [nameField, idField] = await page.locator('.cnv input[type=text]').all();
  await nameField!.fill(name);
  await idField!.fill(idNumber);
}

/** Presses the button and reads the card that comes: its outcome by class, its head, and its rows. */
async function answer(page: Page) {
  await page.click('.cnv button[type=submit]');
  return readCard(page);
}

async function readCard(page: Page) {
  const card = page.locator('.cnv-card');
  await card.waitFor();
  return {
    outcome: /cnv-(?!card)(\w+)/.exec((await card.getAttribute('class'))!)![1],
    head: (await card.locator('h3').textContent())!.trim(),
    rows: new Map(
      await card
        .locator('dl > div')
        .evaluateAll((rows) =>
          rows.map((row) => [...row.children].map((each) => each.textContent!) as never),
        ),
    ) as Map<string, string>,
    text: (await card.textContent())!,
  };
}

before(async () => {
  demo = await startDemo();
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
  await demo?.stop();
  photoServer?.close();
  photoServer?.closeAllConnections();
});

for (const locale of ['zh-CN', 'en-US'] as const) {
  describe(`the operator's page in ${locale}`, () => {
    const complaints: string[] = [];
    const words = WORDS[locale];

    afterEach(() => {
      assert.deepEqual(complaints.splice(0), []);
    });

    it('shows a person who passed, failed, or cannot be told, and an error', async () => {
      const [page] = await openPage('/person', locale, complaints);
      assert.ok(await page.locator('.cnv button[type=submit]').isDisabled());
      for (const [name, idNumber, outcome, holds] of [
        ['张三', ID_NUMBER, 'passed', /0\.82[\s\S]*same-person/],
        ['沙箱0.42', ID_NUMBER, 'inconclusive', /0\.42[\s\S]*score-inconclusive/],
        ['沙箱101', ID_NUMBER, 'failed', /name-id-mismatch/],
        ['张三', WRONG_ID_NUMBER, 'error', /INPUT/],
      ] as const) {
        await fillPerson(page, name, idNumber);
        const card = await answer(page);
        assert.deepEqual([card.outcome, card.head], [outcome, words[outcome]]);
        assert.match(card.text, holds);
        assert.ok(card.text.includes(`${name} (${idNumber.slice(-4)})`));
        const texts = [...card.rows.values()];
        assert.equal(new Set(texts).size, texts.length);
        // Reason, hint and code of an error; otherwise score, reason, order and request number, as far as there are.
        assert.ok(texts.length >= 4, card.text);
      }
      await page.context().close();
    });

    it('shows site photos in a table', async () => {
      const [page] = await openPage('/photos', locale, complaints);
      const urls = ['/site/a.png', '/sandbox/-2305/b.png', '/sandbox/-2306/missing.png'];
      await page.fill('.cnv textarea', urls.map((url) => photos + url).join('\n'));
      const card = await answer(page);
      assert.deepEqual([card.outcome, card.head], ['failed', words.failed]);
      assert.deepEqual(
        [words.total, words.passed, words.failed, words.inconclusive].map((word) => card.rows.get(word)),
        ['3', '1', '1', '1'],
      );
      const rows = page.locator('.cnv-table tbody tr');
      const expected = [words.passed, words.failed, words.inconclusive];
      for (const [index, verdict] of expected.entries()) {
        const cells = rows.nth(index).locator('td');
        assert.equal(await cells.nth(1).locator('.cnv-verdict').textContent(), verdict);
        assert.equal(await cells.nth(2).textContent(), '2025-07-28 15:01');
        assert.match((await cells.nth(3).textContent())!, /^四川省成都市/);
        const map = new URL((await cells.nth(4).locator('a').getAttribute('href'))!);
        assert.equal(map.searchParams.get('position'), '104.070011,30.539732');
      }
      const isShown = (index: number) =>
        page.waitForFunction(
          `document.querySelectorAll('.cnv-table tbody tr')[${index}].querySelector('img')?.naturalWidth === 1`,
        );
      await isShown(0);
      await isShown(1);
      await rows.nth(2).locator('.cnv-thumbnail i').waitFor();
      await page.context().close();
    });
  });
}

describe("the operator's page", () => {
  const complaints: string[] = [];

  afterEach(() => {
    assert.deepEqual(complaints.splice(0), []);
  });

  it('shows a person to nobody else, keeps and logs nothing', async () => {
    const name = '沙箱0.42';
    const secrets = [name, ID_NUMBER, WRONG_ID_NUMBER, PHOTO, PHOTO.toString('base64').slice(0, 60)];
    const sidebar = await openDebugSidebar(demo.address);
    const [first, firstWire] = await openPage('/person', 'zh-CN', complaints);
    const [beside, besideWire] = await openPage('/person', 'zh-CN', complaints);
    const shown: string[] = [];
    for (const [idNumber, debug] of [
      [ID_NUMBER, 'person result'],
      [WRONG_ID_NUMBER, 'error'],
    ] as const) {
      await fillPerson(first, name, idNumber);
      await answer(first);
      const { id } = FLOW.find((node) => node.type === 'debug' && String(node.name).startsWith(debug))!;
      shown.push(JSON.stringify(await sidebar.next(id)));
    }
    sidebar.close();
    const [later, laterWire] = await openPage('/person', 'zh-CN', complaints);

    // The wire is read where it is known to hold them.
    for (const secret of [name, ID_NUMBER, PHOTO]) assert.ok(Buffer.concat(firstWire.sent).includes(secret));
    const received = [firstWire, besideWire, laterWire].map((wire) => Buffer.concat(wire.received));
    assert.deepEqual(
      received.map((bytes) => bytes.includes('msg-input:')),
      [true, false, false],
    );
    for (const bytes of received) {
      for (const secret of secrets) assert.ok(!bytes.includes(secret), String(secret));
    }
    const stored = await first.evaluate('JSON.stringify([localStorage, sessionStorage])');
    for (const secret of secrets) assert.ok(!String(stored).includes(String(secret)));
    for (const page of [beside, later]) {
      assert.equal(await page.locator('.cnv-card, .cnv-photo img').count(), 0);
      const [nameField, idField] = await page.locator('.cnv input[type=text]').all();
      assert.deepEqual([await nameField!.inputValue(), await idField!.inputValue()], ['', '']);
    }
    for (const { id } of FLOW.filter(({ type }) => type === 'ui-template')) {
      const kept = await fetch(`${demo.address}/dashboard/_debug/datastore/${id}`);
      assert.equal(kept.status, 200);
      assert.equal(await kept.text(), '');
    }
    for (const text of [...shown, demo.stdout(), demo.stderr()]) {
      for (const secret of secrets) assert.ok(!text.includes(String(secret)), text);
    }
    assert.equal(demo.stderr(), '');
    for (const page of [first, beside, later]) await page.context().close();
  });

  it('makes a large photo smaller before it sends it, and says when it can read none', async () => {
    const [page, wire] = await openPage('/person', 'en-US', complaints);
    await fillPerson(page, '张三', ID_NUMBER, bitmap(2400, 1800));
    assert.equal((await answer(page)).outcome, 'passed');
    const largest = Math.max(...wire.sent.map(({ length }) => length));
    assert.ok(largest > 1000 && largest < 1e6, `${largest} bytes`);

    await page.setInputFiles('input[type=file]', {
      name: 'face.png',
      mimeType: 'image/png',
      buffer: Buffer.from('none'),
    });
    await page.locator('.cnv-card.cnv-error').waitFor();
    assert.equal(await page.locator('.cnv-photo img').count(), 0);
    assert.ok(await page.locator('.cnv button[type=submit]').isDisabled());
    await page.context().close();
  });

  it('forgets the person at the press of a button', async () => {
    const [page] = await openPage('/person', 'en-US', complaints);
    await fillPerson(page, '张三', ID_NUMBER);
    await answer(page);
    await page.getByText('Clear for the next person').click();
    await page.locator('.cnv-card').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.cnv-photo img').count(), 0);
    for (const field of await page.locator('.cnv input[type=text]').all()) {
      assert.equal(await field.inputValue(), '');
    }
    await page.context().close();
  });

  it('makes neither markup nor a link of an address that is none', async () => {
    const [page] = await openPage('/photos', 'en-US', complaints);
    await page.fill('.cnv textarea', 'javascript:alert(1)');
    const refused = await answer(page);
    assert.deepEqual([refused.outcome, refused.rows.get('Error code')], ['error', 'INPUT']);

    // No provider may say so either.
    const address = 'http://127.0.0.1/"><svg/onload=alert(1)>/missing';
    await reloadThrough(page, (message) =>
      message.replaceAll(`"url":"${photos}/a.png"`, '"url":"javascript:alert(1)"'),
    );
    await page.fill('.cnv textarea', `${photos}/a.png\n${address}`);
    assert.equal((await answer(page)).outcome, 'passed');
    const rows = page.locator('.cnv-table tbody tr');
    assert.equal(await rows.nth(0).locator('.cnv-thumbnail').getAttribute('title'), 'javascript:alert(1)');
    assert.equal(await rows.nth(0).locator('.cnv-thumbnail[href], .cnv-thumbnail img').count(), 0);
    assert.equal(await rows.nth(1).locator('.cnv-thumbnail').getAttribute('title'), address);
    assert.equal(await page.locator('.cnv svg').count(), 0);
    await page.context().close();
  });

  it('asks again for photos that were not finished in time', async () => {
    const [page] = await openPage('/photos', 'en-US', complaints);
    const flows = (await (await fetch(`${demo.address}/flows`)).json()) as FlowNode[];
    const { id } = FLOW.find(({ type }) => type === 'truth-poll')!;
    Object.assign(flows.find((node) => node.id === id)!, { interval: '0.5', timeout: '0.7' });
    const { status } = await fetch(`${demo.address}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' },
      body: JSON.stringify(flows),
    });
    assert.equal(status, 204);

    await page.fill('.cnv textarea', `${photos}/sandbox/slow-5/a.png`);
    const unfinished = await answer(page);
    assert.deepEqual([unfinished.outcome, unfinished.rows.get('Unfinished')], ['unfinished', '1']);
    assert.equal(await page.locator('.cnv-table .cnv-verdict').textContent(), 'Unfinished');
    let outcome = unfinished.outcome;
    for (let press = 0; press < 10 && outcome === 'unfinished'; press++) {
      await page.getByText('Ask again').click();
      ({ outcome } = await readCard(page));
    }
    assert.equal(outcome, 'passed');
    assert.equal(await page.getByText('Ask again').count(), 0);
    await page.context().close();
  });

  it('tells what became of the photos when a batch failed, and asks after those submitted', async () => {
    const [page] = await openPage('/photos', 'en-US', complaints);
    // Three batches: taken, answered in a way that does not say, not sent.
    const urls = Array.from({ length: 19 }, (_, index) => `${photos}/${index}.png`);
    urls[9] = `${photos}/sandbox-http-400.png`;
    await page.fill('.cnv textarea', urls.join('\n'));
    const card = await answer(page);
    assert.equal(card.outcome, 'error');
    assert.equal(card.rows.get('Submitted'), '9');
    assert.equal(card.rows.get('Not known whether submitted'), urls.slice(9, 18).join(' '));
    assert.match(card.rows.get('Not submitted')!, /^1 /);
    assert.equal(await page.inputValue('.cnv textarea'), urls[18]);

    await page.getByText('Ask again').click();
    await page.locator('.cnv-card.cnv-passed').waitFor();
    assert.equal((await readCard(page)).rows.get('Photos'), '9');
    assert.equal(await page.locator('.cnv-table tbody tr').count(), 9);
    await page.context().close();
  });

  it('waits for the answer, and says when the connection broke', async () => {
    const [page] = await openPage('/person', 'en-US', complaints);
    const cut = await reloadThrough(page, (message) => message);
    await fillPerson(page, 'sandbox-timeout', ID_NUMBER);
    await page.click('.cnv button[type=submit]');
    await page.locator('.cnv button[type=submit]:disabled').waitFor();
    assert.equal(await page.locator('.cnv-card').count(), 0);
    const again = page.waitForEvent('websocket');
    cut();
    await again;
    const card = await readCard(page);
    assert.equal(card.outcome, 'error');
    assert.match(card.text, /The connection to the server broke/);
    // What was filled in is still there.
    assert.ok(await page.locator('.cnv button[type=submit]').isEnabled());
    await page.context().close();
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

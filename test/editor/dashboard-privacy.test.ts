/** What the operator's page keeps, tells and takes from outside, in a real Chromium. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Demo, openDebugSidebar, startDemo, temporaryDirectory } from '../demo-process';
import { bitmap, FLOW, ID_NUMBER, Operator, PHOTO, servePhotos } from './desk';

const directory = temporaryDirectory();
let demo: Demo;
let photoServer: Awaited<ReturnType<typeof servePhotos>>;

before(async () => {
  demo = await startDemo({ DEMO_DIR: directory });
  photoServer = await servePhotos();
});

after(async () => {
  await demo?.stop();
  photoServer?.close();
});

describe("the operator's page keeps to itself", () => {
  it('what was filled in of a person: no other browser, store, log or debug node has it', async () => {
    const name = '沙箱0.42';
    const masked = '欧阳*甲';
    const consents = ['Y-81723', 'G-81724'];
    const secrets = [name, masked, ...consents, ID_NUMBER, PHOTO.toString('base64').slice(0, 60)];
    const sidebar = await openDebugSidebar(demo.address);
    const first = await Operator.open(demo, '/person', 'zh-CN', 'desktop');
    const beside = await Operator.open(demo, '/person', 'zh-CN', 'desktop');
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
    for (const [typed, debug] of [
      [name, 'person result'],
      [masked, 'error of a person'],
    ] as const) {
      await first.fillPerson(typed, ID_NUMBER);
      for (const [at, field] of ['consent', 'guardian-consent'].entries())
        await first.page.getByLabel(first.word(field), { exact: field === 'consent' }).fill(consents[at]!);
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
    const folder = join(directory, 'cn-verify/operator-page');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => readFileSync(join(each.parentPath, each.name), 'utf8'));
    assert.ok(files.some((text) => text.includes('inconclusive')));
    const context = await (await fetch(`${demo.address}/context/flow/${FLOW[0]!.id}`)).text();
    assert.match(context, /inconclusive/);
    for (const text of [
      ...received.map(String),
      stored,
      ...kept,
      context,
      ...files,
      ...shown,
      demo.stdout(),
      demo.stderr(),
    ])
      for (const secret of secrets) assert.ok(!text.includes(secret), text);
    assert.equal(demo.stderr(), '');
    for (const operator of [first, beside]) await operator.close();
  });

  it('makes a large photo smaller before it sends it, and says when it can read none', async () => {
    const operator = await Operator.open(demo, '/person', 'en-US', 'desktop');
    let sent = 0;
    operator.page.on('request', (request) => {
      if (request.url().endsWith('/verify-desk/person'))
        sent = Number(request.headers()['content-length'] ?? 0) || request.postDataBuffer()?.length || 0;
    });
    await operator.fillPerson('张三', ID_NUMBER, bitmap(1500, 1000));
    await operator.submit();
    assert.equal((await operator.card()).outcome, 'passed');
    assert.ok(sent < 1e6, `${sent} bytes`);
    await operator.openForm();
    await operator.page.setInputFiles('input[type=file]', {
      name: 'face.png',
      mimeType: 'image/png',
      buffer: Buffer.from('none'),
    });
    await operator.page.getByText(operator.word('unreadable-photo')).waitFor();
    assert.equal(await operator.page.locator('.cnv-photo img').count(), 0);
    assert.ok(await operator.page.locator('.cnv button[type=submit]').isDisabled());
    await operator.close();
  });

  it('its jobs over a restart of the server, and the ledger knows a call whose file is gone', async () => {
    const photos = await Operator.open(demo, '/photos', 'en-US', 'desktop');
    const urls = Array.from({ length: 21 }, (_, at) => `${photoServer.address}/${at}.png`);
    await photos.fillPhotos(urls.join('\n'));
    await photos.page.getByLabel(/^Reference/).fill('Site 7');
    await photos.submit();
    await photos.finished(21);
    const first = await Operator.open(demo, '/person', 'en-US', 'desktop');
    await first.fillPerson('张三', ID_NUMBER);
    const id = await first.submit();
    assert.equal((await first.card()).outcome, 'passed');
    for (const { page } of [photos, first]) await page.goto('about:blank');
    const { port } = new URL(first.demo.address);
    await first.demo.stop();
    demo = await startDemo({ DEMO_DIR: directory, PORT: port });
    await photos.visit('/photos');
    await photos.finished(21);
    assert.match((await photos.page.locator('.cnv-recent a').first().textContent())!, /Site 7.*21 of 21/);
    await first.visit('/person');
    assert.equal(await first.shown(), id);
    assert.match((await first.card()).rows.get('Score')!, /^0\.82/);
    // A browser that sends the same once more is not charged again.
    const body = new FormData();
    for (const [key, value] of Object.entries({ job: id, name: '张三', idNumber: ID_NUMBER }))
      body.append(key, value);
    body.append('photo', new Blob([PHOTO]), 'photo');
    const answer = await fetch(`${demo.address}/verify-desk/person`, { method: 'POST', body });
    assert.equal(((await answer.json()) as { running: boolean }).running, false);

    for (const { page } of [photos, first]) await page.goto('about:blank');
    await demo.stop();
    rmSync(join(directory, 'cn-verify/operator-page'), { recursive: true });
    demo = await startDemo({ DEMO_DIR: directory, PORT: port });
    await first.visit('/person');
    assert.equal((await first.card()).rows.get('Score'), first.word('from-ledger'));
    for (const operator of [photos, first]) await operator.close();
  });
});

describe("the operator's page and addresses from outside", () => {
  it('makes neither markup nor a link of what is no address', async () => {
    const operator = await Operator.open(demo, '/photos', 'en-US', 'desktop');
    const { page } = operator;
    const address = 'http://127.0.0.1/"><svg/onload=alert(1)>/missing';
    // What is left of it once it was mended.
    await page.route('http://127.0.0.1/', (route) =>
      route.fulfill({ contentType: 'image/png', body: PHOTO }),
    );
    // No provider may say so either.
    await page.route('**/verify-desk/job?*', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll(
        `"url":"${photoServer.address}/a.png"`,
        '"url":"javascript:alert(1)"',
      );
      await route.fulfill({ response, body });
    });
    await operator.fillPhotos(`${photoServer.address}/a.png\n${address}`);
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

/** The jobs of the operator's page in a real Chromium: what is paid for, how often, and what becomes of it. */
import assert from 'node:assert/strict';
import { checkCharacter } from '../../src/input/check-character';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { type Demo, startDemo } from '../demo-process';
import { change, ELSEWHERE, FLOW, ID_NUMBER, Operator, payTo } from './desk';

describe("the operator's page, paid for", () => {
  let demo: Demo;
  let sandbox: Sandbox;
  const paid = () => [...sandbox.paid.values()].reduce((sum, count) => sum + count, 0);

  before(async () => {
    demo = await startDemo();
    sandbox = await startSandbox({ port: 0, file: null, latency: 400 });
    await payTo(demo, sandbox, { 'truth-poll': { interval: '0.4', timeout: '2' } });
  });

  after(async () => {
    await demo?.stop();
    await sandbox?.close();
  });

  it("keeps a person's answer over menu and reload, and pays once", async () => {
    const before = paid();
    const first = await Operator.open(demo, '/person', 'zh-CN', 'phone');
    await first.fillPerson('张三', ID_NUMBER);
    const id = await first.submit();
    await first.choose('kind-photos');
    await first.choose('kind-person');
    await first.reload();
    assert.equal(await first.shown(), id);
    const card = await first.card();
    assert.equal(card.outcome, 'passed');
    // The job keeps nothing of the person, and the page that had it was loaded again.
    assert.equal(card.rows.get(first.word('person')), first.word('not-kept'));
    assert.equal(paid() - before, 1);
    await first.close();
  });

  it('shows on every page and device that photos are being checked, keeps the answers over a reload, and pays once', async () => {
    const before = paid();
    const first = await Operator.open(demo, '/photos', 'zh-CN', 'desktop');
    const urls = [`${ELSEWHERE}/sandbox/slow-16/a.png`, `${ELSEWHERE}/sandbox/-2301/a.png`];
    const second = await Operator.open(demo, '/person', 'en-US', 'desktop');
    await first.fillPhotos(urls.join('\n'));
    const id = await first.submit();
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
    assert.equal(paid() - before, 1);
    for (const operator of [first, second]) await operator.close();
  });
  it('sends again what the server may not have got, and pays once', async () => {
    const before = paid();
    for (const path of ['/person', '/photos'] as const) {
      const operator = await Operator.open(demo, path, 'en-US', 'desktop');
      let lost = 0;
      await operator.page.route(`**/verify-desk${path}`, async (route) => {
        lost += 1;
        if (lost > 2) return route.continue();
        // As a proxy answers while Node-RED starts.
        if (lost === 2) return route.fulfill({ status: 503 });
        await route.fetch();
        return route.abort('connectionreset');
      });
      if (path === '/person') await operator.fillPerson('张三', ID_NUMBER);
      else await operator.fillPhotos(`${ELSEWHERE}/lost.png`);
      await operator.submit();
      if (path === '/person') assert.equal((await operator.card()).outcome, 'passed');
      else await operator.finished(1);
      assert.ok(lost >= 3);
      // It is what the browser says of the connection that was cut.
      assert.match(operator.complaints.splice(0).join('\n'), /ERR_CONNECTION_RESET/);
      await operator.close();
    }
    assert.equal(paid() - before, 2);
  });

  it('says that the connection is lost, and has the answer when it is there again', async () => {
    const before = paid();
    const operator = await Operator.open(demo, '/person', 'en-US', 'phone');
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

  describe('on one screen', () => {
    let operator: Operator;
    before(async () => {
      operator = await Operator.open(demo, '/photos', 'en-US', 'desktop');
    });
    after(() => operator.close());

    it('has no banner once no account is on the sandbox', async () => {
      await operator.page.waitForFunction(
        `Object.values(verifyDesk.state.environments).every(({ environment }) => environment === 'custom')`,
      );
      assert.equal(await operator.page.locator('.cnv-banner').count(), 0);
    });

    it('stops: what was not submitted is not, and what was can be queried again', async () => {
      const before = paid();
      const urls = Array.from({ length: 60 }, (_, at) => `${ELSEWHERE}/sandbox/slow-9/${at}.png`);
      await operator.fillPhotos(urls.join('\n'));
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
      await operator.page.locator('.cnv-row[data-outcome=unfinished]').first().waitFor();
      await operator.page.getByRole('button', { name: operator.word('again') }).click();
      await operator.page.locator('.cnv-filter.cnv-passed', { hasText: String(60 - unsent) }).waitFor();
      assert.equal(paid() - before, calls);
    });

    it('tells what became of the photos when a batch failed, and does not send what may have been processed', async () => {
      // Three batches: taken, answered in a way that does not say, not sent.
      const urls = Array.from({ length: 19 }, (_, index) => `${ELSEWHERE}/batch-${index}.png`);
      urls[9] = `${ELSEWHERE}/sandbox-http-400.png`;
      await operator.fillPhotos(urls.join('\n'));
      await operator.submit();
      const card = await operator.card();
      assert.equal(card.rows.get(operator.word('cost')), operator.word('perhaps-charged'));
      assert.equal(card.rows.get(operator.word('next')), operator.word('ask-before'));
      await operator.page.locator('.cnv-filter.cnv-passed', { hasText: '9' }).waitFor();
      const states = (await operator.rows()).map(([state]) => state);
      const count = (state: string) => states.filter((each) => each === state).length;
      assert.deepEqual([count('passed'), count('uncertain'), count('unsent')], [9, 9, 1]);
      await operator.picture('photos-uncertain');
      await operator.page.getByRole('button', { name: operator.word('rest', { n: 1 }) }).click();
      assert.equal(await operator.page.inputValue('.cnv textarea'), urls[18]);
    });

    it('leaves out the one photo that cannot be sent, and checks the others', async () => {
      const urls = [`${ELSEWHERE}/a.png`, 'https://user:password@photos.example/b.png', `${ELSEWHERE}/c.png`];
      await operator.fillPhotos(urls.join('\n'));
      await operator.submit();
      await operator.finished(3);
      const rows = await operator.rows();
      assert.deepEqual(
        rows.map(([state]) => state),
        ['refused', 'passed', 'passed'],
      );
      assert.match(rows[0]![1], /holds a password/);
    });

    it('takes the consents that an account demands, of the person and of the guardian of a child, and says its price', async () => {
      await change(demo, ({ type }) =>
        type === 'tencent-market-account' ? { consentRequired: true, price: '0.8' } : undefined,
      );
      await operator.choose('kind-person');
      const { page } = operator;
      const born = `${new Date().getFullYear() - 8}0101`;
      const child = `110105${born}002`;
      for (const [consent, guardian, problem] of [
        ['', '', "The person's consent is missing."],
        ['Y-2026-1', '', "The guardian's consent is missing."],
        ['Y-2026-1', 'G-2026-2', undefined],
      ] as const) {
        await operator.fillPerson('张三', child + checkCharacter(`${child}0`));
        await page.getByLabel(operator.word('consent'), { exact: true }).fill(consent);
        await page.getByLabel(operator.word('guardian-consent')).fill(guardian);
        await operator.submit();
        const { outcome, rows } = await operator.card();
        assert.equal(outcome, problem ? 'error' : 'passed');
        if (problem) assert.equal(rows.get(operator.word('reason')), problem);
      }
      await operator.openForm();
      await operator.picture('person-consent');
      // It asks so at start, and once a minute.
      const { id } = FLOW.find(({ type, z }) => type === 'inject' && z === FLOW[0]!.id)!;
      await fetch(`${demo.address}/inject/${id}`, { method: 'POST' });
      await page.getByRole('button', { name: operator.word('check-price', { price: '0.8' }) }).waitFor();
    });
  });
});

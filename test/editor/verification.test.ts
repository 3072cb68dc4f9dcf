/** The sidebar: what waits, what was spent, what is uncertain, and what to look at before going live. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { findText } from '../../src/texts/texts';
import { compared, paidFlow, pay } from '../flows/paid-calls';
import { closeServers, json, type ScriptedServer, scriptedServer } from '../flows/scripted-server';
import { DEPLOYER, type NodeRed, READER, startNodeRed } from '../node-red-process';
import { type RedisServer, startRedis } from '../redis/server';
import { openEditor } from './browser';
import { placed, VERSION, Workbench, words } from './workbench';

const ID = 'cn-verify-verification';
const SHOW = `RED.actions.invoke('cn-verify:show-verification')`;
const PARTS = ['waiting', 'queues', 'spending', 'uncertain', 'check'];
/** Of the sidebar in a window of 1,280 pixels. */
const NARROW = 313;
const NAME = '浙江 <b>账号</b>';

const VARIABLE = 'CN_VERIFY_NOT_SET';
/** Heads of columns that are broken inside a word. */
const BROKEN = `$('#${ID} [data-part="spending"] thead th').toArray().filter((head) => {
  const range = document.createRange();
  range.selectNodeContents(head);
  const lines = new Set([...range.getClientRects()].map(({ top }) => top));
  return lines.size > head.textContent.split(' ').length;
}).length`;
/** Pixels by which it is wider than the sidebar. */
const OVERFLOW = `(({ scrollWidth, clientWidth }) => Math.max(clientWidth - ${NARROW}, scrollWidth - clientWidth, 0))($('#${ID}')[0])`;

const ACCOUNT = { name: NAME, price: 1.25, maxPerDay: 6, maxPerMonth: 1000 };
const POST = { method: 'post' };
const KEYS = { groupKey: 'k', groupSecret: 's' };
const UNSET_KEYS = { secretId: `\${${VARIABLE}}`, key: 'k' };
const others = (baseUrl: string) => [
  { id: 'photos', type: 'xhey-account', environment: 'custom', baseUrl, credentials: KEYS },
  { id: 'liveness', type: 'linkface-account', name: 'Token', environment: 'sandbox' },
  { id: 'keyless', type: 'westdex-account', name: 'Keyless', credentials: UNSET_KEYS },
  placed([100, 300], 'in-poll', 'http in', [['poll', 'answer']], { ...POST, url: '/poll' }),
  placed([400, 300], 'poll', 'truth-poll', [[], []], {
    name: 'Poll',
    account: 'photos',
    interval: 60,
    maxInterval: 60,
  }),
  placed([700, 300], 'catch', 'catch', [[]], { scope: ['poll', 'token', 'three'] }),
  placed([400, 400], 'token', 'get-token', [[]], { account: 'liveness' }),
  placed([400, 500], 'three', 'westdex-three', [[]], { account: 'keyless' }),
];

const queues = (url: string) => [
  { id: 'queue', type: 'verify-queue', name: 'photos', credentials: { url } },
  { id: 'unset', type: 'verify-queue', name: '', credentials: { url: `\${${VARIABLE}}` } },
  placed([100, 600], 'in-job', 'http in', [['call', 'answer']], { ...POST, url: '/job' }),
  placed([400, 600], 'call', 'verify-call', [[], []], { queue: 'queue', wait: 0 }),
  // A node must name the queue: Node-RED asks at each deploy about config nodes that none uses.
  placed([400, 700], 'never', 'verify-call', [[], []], { queue: 'unset' }),
];

describe(`the sidebar and the help in the editor of Node-RED ${VERSION}, which loads them when they are first shown`, () => {
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed({}, { hasUsers: true }, undefined, { httpAdminRoot: '/red' });
  });
  after(() => nodeRed?.stop());

  for (const [locale, token, count] of [
    ['zh-CN', DEPLOYER, 1],
    ['en-US', READER, 0],
  ] as const) {
    it(`come in ${locale} under an admin root of its own, and say ${count ? 'that' : 'nothing where'} settings.js has no lang`, async () => {
      const address = `${nodeRed.address}/red?access_token=${token}`;
      const { page, complaints, close } = await openEditor(address, locale);
      try {
        assert.equal(await page.locator(`#${ID} section`).count(), 0);
        await page.evaluate(SHOW);
        const text = words(locale, 'verification', count ? 'check.as-deployed' : 'check.fine');
        await page.locator(`#${ID}`).getByText(text, { exact: true }).waitFor();
        assert.equal(await page.locator(`#${ID} [data-problem="lang"]`).count(), count);
        await page.evaluate(`RED.sidebar.help.show('get-token')`);
        await page.locator('.red-ui-help:visible h3').first().waitFor();
        assert.deepEqual(complaints, []);
      } finally {
        await close();
      }
    });
  }
});

const LOCALE = 'en-US';

describe(`the sidebar, in the editor of Node-RED ${VERSION} in en-US`, () => {
  let provider: ScriptedServer;
  let redis: RedisServer;
  let bench: Workbench;

  const say = (key: string, values?: Record<string, string | number>) =>
    words(LOCALE, 'verification', key, values);
  const sidebar = () => bench.page.locator(`#${ID}`);
  const part = (name: string) => sidebar().locator(`[data-part="${name}"]`);
  const has = (place: Locator, text: string) => place.getByText(text, { exact: true }).first().waitFor();
  const yuan = (amount: string) => say('amount', { amount });
  const refresh = () => bench.page.getByRole('button', { name: say('refresh'), exact: true }).click();
  /** No Catch gets the error: there is no answer before Node-RED ends. */
  const payInVain = (key: string) => void pay(bench.nodeRed, key).catch(() => {});
  const problems = () => part('check').locator('[data-problem]');

  /** Waits until it is so, and not for the ten seconds of the sidebar itself. */
  async function refreshUntil(effect: Locator): Promise<void> {
    await bench.insist(refresh, effect);
  }

  before(async () => {
    provider = await scriptedServer(({ url }, response) =>
      url.startsWith('/v2')
        ? json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] })
        : json(response, compared()),
    );
    redis = await startRedis();
    bench = await Workbench.alone(LOCALE, [
      // The Catch of `others` stands in its place, and gets no error of the paid call.
      ...paidFlow(provider.baseUrl, ACCOUNT).filter((node) => !('type' in node && node.type === 'catch')),
      ...others(provider.baseUrl),
      ...queues(redis.url),
    ]);
  });
  after(async () => {
    await bench?.close();
    await bench?.nodeRed.stop();
    closeServers();
    await redis?.stop();
  });
  afterEach(() => bench.tidy());

  it('is found in its menu and by its action, and says that there is nothing yet', async () => {
    await bench.page.evaluate(SHOW);
    await has(part('waiting'), words(LOCALE, 'truth-poll', 'form.tasks-none'));
    await has(part('spending'), say('spending.none'));
    await has(part('uncertain'), say('uncertain.none'));
    for (const name of PARTS)
      await sidebar()
        .getByRole('region', { name: say(`${name}.title`), exact: true })
        .waitFor();
  });

  it('counts the jobs of a queue, and says why it cannot', async () => {
    assert.equal((await fetch(`${bench.nodeRed.address}/job`, { method: 'POST' })).status, 200);
    const row = (id: string) => part('queues').locator(`[data-queue="${id}"]`);
    const counts = row('queue').getByText(say('queues.counts', { waiting: 1, active: 0, failed: 0 }));
    await refreshUntil(counts);
    await row('queue')
      .getByRole('button', { name: say('show', { node: 'photos' }) })
      .waitFor();
    const unset = findText('', 'errors.variable-not-set.text', { variable: VARIABLE }, LOCALE);
    assert.ok((await row('unset').textContent())!.includes(unset));
  });

  it('checks what was deployed before it goes live', async () => {
    await problems().first().waitFor();
    const found = await problems().evaluateAll((items) =>
      items.map((item) => [
        item.getAttribute('data-problem'),
        item.querySelector('button')?.textContent ?? '',
      ]),
    );
    const onSandbox = words(LOCALE, 'linkface-account', 'label.on-sandbox', { name: 'Token' });
    assert.deepEqual(found, [
      ['unready', 'Keyless'],
      ['sandbox', onSandbox],
      ['uncaught', 'Compare'],
      // The runtime has its `lang`.
    ]);
    const [unready] = await problems().allTextContents();
    const missing = findText('', 'errors.variable-not-set.text', { variable: VARIABLE }, LOCALE);
    assert.ok(unready!.includes(missing), unready);
    await bench.page.getByRole('button', { name: say('show', { node: 'Compare' }) }).click();
    await bench.page.getByRole('button', { name: say('show', { node: 'Keyless' }) }).click();
    await bench.page.waitForSelector('#node-config-dialog-cancel', { state: 'visible' });
  });

  it('shows what was spent and how much of the budget is used, at 313 pixels', async () => {
    await pay(bench.nodeRed, 'a');
    await pay(bench.nodeRed, 'b');
    await bench.page.evaluate(`$('#red-ui-sidebar').width(${NARROW})`);
    const row = part('spending').locator('[data-day]');
    // Until a call is answered, nobody knows whether it is charged.
    await refreshUntil(row.locator('td:nth-of-type(2)', { hasText: /^2$/ }));
    assert.deepEqual(await row.locator('th, td').allTextContents(), [NAME, '2', '2', '0', yuan('2.50')]);
    assert.equal(await bench.page.evaluate(BROKEN), 0);
    const meters = part('spending').getByRole('meter');
    const attributes = ['aria-valuenow', 'aria-valuemax', 'data-state', 'aria-label'];
    assert.deepEqual(
      await meters.evaluateAll(
        (all, names) => all.map((each) => names.map((name) => each.getAttribute(name))),
        attributes,
      ),
      [
        ['2', '6', 'fine', say('spending.budget', { account: NAME, period: say('spending.today') })],
        ['2', '1000', 'fine', say('spending.budget', { account: NAME, period: say('spending.this-month') })],
      ],
    );
    await has(part('spending'), say('spending.price', { amount: yuan('1.25') }));
    assert.equal(await bench.page.evaluate(OVERFLOW), 0);
    await bench.picture('verification');
  });

  it('shows what waits, and that it is gone once it was dropped', async () => {
    await fetch(`${bench.nodeRed.address}/poll`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ taskIds: ['1'] }),
    });
    const row = part('waiting').locator('[data-node="poll"]');
    await refreshUntil(row);
    await has(part('waiting'), 'Poll');
    await bench.picture('verification-waiting');
    await row.locator('[data-action="drop"]').click();
    await bench.page
      .locator('.red-ui-notification')
      .getByRole('button', { name: words(LOCALE, 'truth-poll', 'form.tasks-drop') })
      .click();
    await row.waitFor({ state: 'detached' });
    await has(part('waiting'), words(LOCALE, 'truth-poll', 'form.tasks-none'));
  });

  it('releases an uncertain call after a second question, with the keyboard', async () => {
    provider.script = (_request, response) => response.destroy();
    payInVain('c');
    const call = part('uncertain').locator('[data-call]');
    await refreshUntil(call);
    await has(call, 'Compare');
    await part('spending').locator('[data-day]').getByText(yuan('3.75'), { exact: true }).waitFor();
    const button = call.getByRole('button', { name: say('uncertain.release') }).first();
    await button.focus();
    // What is drawn anew does not take the cursor away.
    const response = bench.page.waitForResponse((response) => response.url().includes('/cn-verify/ledger'));
    await bench.page.evaluate(`RED.events.emit('deploy')`);
    await response;
    await bench.page.waitForFunction(`document.activeElement.matches('[data-call] button')`);
    await bench.page.keyboard.press('Enter');
    const sure = bench.page.locator('.red-ui-notification');
    await sure.waitFor();
    await bench.picture('verification-release');
    await sure.getByRole('button', { name: say('uncertain.keep'), exact: true }).click();
    await sure.waitFor({ state: 'detached' });
    assert.equal(await call.count(), 1);
    await button.click();
    await sure.getByRole('button', { name: say('uncertain.release'), exact: true }).click();
    await call.waitFor({ state: 'detached' });
    await has(part('uncertain'), say('uncertain.none'));
    assert.equal(await part('spending').getByRole('meter').first().getAttribute('data-state'), 'fine');
  });

  it('releases all uncertain calls together', async () => {
    for (const key of ['x', 'y']) payInVain(key);
    const calls = part('uncertain').locator('[data-call]');
    await refreshUntil(calls.nth(1));
    await part('uncertain')
      .getByRole('button', { name: say('uncertain.release-all') })
      .click();
    const sure = bench.page.locator('.red-ui-notification');
    await has(sure, say('uncertain.sure-all', { count: 2 }));
    await sure.getByRole('button', { name: say('uncertain.release-all'), exact: true }).click();
    await has(part('uncertain'), say('uncertain.none'));
    assert.equal(await calls.count(), 0);
  });

  it('marks a budget that is nearly and wholly used', async () => {
    provider.script = (_request, response) => json(response, compared());
    await pay(bench.nodeRed, 'd');
    await refreshUntil(part('spending').locator('[data-state="full"]'));
  });

  it('begins with what is to be done before going live', async () => {
    assert.equal(await sidebar().locator('[data-part]').first().getAttribute('data-part'), 'check');
  });

  it('gives the table of a month', async () => {
    const [file] = await Promise.all([
      bench.page.waitForEvent('download'),
      part('spending')
        .getByRole('button', { name: say('spending.csv') })
        .click(),
    ]);
    assert.match(file.suggestedFilename(), /^cn-verify-ledger-\d{4}-\d{2}\.csv$/);
    assert.ok(readFileSync((await file.path())!, 'utf8').includes(`${NAME} (payer)`));
  });

  it('compares a bill that is chosen with the ledger', async () => {
    const bill = part('bill');
    const name = 'bill.csv';
    const choose = (text: string) =>
      bill
        .locator('input[type=file]')
        .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await choose('订单号,金额\nnobody-knows-it,1.25\n');
    const missing = bill.locator('[data-kind="missing"]');
    await missing.locator('summary').click();
    await missing.getByText('nobody-knows-it').first().waitFor();
    await bill.locator('[data-kind="unbilled"]').waitFor();
  });

  it('shows another month that is chosen', async () => {
    const month = part('spending').getByRole('combobox', { name: say('spending.month') });
    assert.equal(await month.locator('option').count(), 13);
    await month.selectOption({ index: 1 });
    await has(part('spending'), say('spending.none'));
    await part('spending').getByRole('combobox').selectOption({ index: 0 });
    await part('spending').locator('[data-day]').first().waitFor();
  });

  it('refreshes by itself when something is deployed', async () => {
    await bench.edit('poll');
    await bench.page.fill('#node-input-name', 'Renamed');
    await bench.done();
    await bench.node('catch').locator('.red-ui-flow-node').click();
    await bench.page.keyboard.press('Delete');
    await bench.deploy();
    await part('check').getByText('Renamed', { exact: true }).waitFor();
    // What is wrong with several nodes is one line.
    assert.equal(await part('check').locator('[data-problem="uncaught"]').count(), 1);
    const named = await part('check').locator('[data-problem="uncaught"] button').allTextContents();
    assert.ok(named.length >= 2);
    // One without a name is found by its flow.
    const [node, flow] = (await bench.page.evaluate(
      `[RED.utils.getNodeLabel(RED.nodes.node('token')), RED.nodes.workspace('tab').label]`,
    )) as [string, string];
    assert.ok(named.includes(say('in-flow', { node, flow })), String(named));
  });

  it('fits in Chinese, too', async () => {
    const { page, complaints, close } = await openEditor(bench.nodeRed.address, 'zh-CN');
    try {
      await page.evaluate(SHOW);
      await page.evaluate(`$('#red-ui-sidebar').width(${NARROW})`);
      await page.locator(`#${ID} [data-part="spending"] [data-day]`).first().waitFor();
      for (const name of ['check', 'queues'])
        await page.locator(`#${ID} [data-part="${name}"] > *`).first().waitFor();
      for (const wrong of [BROKEN, OVERFLOW]) assert.equal(await page.evaluate(wrong), 0);
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });

  it('says so when Node-RED does not answer', async () => {
    await bench.page.route('**/cn-verify/**', (route) => route.abort());
    await refresh();
    for (const name of PARTS) await has(part(name), say('not-reached'));
    await bench.page.unroute('**/cn-verify/**');
    // The console tells of requests that failed.
    bench.complaints.length = 0;
    await refreshUntil(part('spending').locator('[data-day]').first());
  });
});

/** The test button of an account's form, in a real Chromium: accounts against a server that answers in turn. */
import assert from 'node:assert/strict';
import { findText } from '../../src/texts/texts';
import { closeServers, json, type ScriptedServer, scriptedServer } from '../flows/scripted-server';
import { leaksIn } from '../private';
import { Workbench, words } from './workbench';

const SECRET = 'a-secret-of-the-test';
const ACCOUNT = 'test-button-account';

const LOCALE = 'zh-CN';

describe('the test button of an account', () => {
  const form = (key: string, values = {}) => words(LOCALE, 'xhey-account', `form.${key}`, values);
  const tested = (key: string) => findText('', `test.${key}`, {}, LOCALE);
  const said = (word: string, text = '') => form('test-result', { word: form(word), text });
  let bench: Workbench;
  const page = () => bench.page;
  let server: ScriptedServer;
  const sent: string[] = [];

  const account = (id: string, keys = {}) => ({
    id,
    type: 'xhey-account',
    name: 'tested',
    environment: 'custom',
    baseUrl: server.baseUrl,
    credentials: { groupKey: 'groupKey', groupSecret: SECRET, ...keys },
  });

  before(async () => {
    server = await scriptedServer((_asked, response) => json(response, { code: 404, msg: '', data: null }));
    // The browser's language is meant, not the runtime's.
    const flows = [
      account(ACCOUNT),
      account('rotating', { nextGroupKey: 'next-key', nextGroupSecret: 'next-secret-of-the-test' }),
    ];
    bench = await Workbench.open(LOCALE, flows, 'en-US');
    page().on('request', (request) => {
      if (request.url().includes('/cn-verify/')) sent.push(`${request.url()} ${request.postData() ?? ''}`);
    });
  });
  after(async () => {
    await bench?.close();
    closeServers();
  });

  const open = (id = ACCOUNT) => bench.editConfig('xhey-account', id);
  const close = () => bench.cancel('node-config');
  const test = (state: string) => bench.test('xhey-account', state);
  const showTab = (name: string) => page().locator(`form:visible #red-ui-tab-${name} a`).click();

  it('shows that the account works, is refused and cannot be reached', async () => {
    await open();
    assert.equal(await page().textContent('#xhey-account-test-result'), form('test-as-deployed'));
    assert.deepEqual(await test('works'), [said('test-works', tested('works'))]);

    server.script = (_asked, response) => json(response, { code: 4007, msg: `no ${SECRET}`, data: null });
    const [refused = ''] = await test('refused');
    assert.ok(refused.startsWith(said('test-refused')), refused);
    assert.match(refused, /4007: no …/);
    assert.doesNotMatch(refused, /。 /);

    server.script = (_asked, response) => response.socket!.destroy();
    const [unreachable = ''] = await test('unreachable');
    assert.ok(unreachable.startsWith(said('test-unreachable')), unreachable);

    assert.equal(await page().isEnabled('#xhey-account-test'), true);
    const shown = await page().locator('.red-ui-tray-body').last().textContent();
    assert.deepEqual(leaksIn(shown!), []);
    await close();
    assert.deepEqual(
      new Set(sent),
      new Set([`${bench.nodeRed.address}/cn-verify/accounts/${ACCOUNT}/test `]),
    );
  });

  it('shows how far the clock of this machine is off', async () => {
    await open();
    for (const [minutes, key] of [
      [10, 'test-clock-behind'],
      [-10, 'test-clock-ahead'],
    ] as const) {
      server.script = (_asked, response) => {
        response.setHeader('Date', new Date(Date.now() + minutes * 60_000).toUTCString());
        json(response, { code: 404, msg: '', data: null });
      };
      const [, line = ''] = await test('works');
      const [before = '', after = ''] = form(key, { seconds: '__seconds__' }).split('__seconds__');
      assert.ok(line.startsWith(before) && line.endsWith(after), line);
      const seconds = Number(line.slice(before.length, -after.length));
      // The machine may be slow, too.
      assert.ok(Math.abs(seconds - 600) <= 60, line);
      // The next one is not this one, which is still shown.
      await page().evaluate(`$('#xhey-account-test-result').removeAttr('data-state')`);
    }
    await close();
  });

  it('shows which pair of keys is in use, before and after the first one is refused', async () => {
    server.script = ({ headers }, response) =>
      json(response, { code: headers.groupkey === 'next-key' ? 404 : 4007, msg: '', data: null });
    await open('rotating');
    await showTab('keys');
    const keys = page().locator('#xhey-account-keys');
    await page().waitForSelector('#xhey-account-keys[data-in-use="first"]', { state: 'visible' });
    assert.equal(await keys.textContent(), form('keys-first'));
    await showTab('connection');
    assert.deepEqual(await test('works'), [said('test-works', tested('works-next-pair'))]);
    await showTab('keys');
    await page().waitForSelector('#xhey-account-keys[data-in-use="next"]', { state: 'visible' });
    assert.equal(await keys.textContent(), form('keys-next'));

    await page().fill('#node-config-input-nextGroupSecret', '');
    await page().keyboard.press('Tab');
    await page().waitForSelector('#node-config-input-nextGroupSecret.input-error');
    await page().fill('#node-config-input-nextGroupKey', '');
    await page().keyboard.press('Tab');
    await page().waitForSelector('#node-config-input-nextGroupSecret:not(.input-error)');
    const shown = await page().locator('.red-ui-tray-body').last().innerHTML();
    assert.deepEqual(leaksIn(shown), []);
    await close();
  });

  it('wants an account with changes, and a new one, to be deployed first', async () => {
    await page().evaluate(`RED.nodes.node('${ACCOUNT}').changed = true`);
    await open();
    assert.equal(await page().isEnabled('#xhey-account-test'), false);
    assert.equal(await page().textContent('#xhey-account-test-result'), form('test-deploy-first'));
    await close();
    await page().evaluate(`RED.nodes.node('${ACCOUNT}').changed = false`);

    await bench.editConfig('linkface-account', '_ADD_');
    assert.equal(await page().isEnabled('#linkface-account-test'), false);
    assert.equal(await page().textContent('#linkface-account-test-result'), form('test-deploy-first'));
    await close();
  });

  it('says that it was not run where the account is gone', async () => {
    await open();
    await bench.nodeRed.deploy([]);
    const [gone = ''] = await test('not-run');
    assert.equal(gone, said('test-not-run', tested('not-deployed')));
  });
});

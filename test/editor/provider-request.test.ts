/** The form of provider-request in a real Chromium: it takes an account of any provider. */
import assert from 'node:assert/strict';
import type { FlowNode } from '../flows/runtime';
import { placed, VERSION, Workbench, words } from './workbench';

const FLOW = [
  { id: 'team', type: 'xhey-account', name: 'the team', environment: 'sandbox' },
  { id: 'shop', type: 'westdex-account', name: 'the shop', environment: 'sandbox' },
  placed([200, 100], 'of-westdex', 'provider-request', [[]], { account: 'shop', apiCode: 'a' }),
  placed([200, 200], 'empty', 'provider-request', [[]], { account: '' }),
];

const LOCALE = 'en-US';

describe(`provider-request, in the editor of Node-RED ${VERSION} in en-US`, () => {
  let bench: Workbench;
  before(async () => {
    bench = await Workbench.open(LOCALE, FLOW);
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  const row = (name: string) => bench.page.locator(`.form-row:has(#node-input-${name})`);
  const shown = async () => {
    const names = ['path', 'apiCode', 'query', 'encrypt', 'extra'];
    const visible = await Promise.all(names.map((name) => row(name).isVisible()));
    return names.filter((_, index) => visible[index]);
  };
  const provider = () => bench.page.locator('#provider-request-provider');
  const nodes = (id: string) =>
    bench.page.evaluate(
      `RED.nodes.convertNode(RED.nodes.node('${id}'), { credentials: false })`,
    ) as Promise<FlowNode>;
  const users = (id: string) =>
    bench.page.evaluate(`RED.nodes.node('${id}').users.map(({ id }) => id)`) as Promise<string[]>;

  it('shows the provider of its account, and the rows of that provider alone', async () => {
    assert.deepEqual(await users('shop'), ['of-westdex']);
    await bench.edit('of-westdex');
    assert.equal(await provider().inputValue(), 'westdex-account');
    assert.equal(await bench.page.inputValue('#node-input-account'), 'shop');
    assert.deepEqual(await shown(), ['apiCode', 'encrypt', 'extra']);
    await provider().selectOption('linkface-account');
    assert.deepEqual(await shown(), ['path', 'query']);
    assert.equal(await bench.page.inputValue('#node-input-account'), '_ADD_');
    await provider().selectOption('westdex-account');
    assert.equal(await bench.page.inputValue('#node-input-account'), 'shop');
    await bench.picture('provider-request');
  });

  it('offers what is known of the provider, with its words', async () => {
    await bench.edit('empty');
    assert.equal(await provider().inputValue(), 'xhey-account');
    const input = row('path').locator('.red-ui-typedInput-input');
    await input.click();
    await input.pressSequentially('sub');
    const known = words(LOCALE, 'xhey-account', 'known./v2/department/sublist');
    const option = bench.page.locator('.red-ui-menu:visible', { hasText: known });
    await option.waitFor();
    await bench.page.keyboard.press('Escape');
  });

  it('is invalid without what its provider needs, and is saved with the account of another', async () => {
    await bench.edit('of-westdex');
    await provider().selectOption('xhey-account');
    await bench.page.selectOption('#node-input-account', 'team');
    await row('path').locator('.red-ui-typedInput-input').fill('/v2/department/sublist');
    await bench.done();
    const { account, path, apiCode } = await nodes('of-westdex');
    assert.deepEqual([account, path, apiCode], ['team', '/v2/department/sublist', '']);
    assert.deepEqual([await users('shop'), await users('team')], [[], ['of-westdex']]);
    assert.equal(await bench.page.evaluate(`RED.nodes.node('of-westdex').valid`), true);
    assert.equal(await bench.page.evaluate(`RED.nodes.node('empty').valid`), false);
  });

  it('adds an account of the provider that it shows', async () => {
    await bench.edit('empty');
    await provider().selectOption('tencent-market-account');
    await bench.page.click('#node-input-btn-account-add');
    await bench.page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
    await bench.page.fill('#node-config-input-name', 'new');
    await bench.page.selectOption('#node-config-input-environment', 'sandbox');
    await bench.page.click('#node-config-dialog-ok');
    await bench.page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    const account = await bench.page.inputValue('#node-input-account');
    assert.equal(await bench.page.evaluate(`RED.nodes.node('${account}').type`), 'tencent-market-account');
    await bench.done();
    assert.equal((await nodes('empty')).account, account);
    assert.deepEqual(await users(account), ['empty']);
    assert.equal(await bench.page.evaluate(`RED.nodes.node('empty').valid`), true);
  });

  it('hides what only a call that costs has', async () => {
    await bench.edit('of-westdex');
    await bench.page.click('#provider-request-more summary');
    assert.ok(await row('key').isVisible());
    await bench.page.uncheck('#node-input-paid');
    assert.deepEqual([await row('key').isVisible(), await row('reuse').isVisible()], [false, false]);
  });
});

/** A package that is installed while the editor is open: its plugins may be loaded after its nodes. */
import assert from 'node:assert/strict';
import { VERSION, Workbench, words } from './workbench';

const START = '<!-- --- [red-plugin:@cn-verify/node-red-cn-verify/forms] --- -->';
const FLOW = [
  { id: 'get', type: 'get-token', z: 'tab', name: '', account: 'account', x: 200, y: 100, wires: [[]] },
  { id: 'account', type: 'linkface-account', name: '', environment: 'sandbox' },
];

describe(`what forms share, loaded after the nodes by Node-RED ${VERSION}`, () => {
  let bench: Workbench;
  before(async () => {
    bench = await Workbench.open('en-US', FLOW);
  });
  after(() => bench?.close());

  it('completes the forms, labels and texts of nodes that are there already', async () => {
    const { page } = bench;
    let late = '';
    await page.route('**/plugins*', async (route) => {
      if (route.request().headers().accept !== 'text/html') return route.continue();
      const response = await route.fetch();
      const parts = (await response.text()).split(/(?=<!-- --- \[red-plugin:)/);
      late = parts.find((part) => part.startsWith(START)) ?? '';
      return route.fulfill({ response, body: parts.filter((part) => part !== late).join('') });
    });
    await page.reload();
    await page.waitForFunction("window.RED && RED.nodes && RED.nodes.node('get')");
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    assert.equal(await page.evaluate("RED.plugins.getPlugin('cn-verify-forms') ?? null"), null);
    await page.evaluate(`$('#red-ui-editor-plugin-configs').append(${JSON.stringify(late)})`);

    const node = "RED.nodes.node('get')";
    const label = words('en-US', 'forms', 'label.on-sandbox', {
      name: words('en-US', 'get-token', 'label.palette'),
    });
    assert.equal(await page.evaluate(`RED.utils.getNodeLabel(${node})`), label);
    const account = "RED.nodes.node('account')";
    const called = (name: string) =>
      page.evaluate(`(${account}.name = '${name}', RED.utils.getNodeLabel(${account}))`);
    assert.equal(await called('ours'), 'ours (sandbox)');
    assert.equal(await called('our Sandbox'), 'our Sandbox', 'not twice');
    assert.equal(await page.evaluate(`${node}._('form.fixed')`), words('en-US', 'forms', 'form.fixed'));
    await page.evaluate(`RED.editor.edit(${node})`);
    await page.waitForSelector('#node-input-sequenceId + .red-ui-typedInput-container', {
      state: 'attached',
    });
    const wrong = await page.evaluate(
      `${node}._def.defaults.sequenceId.validate.call(${node}, '', { label: 'L' })`,
    );
    assert.equal(wrong, true);
  });
});

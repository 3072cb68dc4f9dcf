/** A Chinese reader meets no English: forms, help, palette, ports, and what a node says when something is wrong. */
import assert from 'node:assert/strict';
import { foreignWords } from '../chinese';
import { placed, VERSION, Workbench } from './workbench';

const ACCOUNTS: Record<string, string> = {
  'truth-create': 'xhey-account',
  'truth-poll': 'xhey-account',
  'get-token': 'linkface-account',
  'face-compare': 'tencent-market-account',
  'westdex-three': 'westdex-account',
  'provider-request': 'xhey-account',
};
const ACTIONS = Object.keys(ACCOUNTS);

/** One of each action, with a message that it cannot use. */
const FLOWS = [
  ...ACTIONS.flatMap((type, index) => {
    const y = 160 + 60 * index;
    const message = { props: [{ p: 'payload' }], payload: '', payloadType: 'str' };
    const settings = { account: `account-of-${type}`, detectionType: 'payload', detectionTypeType: 'msg' };
    return [
      placed([140, y], `press-${type}`, 'inject', [[`the-${type}`]], message),
      placed([360, y], `the-${type}`, type, type === 'truth-poll' ? [[], []] : [[]], settings),
      { id: `account-of-${type}`, type: ACCOUNTS[type], name: '', environment: 'sandbox' },
    ];
  }),
];

describe(`no English in the editor of Node-RED ${VERSION} in zh-CN`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open('zh-CN', FLOWS);
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  /** What is to be read in an element, its options and its hints included; code, and names of properties, apart. */
  async function read(selector: string): Promise<string[]> {
    const texts = await bench.page.evaluate(`(() => {
      const copy = $(${JSON.stringify(selector)}).last().clone();
      copy.find('script, style, code, pre, dt, .red-ui-button-small').remove();
      // In the palette, a line that names the package.
      copy.find('p').filter((_, each) => each.textContent.startsWith('@cn-verify/')).remove();
      // The options of tls-config and http proxy are Node-RED's own, as are the prefixes of typed inputs.
      copy.find('[id$="-tls"] option, [id$="-proxy"] option, .red-ui-typedInput-type-label').remove();
      // A placeholder may be code, the same in every language.
      const hints = copy.find('*').toArray().flatMap((each) =>
        ['title', 'aria-label'].map((name) => each.getAttribute(name) ?? ''));
      const texts = copy.find('*').addBack().contents().toArray().filter((each) => each.nodeType === Node.TEXT_NODE);
      return [...texts.map((each) => each.data), ...hints].join(' ');
    })()`);
    assert.match(String(texts), /\p{Script=Han}/u, selector);
    return foreignWords(String(texts));
  }

  for (const action of ACTIONS) {
    it(`${action}: form, account and help`, async () => {
      await bench.edit(`the-${action}`);
      assert.deepEqual(await read('.red-ui-tray-body:last .red-ui-tray-content:first'), []);
      await bench.editAccount();
      assert.deepEqual(await read('.red-ui-tray-body:last .red-ui-tray-content:first'), []);
      await bench.cancel('node-config');
      await bench.cancel();
      for (const type of [action, ACCOUNTS[action]!]) {
        await bench.page.evaluate(`RED.sidebar.help.show('${type}')`);
        await bench.page.waitForFunction(
          `$('.red-ui-help:visible code').first().text() === '${type}' && $('.red-ui-help:visible h3').length > 0`,
        );
        await bench.picture(`help-${type}`);
        assert.deepEqual(await read('.red-ui-help:visible'), []);
      }
    });

    it(`${action}: palette and ports`, async () => {
      const entry = bench.page.locator(`.red-ui-palette-node[data-palette-type="${action}"]`);
      await entry.scrollIntoViewIfNeeded();
      await entry.hover();
      await bench.page.waitForSelector('.red-ui-popover:visible');
      assert.deepEqual(await read('.red-ui-popover:visible'), []);
      await bench.page.mouse.move(700, 700);
      await bench.page.waitForSelector('.red-ui-popover', { state: 'detached' });
      for (const port of await bench.node(`the-${action}`).locator('.red-ui-flow-port-output').all()) {
        await port.hover();
        await bench.page.waitForSelector('.red-ui-flow-port-tooltip');
        assert.deepEqual(await read('.red-ui-flow-port-tooltip'), []);
        await bench.page.mouse.move(700, 700);
        await bench.page.waitForSelector('.red-ui-flow-port-tooltip', { state: 'detached' });
      }
    });

    it(`${action}: status and error of a message it cannot use`, async () => {
      await bench.showDebugPane();
      await bench.press(`press-${action}`);
      await bench.status(`the-${action}`, '沙箱 输入有误 INPUT');
      const shown = bench.page.locator(`.red-ui-debug-msg-node-the-${action} .red-ui-debug-msg-payload`);
      await shown.locator('.red-ui-debug-msg-object-header, .red-ui-debug-msg-expandable').first().click();
      await bench.picture(`error-${action}`);
      // Names of properties are Node-RED's, as is how it writes an object in one and where it cuts a text short.
      const said = String(await shown.textContent()).replace(
        /"\[object Object\]"|"Error"|\w+: |[\w-]+…/g,
        ' ',
      );
      assert.deepEqual(foreignWords(said), []);
      assert.deepEqual(await read(`[id="the-${action}"] .red-ui-flow-node-status-label`), []);
    });
  }
});

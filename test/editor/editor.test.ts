/** The nodes in the editor, in a real Chromium. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { type Demo, ROOT, startDemo } from '../demo-process';
import { type Opened, openEditor } from './browser';
import { VERSION } from './workbench';

const ACTION_NODES = ['truth-create', 'truth-poll', 'get-token', 'face-compare', 'westdex-three'];
const ACCOUNT_NODES = ['xhey-account', 'linkface-account', 'tencent-market-account', 'westdex-account'];

interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

const EXAMPLES = readdirSync(join(ROOT, 'examples')).flatMap(
  (file) => JSON.parse(readFileSync(join(ROOT, 'examples', file), 'utf8')) as FlowNode[],
);

for (const locale of ['en-US', 'zh-CN']) {
  describe(`the editor of Node-RED ${VERSION} in ${locale}`, () => {
    let demo: Demo;
    let editor: Opened;
    let page: Page;

    before(async () => {
      demo = await startDemo();
      editor = await openEditor(demo.address, locale);
      page = editor.page;
    });

    after(async () => {
      await editor?.close();
      await demo?.stop();
    });

    afterEach(() => {
      assert.deepEqual(editor.complaints.splice(0), []);
    });

    it('is that version', async () => {
      const [version] = String(await page.evaluate('RED.settings.version')).split('-');
      assert.equal(version, VERSION);
    });

    it('has the nodes in the palette', async () => {
      for (const type of ACTION_NODES) {
        const entries = await page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`).count();
        assert.equal(entries, 1, type);
      }
    });

    it('writes their names in the palette as they are written elsewhere', async () => {
      for (const type of ACTION_NODES) {
        const label = page.locator(`.red-ui-palette-node[data-palette-type="${type}"] .red-ui-palette-label`);
        const [text] = await label.allInnerTexts();
        assert.equal(text!.replace(/\u2011\n?/, '-'), type);
      }
    });

    for (const type of ACTION_NODES) {
      it(`opens the form of ${type}, filled and without a mark of something invalid`, async () => {
        const node = EXAMPLES.find((each) => each.type === type)!;
        await page.evaluate(`RED.editor.edit(RED.nodes.node('${node.id}'))`);
        await page.waitForSelector('#node-dialog-ok', { state: 'visible' });
        assert.equal(await page.inputValue('#node-input-name'), node.name);
        assert.equal(await page.inputValue('#node-input-account'), node.account);
        assert.equal(await page.locator('#dialog-form .input-error').count(), 0);
        await assertWords();
        await page.click('#node-dialog-ok');
        await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
      });
    }

    for (const type of ACCOUNT_NODES) {
      it(`opens the form of ${type}`, async () => {
        const node = EXAMPLES.find((each) => each.type === type)!;
        await page.evaluate(`RED.editor.editConfig('', '${type}', '${node.id}')`);
        await page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
        assert.equal(await page.inputValue('#node-config-input-name'), node.name);
        assert.equal(await page.inputValue('#node-config-input-environment'), 'sandbox');
        await assertWords();
        await page.click('#node-config-dialog-ok');
        await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
      });
    }

    it('tells a wrong condition of westdex-three from a right one', async () => {
      const validate = (expression: string) =>
        page.evaluate(`(() => {
          const node = RED.nodes.node('${EXAMPLES.find(({ type }) => type === 'westdex-three')!.id}');
          return node._def.defaults.passWhen.validate.call(node, ${JSON.stringify(expression)}, { label: 'L' });
        })()`);
      for (const right of ['', ' ', 'code = "0"']) assert.equal(await validate(right), true);
      assert.match(String(await validate('code = ')), /^L[:：]/);
    });

    it('loses and changes no property when a flow is deployed', async () => {
      await page.evaluate(`RED.nodes.dirty(true)`);
      await page.evaluate(`RED.actions.invoke('core:deploy-flows')`);
      await page.waitForFunction(`!RED.nodes.dirty()`);
      const deployed = (await (await fetch(`${demo.address}/flows`)).json()) as FlowNode[];
      const own = [...ACCOUNT_NODES, ...ACTION_NODES];
      for (const node of EXAMPLES.filter(({ type }) => own.includes(type))) {
        assert.deepEqual(
          deployed.find(({ id }) => id === node.id),
          node,
        );
      }
    });

    /** A catalogue key that has no text is shown as it is. */
    async function assertWords() {
      const text = await page.locator('.red-ui-tray-body').last().textContent();
      assert.doesNotMatch(text!, /\b(form|label|errors|warnings)\.[a-z-]+/);
    }
  });
}

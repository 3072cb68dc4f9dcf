/** Every example, through the dialog that imports it, into an empty editor. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../demo-process';
import { VERSION, Workbench } from './workbench';

interface FlowNode {
  type: string;
  name?: string;
  label?: string;
}

const FILES = readdirSync(join(ROOT, 'examples')).sort();
const nodesOf = (file: string): FlowNode[] => JSON.parse(readFileSync(join(ROOT, 'examples', file), 'utf8'));

describe(`importing the examples, in the editor of Node-RED ${VERSION}`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open('en-US');
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  for (const file of FILES) {
    it(`${file} comes in whole, with nothing unknown or invalid`, async () => {
      const { page } = bench;
      const dialog = page.locator('#red-ui-clipboard-dialog');
      await bench.insist(() => page.keyboard.press('Control+i'), dialog);
      const folder = dialog.getByText('@cn-verify/node-red-cn-verify', { exact: true });
      await bench.insist(() => page.click('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples'), folder);
      const example = dialog.getByText(file.replace('.json', ''), { exact: true });
      await bench.insist(() => folder.click(), example);
      await bench.insist(() => example.click(), page.locator('#red-ui-clipboard-dialog-ok:enabled'));
      await page.click('#red-ui-clipboard-dialog-ok');
      await dialog.waitFor({ state: 'hidden' });
      const { label } = nodesOf(file).find(({ type }) => type === 'tab')!;
      const id = `(() => {
          let found;
          RED.nodes.eachWorkspace((each) => { if (each.label === ${JSON.stringify(label)}) found = each.id; });
          return found;
        })()`;
      await page.waitForFunction(id);
      // There are more tabs than fit beside each other.
      await page.evaluate(`RED.workspaces.show(${id})`);
      assert.equal(await page.locator('.red-ui-flow-node-error:visible').count(), 0);
      await bench.picture(`example-${file.replace('.json', '')}`);
    });
  }

  it('all are deployed as they are', async () => {
    await bench.deploy();
    const wordsOf = ({ type, name, label }: FlowNode) => `${type} ${name ?? label ?? ''}`;
    const deployed = (await (await bench.nodeRed.ask('/flows')).json()) as { flows: FlowNode[] };
    const names = deployed.flows.map(wordsOf);
    for (const wanted of FILES.flatMap(nodesOf).map(wordsOf)) {
      assert.ok(names.includes(wanted), wanted);
      names.splice(names.indexOf(wanted), 1);
    }
  });
});

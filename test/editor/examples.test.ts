/** Every example, through the dialog that imports it, into an empty editor. */
import assert from 'node:assert/strict';
import { EXAMPLES, type ExampleNode } from '../example-flows';
import { VERSION, Workbench } from './workbench';

describe(`importing the examples, in the editor of Node-RED ${VERSION}`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open('en-US');
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  for (const [name, { path: file, nodes }] of EXAMPLES) {
    it(`${name} comes in whole, with nothing unknown or invalid`, async () => {
      const { page } = bench;
      const dialog = page.locator('#red-ui-clipboard-dialog');
      await bench.insist(() => page.keyboard.press('Control+i'), dialog);
      const [folderName, fileName] = file.replace('.json', '').split('/');
      const ours = dialog.getByText('@cn-verify/node-red-cn-verify', { exact: true });
      await bench.insist(() => page.click('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples'), ours);
      const folder = dialog.getByText(folderName!, { exact: true });
      await bench.insist(() => ours.click(), folder);
      const example = dialog.getByText(fileName!, { exact: true });
      await bench.insist(() => folder.click(), example);
      await bench.insist(() => example.click(), page.locator('#red-ui-clipboard-dialog-ok:enabled'));
      const shared = nodes.filter(({ z, type }) => !z && type !== 'tab').map(({ id }) => id);
      const isThere = await page.evaluate(`${JSON.stringify(shared)}.some((id) => RED.nodes.node(id))`);
      await page.click('#red-ui-clipboard-dialog-ok');
      await dialog.waitFor({ state: 'hidden' });
      // Node-RED asks; the copy goes on with the account that is there.
      if (isThere) await page.locator('.red-ui-notification button', { hasText: 'Import copy' }).click();
      const { label } = nodes.find(({ type }) => type === 'tab')!;
      const id = `(() => {
          let found;
          RED.nodes.eachWorkspace((each) => { if (each.label === ${JSON.stringify(label)}) found = each.id; });
          return found;
        })()`;
      await page.waitForFunction(id);
      // There are more tabs than fit beside each other.
      await page.evaluate(`RED.workspaces.show(${id})`);
      assert.equal(await page.locator('.red-ui-flow-node-error:visible').count(), 0);
      await bench.picture(`example-${name}`);
    });
  }

  it('all are deployed as they are', async () => {
    await bench.deploy();
    const wordsOf = ({ type, name, label }: ExampleNode) => `${type} ${name ?? label ?? ''}`;
    const deployed = (await (await bench.nodeRed.ask('/flows')).json()) as { flows: ExampleNode[] };
    const names = deployed.flows.map(wordsOf);
    // What several share comes in once.
    const all = new Map([...EXAMPLES.values()].flatMap(({ nodes }) => nodes.map((node) => [node.id, node])));
    // Which packages an example needs is read when it is imported, and not kept.
    const kept = [...all.values()].filter(({ type }) => type !== 'global-config');
    for (const wanted of kept.map(wordsOf)) {
      assert.ok(names.includes(wanted), wanted);
      names.splice(names.indexOf(wanted), 1);
    }
    assert.deepEqual(
      names.filter((name) => /-account |^photo-store |^ui-/.test(name)),
      [],
      'came in twice',
    );
  });
});

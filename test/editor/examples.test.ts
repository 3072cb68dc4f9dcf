/** Every example, through the dialog that imports it, into an empty editor. */
import assert from 'node:assert/strict';
import { EXAMPLES, type ExampleNode } from '../example-flows';
import { placed, VERSION, Workbench } from './workbench';

/** Gives the id of the tab with this label. */
const workspace = (label: string) => `(() => {
  let found;
  RED.nodes.eachWorkspace((each) => { if (each.label === ${JSON.stringify(label)}) found = each.id; });
  return found;
})()`;

const PACKAGE = '@cn-verify/node-red-cn-verify';

/** A wire is no longer; what goes farther has links. */
const LONGEST_WIRE = 700;

/** Whether the editor has measured and drawn all of the tab that it shows. */
const DRAWN = `(() => {
  const tab = RED.workspaces.active();
  const all = [...(RED.nodes.groups(tab) ?? [])];
  RED.nodes.eachNode((each) => { if (each.z === tab) all.push(each); });
  return all.length > 0 && all.every(({ w, dirty, resize }) => w > 0 && !dirty && !resize);
})()`;

/**
 * What is wrong with the layout of the tab that is shown: nodes or groups that overlap or leave the sheet, a node that sticks out of its
 * group or lies in another one, and a wire that runs through a node, across the sheet or back.
 */
const LAYOUT = `(() => {
  const tab = RED.workspaces.active();
  const OURS = /^(truth|face|westdex|get-token|provider)/;
  const nodes = [];
  RED.nodes.eachNode((each) => { if (each.z === tab) nodes.push(each); });
  const groups = RED.nodes.groups(tab) ?? [];
  const box = ({ x, y, w, h, type }) =>
    type === 'group' ? { l: x, r: x + w, t: y, b: y + h } : { l: x - w / 2, r: x + w / 2, t: y - h / 2, b: y + h / 2 };
  const meet = (a, b) => a.l < b.r && b.l < a.r && a.t < b.b && b.t < a.b;
  const say = ({ type, name, x, y }) => type + ' ' + name + ' at ' + x + ',' + y;
  const pairs = (all) => all.flatMap((a, at) => all.slice(at + 1).map((b) => [a, b]));
  const wrong = [...pairs(nodes), ...pairs(groups)]
    .filter(([a, b]) => meet(box(a), box(b)))
    .map(([a, b]) => say(a) + ' overlaps ' + say(b));
  for (const each of [...nodes, ...groups]) if (box(each).l < 0 || box(each).t < 0) wrong.push(say(each) + ' leaves the sheet');
  for (const node of nodes) for (const group of groups) {
    const [a, b] = [box(node), box(group)];
    const isWithin = a.l >= b.l && a.r <= b.r && a.t >= b.t && a.b <= b.b;
    if (node.g === group.id ? !isWithin : meet(a, b)) wrong.push(say(node) + ' and group ' + group.name);
  }
  // A status stands under its node.
  for (const node of nodes) for (const other of nodes) {
    const { l, r, b } = box(node);
    if (node !== other && OURS.test(node.type) && meet({ l, r, t: b, b: b + 18 }, box(other)))
      wrong.push(say(other) + ' hides the status of ' + say(node));
  }
  for (const line of document.querySelectorAll('.red-ui-flow-link')) {
    const { source, target, link } = line.__data__;
    if (!source || !target || link || source === target) continue;
    const wire = say(source) + ' to ' + say(target);
    const path = line.querySelector('.red-ui-flow-link-line');
    const length = path.getTotalLength();
    if (length > ${LONGEST_WIRE} || box(target).l < box(source).r) wrong.push(wire + ' runs across the sheet');
    for (let at = 4; at < length; at += 6) {
      const { x, y } = path.getPointAtLength(at);
      const through = nodes.find((each) => {
        const { l, r, t, b } = box(each);
        return each !== source && each !== target && x > l && x < r && y > t && y < b;
      });
      if (through) { wrong.push(wire + ' runs through ' + say(through)); break; }
    }
  }
  return wrong;
})()`;

describe(`importing the examples, in the editor of Node-RED ${VERSION}`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open('en-US');
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  const sharedIn = (nodes: readonly ExampleNode[]) => nodes.filter(({ z, type }) => !z && type !== 'tab');
  // Of an import with something that is there, all else gets new ids: what several share comes in alone first.
  const inOrder = [...EXAMPLES].sort(([, a], [, b]) => sharedIn(a.nodes).length - sharedIn(b.nodes).length);

  async function chooseInDialog(file: string): Promise<void> {
    const { page } = bench;
    const dialog = page.locator('#red-ui-clipboard-dialog');
    await bench.insist(() => page.keyboard.press('Control+i'), dialog);
    const ours = dialog.getByText(PACKAGE, { exact: true });
    await bench.insist(() => page.click('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples'), ours);
    // A second click would close what the first one is still opening.
    let entry = ours;
    for (const name of file.replace('.json', '').split('/')) {
      const inside = dialog.getByText(name, { exact: true });
      const outside = entry;
      const open = async () => {
        if (!(await inside.isVisible())) await outside.click();
      };
      await bench.insist(open, inside);
      entry = inside;
    }
    await bench.insist(() => entry.click(), page.locator('#red-ui-clipboard-dialog-ok:enabled'));
    await page.click('#red-ui-clipboard-dialog-ok');
    await dialog.waitFor({ state: 'hidden' });
  }

  for (const [name, { path: file, nodes }] of inOrder) {
    it(`${name} comes in whole, with nothing unknown or invalid`, async () => {
      const { page } = bench;
      const isThere = await page.evaluate(
        `${JSON.stringify(sharedIn(nodes).map(({ id }) => id))}.some((id) => RED.nodes.node(id))`,
      );
      if (name === 'welcome') await chooseInDialog(file);
      // What the dialog does then; the copy goes on with the accounts that are there.
      else
        await page.evaluate(`$.get('library/examples/flows/${PACKAGE}/' + encodeURI(${JSON.stringify(file.replace('.json', ''))}))
          .then((flow) => RED.view.importNodes(flow, { generateIds: ${isThere}, addFlow: false }))`);
      const { label } = nodes.find(({ type }) => type === 'tab')!;
      const id = workspace(String(label));
      await page.waitForFunction(id);
      // There are more tabs than fit beside each other.
      await page.evaluate(`RED.workspaces.show(${id})`);
      assert.equal(await page.locator('.red-ui-flow-node-error:visible').count(), 0);
      for (const tab of nodes.filter(({ type }) => type === 'tab')) {
        await page.evaluate(`RED.workspaces.show(${workspace(String(tab.label))})`);
        await page.waitForFunction(DRAWN);
        assert.deepEqual(await page.evaluate(LAYOUT), []);
      }
      await bench.picture(`example-${name}`);
    });
  }

  it('a node of an earlier version loses what no form knows when it comes in, and is saved without a version', async () => {
    const old = placed([200, 900], 'old', 'get-token', [[]], { name: '', renamed: 'value' });
    const { type, version, renamed } = (await bench.page.evaluate(`(() => {
      RED.view.importNodes([${JSON.stringify(old)}], { addFlow: false });
      const node = RED.nodes.convertNode(RED.nodes.node('old'));
      RED.nodes.remove('old');
      return node;
    })()`)) as Record<string, unknown>;
    assert.deepEqual([type, version, renamed], ['get-token', undefined, undefined]);
  });

  it('all are deployed as they are', async () => {
    await bench.deploy();
    // Node-RED would warn of them at each deploy.
    const unused = await bench.page.evaluate(`(() => {
      const found = [];
      RED.nodes.eachConfig(({ _def, users, type, name }) => {
        if (_def.hasUsers !== false && users.length === 0) found.push(type + ' ' + name);
      });
      return found;
    })()`);
    assert.deepEqual(unused, []);
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

/** Each node from the palette to a result in the debug pane, as a newcomer gets there: by hand, from an empty editor. */
import assert from 'node:assert/strict';
import { PNG } from '../input/pictures';
import { VERSION, Workbench, words } from './workbench';

/** A person who passes on the sandbox. */
const PERSON = { name: '张三', idNumber: '11010519491231002X', photo: PNG.toString('base64') };
const PHOTO_URL = 'https://example.com/site/a.jpg';
/** Each with its account, its outcome, and what is written into its form. */
const OTHERS: [type: string, account: string, outcome: string, fill: Record<string, string>][] = [
  ['face-compare', 'tencent-market-account', 'passed', {}],
  ['provider-request', 'xhey-account', 'answered', { path: '/v2/department/sublist' }],
];
const COLUMNS = [120, 320, 520, 760] as const;

for (const locale of ['en-US', 'zh-CN']) {
  describe(`by hand, in the editor of Node-RED ${VERSION} in ${locale}`, () => {
    let bench: Workbench;

    before(async () => {
      bench = await Workbench.open(locale);
    });
    after(() => bench?.close());
    afterEach(() => bench.tidy());

    /** Places and wires inject, the nodes, and debug, in a row. */
    async function row(
      y: number,
      ...types: string[]
    ): Promise<{ inject: string; nodes: string[]; debug: string }> {
      const inject = await bench.place('inject', COLUMNS[0], y);
      const nodes: string[] = [];
      for (const [index, type] of types.entries())
        nodes.push(await bench.place(type, COLUMNS[index + 1]!, y));
      const debug = await bench.place('debug', COLUMNS[3], y);
      const all = [inject, ...nodes, debug];
      for (const [index, id] of all.entries()) if (index > 0) await bench.wire(all[index - 1]!, id);
      return { inject, nodes, debug };
    }

    /** From the open form of a node. */
    async function addSandboxAccount(type: string) {
      await bench.newAccount();
      await bench.picture(`${type}-new`);
      await bench.page.selectOption('#node-config-input-environment', 'sandbox');
      await bench.picture(type);
      await bench.accountDone();
    }

    it('leads a newcomer to a verdict on photos', async () => {
      const { inject, nodes, debug } = await row(160, 'truth-create', 'truth-poll');
      const [create, poll] = nodes as [string, string];
      await bench.edit(create);
      await addSandboxAccount('xhey-account');
      await bench.write('#node-input-photos', 'str', PHOTO_URL);
      await bench.picture('truth-create');
      await bench.done();
      await bench.edit(poll);
      const name = words(locale, 'xhey-account', 'label.account');
      await bench.chooseAccount(words(locale, 'xhey-account', 'label.on-sandbox', { name }));
      await bench.picture('truth-poll');
      await bench.done();
      await bench.deploy();
      await bench.showDebugPane();
      await bench.press(inject);
      const shown = await bench.debugged(debug);
      assert.match(shown, /outcome: "passed"/);
      await bench.status(create, words(locale, 'truth-create', 'sandbox submitted'));
      await bench.status(poll, words(locale, 'truth-poll', 'sandbox passed'));
    });

    // What is done with the mouse and the keyboard is the same in the other language.
    if (locale !== 'en-US') return;

    for (const [index, [type, account, outcome, fill]] of OTHERS.entries()) {
      it(`${type} answers, with ${account} set up from its form`, async () => {
        const { inject, nodes, debug } = await row(240 + 80 * index, type);
        const [node] = nodes as [string];
        const payload = type === 'face-compare' ? PERSON : { departmentID: 1 };
        await bench.edit(inject);
        await bench.write('.node-input-prop-property-value', 'json', JSON.stringify(payload));
        await bench.done();
        await bench.edit(node);
        await addSandboxAccount(account);
        for (const [field, text] of Object.entries(fill))
          await bench.write(`#node-input-${field}`, 'str', text);
        if (type === 'provider-request') await bench.page.uncheck('#node-input-paid');
        await bench.picture(type);
        await bench.done();
        await bench.deploy();
        await bench.press(inject);
        await bench.status(node, words(locale, type, `sandbox ${outcome}`));
        assert.match(await bench.debugged(debug), new RegExp(`outcome: "${outcome}"`));
      });
    }
  });
}

/** The nodes in the editor, in a real Chromium. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Demo, startDemo } from '../demo-process';
import { EXAMPLES } from '../example-flows';
import { type Opened, openEditor } from './browser';
import { VERSION, words } from './workbench';

const ACTION_NODES = [
  ...['truth-create', 'truth-poll', 'get-token', 'face-compare', 'westdex-three'],
  'provider-request',
];
const PALETTE_NODES = [
  ...ACTION_NODES,
  ...['photo-rules', 'verify-ledger', 'verify-call', 'verify-in', 'verify-return'],
];
const CONFIG_NODES = ['photo-store', 'verify-queue', 'verify-ledger-store'];

/** Of the account nodes, in production. */
const ADDRESSES: Record<string, string> = {
  'xhey-account': 'https://openapi.xhey.top',
  'linkface-account': 'https://cloudapi.linkface.cn',
  'tencent-market-account':
    'https://service-ndq49qvj-1256140209.ap-shanghai.apigateway.myqcloud.com/release/face_id_card/post',
  'westdex-account': 'https://apimaster.westdex.com.cn/api/invoke',
};
const ACCOUNT_NODES = Object.keys(ADDRESSES);

/** Of the sidebar in a window of 1,280 pixels. */
const HELP_WIDTH = 313;

const PHOTO_NODES = ['photo-rules', 'truth-create', 'truth-poll'];
const PERSON_NODES = ['face-compare', 'get-token', 'westdex-three'];
const QUEUE_NODES = ['verify-call', 'verify-in', 'verify-return'];

/** What somebody types who looks for a node, in an editor of either language, and what there is to be found. */
const SEARCHES: Record<string, string[]> = {
  photo: PHOTO_NODES,
  照片: PHOTO_NODES,
  今日: PHOTO_NODES,
  水印相机: PHOTO_NODES,
  考勤: PHOTO_NODES,
  xhey: PHOTO_NODES,
  实名: PERSON_NODES,
  身份证: PERSON_NODES,
  identity: PERSON_NODES,
  endpoint: ['provider-request'],
  人证: ['face-compare', 'westdex-three'],
  tencent: ['face-compare'],
  活体: ['get-token'],
  三要素: ['westdex-three'],
  队列: QUEUE_NODES,
  queue: QUEUE_NODES,
  账本: ['verify-ledger'],
  cost: ['verify-ledger'],
};

interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** Of the examples that the demo has. */
const NODES = [...EXAMPLES].flatMap(([name, { nodes }]) => (name === 'scale-out' ? [] : nodes));

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo?.stop());

for (const [locale, browser] of [
  ['en-US', 'en-US'],
  // As some Chinese browsers ask for it.
  ['zh-CN', 'zh-Hans-CN'],
] as const) {
  describe(`the editor of Node-RED ${VERSION} in ${browser}`, () => {
    let editor: Opened;
    let page: Page;

    before(async () => {
      editor = await openEditor(demo.address, browser);
      page = editor.page;
    });

    after(() => editor?.close());

    afterEach(() => {
      assert.deepEqual(editor.complaints.splice(0), []);
    });

    it('is that version', async () => {
      const [version] = String(await page.evaluate('RED.settings.version')).split('-');
      assert.equal(version, VERSION);
    });

    it("has in the palette and on the canvas what each is in the reader's language, in one line", async () => {
      for (const type of PALETTE_NODES) {
        const label = page.locator(`.red-ui-palette-node[data-palette-type="${type}"] .red-ui-palette-label`);
        const [text = '', ...others] = await label.allInnerTexts();
        assert.equal(others.length, 0);
        const expected = words(locale, type, 'label.palette');
        assert.equal(text.replaceAll('\u00a0', ' '), expected);
        const named =
          await page.evaluate(`RED.utils.getNodeLabel({ type: '${type}', name: '', _def: RED.nodes.getType('${type}'),
          _: RED.nodes.getType('${type}')._ })`);
        assert.ok(String(named).replaceAll('\u00a0', ' ').startsWith(expected), String(named));
      }
    });

    it('is found by those who look for what it does', async () => {
      for (const [word, expected] of Object.entries(SEARCHES)) {
        await search('#red-ui-palette-search input', word);
        const found = `$('.red-ui-palette-node:visible').toArray().map((each) => each.dataset.paletteType).sort().join()`;
        await page
          .waitForFunction(`${found} === '${[...expected].sort()}'`)
          .catch(async () => assert.fail(`${word} finds ${await page.evaluate(found)}`));
      }
      await search('#red-ui-palette-search input', '');
      await page.waitForFunction(`$('.red-ui-palette-node[data-palette-type="inject"]').is(':visible')`);
    });

    it("shows all help in the reader's language without scrolling sideways, as narrow as the sidebar is at first", async () => {
      for (const type of [...PALETTE_NODES, ...ACCOUNT_NODES, ...CONFIG_NODES]) {
        await page.evaluate(`RED.sidebar.help.show('${type}')`);
        await page.waitForFunction(
          `$('.red-ui-help:visible code').first().text() === '${type}' && $('.red-ui-help:visible h3').length > 0`,
        );
        const [text, width, room] = (await page.evaluate(`(() => {
          const help = $('.red-ui-help:visible').first().css({ width: '${HELP_WIDTH}px', boxSizing: 'border-box' })[0];
          const result = [help.textContent, help.scrollWidth, help.clientWidth];
          $(help).css({ width: '', boxSizing: '' });
          return result;
        })()`)) as [string, number, number];
        assert.ok(width <= room, `${type}: ${width} > ${room}`);
        if (locale === 'zh-CN') assert.match(text, /\p{Script=Han}/u, type);
      }
    });

    for (const type of ACTION_NODES) {
      it(`opens the form of ${type}, filled and without a mark of something invalid`, async () => {
        const node = NODES.find((each) => each.type === type)!;
        await page.evaluate(`RED.editor.edit(RED.nodes.node('${node.id}'))`);
        await page.waitForSelector('#node-dialog-ok', { state: 'visible' });
        assert.equal(await page.inputValue('#node-input-name'), node.name);
        assert.equal(await page.inputValue('#node-input-account'), node.account);
        assert.equal(await page.locator('#dialog-form .input-error').count(), 0);
        await assertWords();
        await assertExamples();
        await page.click('#node-dialog-ok');
        await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
      });
    }

    for (const [type, address] of Object.entries(ADDRESSES)) {
      it(`opens the form of ${type}, which shows the address that is called and where its keys come from`, async () => {
        const node = NODES.find((each) => each.type === type)!;
        await page.evaluate(`RED.editor.editConfig('', '${type}', '${node.id}')`);
        await page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
        assert.equal(await page.inputValue('#node-config-input-name'), node.name);
        const shown = page.locator(`#${type}-address`);
        const fetches = page.locator('#node-config-input-sandboxFetches');
        const isVisible = async () => [
          await shown.isVisible(),
          await page.isVisible('#node-config-input-baseUrl'),
          await fetches.isVisible(),
        ];
        const isXhey = type === 'xhey-account';
        assert.equal(await page.inputValue('#node-config-input-environment'), 'sandbox');
        assert.equal(await shown.textContent(), words(locale, type, 'form.address-sandbox'));
        assert.deepEqual(await isVisible(), [true, false, isXhey]);
        await page.selectOption('#node-config-input-environment', 'production');
        assert.equal(await shown.textContent(), address);
        // Only the sandbox downloads photos, and only where somebody wants it.
        assert.deepEqual(await isVisible(), [true, false, false]);
        await page.selectOption('#node-config-input-environment', 'custom');
        assert.deepEqual(await isVisible(), [false, true, false]);
        const tray = page.locator('.red-ui-tray-body').last();
        await tray.locator('#red-ui-tab-keys a').click();
        await tray.getByText(words(locale, type, 'form.keys-from')).waitFor();
        // No page of westdex's is documented.
        const pages = await tray.getByText(words(locale, type, 'form.keys-page')).count();
        assert.equal(pages, type === 'westdex-account' ? 0 : 1);
        await assertWords();
        await assertExamples();
        await page.click('#node-config-dialog-cancel');
        await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
      });
    }

    it('opens the form of verify-ledger-store, and tells a wrong address from a right one', async () => {
      await page.evaluate(`RED.editor.editConfig('', 'verify-ledger-store', '_ADD_')`);
      await page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
      await assertWords();
      await assertExamples();
      const url = page.locator('#node-config-input-url');
      for (const [address, isWrong] of [
        ['redis://127.0.0.1:6379', true],
        ['postgres://user:password@127.0.0.1:5432/verify', false],
        ['', true],
        ['postgresql://db.example.com/verify', false],
        ['$' + '{DATABASE_URL}', false],
      ] as const) {
        await url.fill(address);
        await url.dispatchEvent('change');
        assert.equal(
          (await page.locator('#node-config-input-url.input-error').count()) === 1,
          isWrong,
          address,
        );
      }
      await page.click('#node-config-dialog-cancel');
      await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    });

    it('loses and changes no property when a flow is deployed', async () => {
      await page.evaluate(`RED.nodes.dirty(true)`);
      await page.evaluate(`RED.actions.invoke('core:deploy-flows')`);
      await page.waitForFunction(`!RED.nodes.dirty()`);
      const deployed = (await (await fetch(`${demo.address}/flows`)).json()) as FlowNode[];
      const ours = [...ACCOUNT_NODES, ...PALETTE_NODES, ...CONFIG_NODES];
      for (const node of NODES.filter(({ type }) => ours.includes(type))) {
        const found = deployed.find(({ id }) => id === node.id)!;
        // A form that was open adds the defaults of what the example does not say.
        const kept = Object.fromEntries(Object.keys(node).map((name) => [name, found[name]]));
        // The demo is at another port than a usual Node-RED.
        const own = node.publicUrl ? { publicUrl: demo.address } : {};
        assert.deepEqual(kept, { ...node, ...own });
      }
    });

    /** The editor looks when a key is let go. */
    async function search(field: string, word: string) {
      await page.fill(field, word);
      await page.press(field, 'End');
    }

    /** Whoever sees an empty field sees what could stand there. */
    async function assertExamples() {
      const without = await page.evaluate(`(() => {
        const fields = $('.red-ui-tray-body').last().find('[id^="node-"], .red-ui-typedInput-input');
        // What has a list in place of a text is no field to write into.
        const written = fields.filter('[type="text"], [type="password"]').not('[id$="-account"], [id$="-tls"], [id$="-proxy"]');
        return written.toArray().filter((each) => !each.placeholder).map((each) => each.outerHTML);
      })()`);
      assert.deepEqual(without, []);
    }

    /** A catalogue key that has no text is shown as it is. */
    async function assertWords() {
      const text = await page.locator('.red-ui-tray-body').last().textContent();
      assert.doesNotMatch(text!, /\b(form|label|errors|warnings)\.[a-z-]+/);
      // As narrow as the editor opens it first.
      await page.evaluate(
        `$('.red-ui-tray-body form').css('width', '450px').find('details').prop('open', true)`,
      );
      const tabs = await page.locator('.red-ui-tray-body').last().locator('form .red-ui-tab a').all();
      await assertLayout();
      for (const tab of tabs) {
        await tab.click();
        await assertLayout();
      }
      await tabs[0]?.click();
    }

    /** Nothing is broken into lines or cut off, no list shows nothing, and not more than one tip asks to be read. */
    async function assertLayout() {
      const wrong = await page.evaluate(`(() => {
        const seen = (selector) => $('.red-ui-tray-body').last().find(selector).filter(':visible').toArray();
        const context = document.createElement('canvas').getContext('2d');
        const isCut = (each, text, beside) => {
          const { font, paddingLeft, paddingRight } = getComputedStyle(each);
          context.font = font;
          return context.measureText(text).width > each.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - beside + 1;
        };
        const wrapped = seen('.form-row > label').filter((each) => each.offsetHeight > 36 || each.scrollWidth > each.clientWidth + 1);
        // The arrow stands beside the text of a list; an address and a variable are as long as they are.
        const texts = seen('form select').map((each) => [each, each.selectedOptions[0]?.text ?? '', 16]);
        const examples = seen('input[placeholder]').filter(({ placeholder }) => !/^https:|^.\\{/.test(placeholder));
        const cut = [
          ...texts,
          ...examples.map((each) => [each, each.placeholder, 0]),
        ].filter((each) => isCut(...each));
        // In the narrowest dialog, its tabs share so many pixels; the label of the one that is open is bold.
        const tabs = seen('form .red-ui-tab span:first-child').filter((each, _, all) => each.offsetWidth > 330 / all.length);
        const blank = texts.filter(([, text]) => text === '');
        const tips = seen('.form-tips').slice(1);
        return [...wrapped, ...[...cut, ...blank].map(([each]) => each), ...tabs, ...tips].map((each) => each.outerHTML);
      })()`);
      assert.deepEqual(wrong, []);
    }
  });
}

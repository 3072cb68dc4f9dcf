/** What a form says of a wrong value, once for each check that there is; what a node with one looks like, and what is said when it is deployed. */
import assert from 'node:assert/strict';
import { placed, TRIES, VERSION, Workbench, words } from './workbench';

/** A typed input has a type. `says` and `label` are texts of the form; `label` stands in that text, where it names the field. */
type Wrong = [
  field: string,
  text: string,
  says: string,
  label?: string,
  values?: Record<string, number>,
  type?: string,
];

const ACTIONS: Record<string, Wrong[]> = {
  'truth-create': [
    ['photos', '', 'missing', 'photos', {}, 'msg'],
    ['photos', 'a b', 'unreadable', 'photos', {}, 'msg'],
    ['photos', '$sum(', 'jsonata-syntax', 'photos', { position: 5 }, 'jsonata'],
    ['batchSize', '11', 'out-of-bounds', 'batch-size', { min: 1, max: 10 }],
    ['batchSize', '0', 'out-of-bounds', 'batch-size', { min: 1, max: 10 }],
    ['batchSize', '2.5', 'not-whole', 'batch-size'],
    ['output', 'a b', 'unreadable', 'output', {}, 'msg'],
  ],
  'truth-poll': [['timeout', 'soon', 'too-small', 'timeout', { min: 0.05 }]],
  'get-token': [['sequenceId', '1a', 'not-a-number', 'sequence-id', {}, 'num']],
  'face-compare': [['differentBelow', '0.5', 'bounds-crossed', 'different-below']],
  'westdex-three': [['passWhen', 'code = ', 'jsonata-syntax', 'pass-when', { position: 7 }, 'jsonata']],
};

/** By the action node whose form leads to them; what all accounts have is checked by the same functions. */
const ACCOUNTS: Record<string, [type: string, wrong: Wrong[]]> = {
  'truth-create': [
    'xhey-account',
    [
      ['groupSecret', '', 'credential-missing', 'group-secret'],
      ['baseUrl', '', 'base-url-missing'],
      ['baseUrl', 'https://name:word@example.com', 'base-url-unreadable'],
      // A name, and not this machine.
      ['baseUrl', 'http://127.evil.example', 'base-url-not-https'],
      ['maxPerSecond', '-1', 'out-of-bounds', 'max-per-second', { min: 0, max: 10000 }],
    ],
  ],
  'face-compare': ['tencent-market-account', [['secretId', '', 'credential-missing', 'secret-id']]],
};

/** Of a name that Node-RED's own check of a form does not know, but its runtime does. */
const A_VARIABLE = '${site.number}';
const LOCALE = 'en-US';

/** One of each action, and the accounts. */
const FLOWS = [
  ...Object.keys(ACTIONS).map((type, index) =>
    placed([300, 160 + 60 * index], `the-${type}`, type, type === 'truth-poll' ? [[], []] : [[]], {
      account: `account-of-${type}`,
    }),
  ),
  ...Object.entries(ACCOUNTS).map(([action, [type]]) => ({
    id: `account-of-${action}`,
    type,
    name: '',
    environment: 'sandbox',
  })),
];

describe(`wrong values, in the editor of Node-RED ${VERSION} in en-US`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open(LOCALE, FLOWS);
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  /** Writes a wrong value as a person does and reads what is said of it. */
  async function assertSays(node: string, prefix: string, wrong: Wrong) {
    const [field, text, says, label, values, type] = wrong;
    const input = `#${prefix}-${field}`;
    const write = async (value: string) => {
      await bench.reveal(input);
      if (type) await bench.write(input, type, value);
      else await bench.page.fill(input, value);
      // Not with the tabulator, which may take what the typed input proposes.
      await bench.page.click(`#${prefix}-name`);
    };
    const named = label ? { label: words(LOCALE, node, `form.${label}`) } : {};
    const expected = words(LOCALE, node, `form.${says}`, { ...named, ...values });
    await write(text);
    // A form that gets the cursor late loses what is written just then.
    for (let tries = 1; tries < TRIES && (await bench.tooltip(input)) !== expected; tries++) {
      await write('1');
      await write(text);
    }
    assert.equal(await bench.tooltip(input), expected, field);
  }

  /** As the runtime does. */
  async function assertTakes(input: string, value: string) {
    await bench.reveal(input);
    await bench.page.fill(input, value);
    await bench.page.keyboard.press('Tab');
    await bench.page.waitForSelector(`${input}:not(.input-error)`);
  }

  /** Both bounds are in the unit of the scale; those that nobody chose change with it. */
  async function assertScale() {
    const [sameFrom, differentBelow] = ['#node-input-sameFrom', '#node-input-differentBelow'] as const;
    const assertSaysOf = async (
      input: string,
      text: string,
      name: string,
      values: Record<string, number>,
    ) => {
      const label = words(LOCALE, 'face-compare', `form.${name}`);
      assert.equal(
        await bench.tooltip(input),
        words(LOCALE, 'face-compare', `form.${text}`, { label, ...values }),
      );
    };
    await bench.page.fill(differentBelow, '0.5');
    await bench.page.selectOption('#node-input-scoreScale', '1000');
    assert.equal(await bench.page.inputValue(sameFrom), '700');
    assert.equal(await bench.page.inputValue(differentBelow), '0.5');
    await assertSaysOf(differentBelow, 'bound-off-scale', 'different-below', { scale: 1000 });
    await assertTakes(differentBelow, '600');
    // The runtime takes what the form came with for the usual bound.
    await assertTakes(differentBelow, '0.4');
    await assertTakes(differentBelow, '600');
    await bench.page.selectOption('#node-input-scoreScale', '100');
    assert.deepEqual(
      [await bench.page.inputValue(sameFrom), await bench.page.inputValue(differentBelow)],
      ['45', '40'],
    );
    await bench.page.fill(sameFrom, '700');
    await bench.page.click('#node-input-name');
    await assertSaysOf(sameFrom, 'out-of-bounds', 'same-from', { min: 0, max: 100 });
  }

  /** Whatever keys an address of one's own needs, it does not say how to sign for it. */
  async function assertScheme() {
    await assertTakes('#node-config-input-baseUrl', 'https://example.com/compare');
    await bench.page.waitForSelector('#node-config-input-scheme.input-error');
    const label = words(LOCALE, 'tencent-market-account', 'form.scheme');
    const expected = words(LOCALE, 'tencent-market-account', 'form.scheme-unknown', { label });
    assert.equal(await bench.tooltip('#node-config-input-scheme'), expected);
  }

  for (const [action, values] of Object.entries(ACTIONS)) {
    it(`${action} says what is wrong with a field, and takes what is right`, async () => {
      await bench.edit(`the-${action}`);
      for (const each of values) await assertSays(action, 'node-input', each);
      await bench.picture(`${action}-wrong`);
      if (action === 'face-compare') await assertScale();
      if (action === 'truth-poll') await assertTakes('#node-input-timeout', A_VARIABLE);
      await bench.cancel();
    });
  }

  for (const [action, [type, values]] of Object.entries(ACCOUNTS)) {
    it(`${type} says what is wrong with a field, and nothing of what the sandbox does not need`, async () => {
      await bench.edit(`the-${action}`);
      await bench.editAccount();
      await bench.page.selectOption('#node-config-input-environment', 'custom');
      for (const each of values) await assertSays(type, 'node-config-input', each);
      if (type === 'tencent-market-account') await assertScheme();
      await bench.picture(`${type}-wrong`);
      for (const value of [A_VARIABLE, 'http://127.0.0.1:18080/path'])
        await assertTakes('#node-config-input-baseUrl', value);
      await bench.reveal('#node-config-input-environment');
      await bench.page.selectOption('#node-config-input-environment', 'sandbox');
      for (const hidden of ['baseUrl', values[0]![0]])
        assert.equal(await bench.page.locator(`#node-config-input-${hidden}.input-error`).count(), 0, hidden);
      await bench.cancel('node-config');
      await bench.cancel();
    });
  }

  it('a node without an account and with a wrong value is marked, and named before it is deployed', async () => {
    const id = await bench.place('truth-create', 520, 160);
    await bench.node(id).locator('.red-ui-flow-node-error').waitFor();
    await bench.edit(id);
    await bench.page.fill('#node-input-batchSize', '11');
    await bench.done();
    await bench.node(id).locator('.red-ui-flow-node-error').hover();
    const said = String(await bench.page.locator('.red-ui-flow-port-tooltip').textContent());
    const label = words(LOCALE, 'truth-create', 'form.account');
    assert.ok(said.includes(`${label}: property value missing`), said);
    const bounds = { label: words(LOCALE, 'truth-create', 'form.batch-size'), min: 1, max: 10 };
    assert.ok(said.includes(words(LOCALE, 'truth-create', 'form.out-of-bounds', bounds)), said);
    await bench.page.click('#red-ui-header-button-deploy');
    const notification = bench.page.locator('.red-ui-notification');
    const named = words(LOCALE, 'truth-create', 'label.palette');
    await notification.getByText(`${named} (truth-create)`).waitFor();
    await bench.picture('deploy-wrong');
    await notification.getByRole('button').nth(1).click();
  });
});

/** What each form says of a wrong value, what a node with one looks like, and what is said when it is deployed. */
import assert from 'node:assert/strict';
import { placed, TRIES, VERSION, Workbench, words } from './workbench';

interface Wrong {
  field: string;
  /** Of a typed input; a plain one has none. */
  type?: string;
  text: string;
  /** Of what is said, in the node's catalogue. */
  says: string;
  /** Of the field's name; a text without one names the field itself. */
  label?: string;
  values?: Record<string, string | number>;
}

const wrong = (
  field: string,
  text: string,
  says: string,
  label?: string,
  values?: Record<string, string | number>,
): Wrong => ({
  field,
  text,
  says: `form.${says}`,
  ...(label ? { label: `form.${label}` } : {}),
  ...(values ? { values } : {}),
});
/** All typed inputs are checked by one function. */
const typed = (field: string, label: string): Wrong => ({
  ...wrong(field, 'a b', 'unreadable', label),
  type: 'msg',
});
const PERSON = [typed('personName', 'person-name'), typed('idNumber', 'id-number'), typed('photo', 'photo')];

const ACTIONS: Record<string, Wrong[]> = {
  'truth-create': [
    { ...wrong('photos', '', 'missing', 'photos'), type: 'msg' },
    typed('photos', 'photos'),
    { ...wrong('photos', 'a[', 'unreadable', 'photos'), type: 'flow' },
    { ...wrong('photos', '$sum(', 'jsonata-syntax', 'photos', { position: 5 }), type: 'jsonata' },
    wrong('batchSize', '11', 'out-of-bounds', 'batch-size', { min: 1, max: 10 }),
    wrong('batchSize', '0', 'out-of-bounds', 'batch-size', { min: 1, max: 10 }),
    wrong('batchSize', '2.5', 'not-whole', 'batch-size'),
    typed('output', 'output'),
  ],
  'truth-poll': [
    typed('task', 'task'),
    wrong('interval', '0.01', 'too-small', 'interval', { min: 0.05 }),
    wrong('maxInterval', '0', 'too-small', 'max-interval', { min: 0.05 }),
    wrong('timeout', 'soon', 'too-small', 'timeout', { min: 0.05 }),
  ],
  'get-token': [
    typed('detectionType', 'detection-type'),
    { ...wrong('sequenceId', '1a', 'not-a-number', 'sequence-id'), type: 'num' },
  ],
  'face-compare': [
    ...PERSON,
    wrong('differentBelow', '0.5', 'bounds-crossed', 'different-below'),
    wrong('sameFrom', '1.1', 'out-of-bounds', 'same-from', { min: 0, max: 1 }),
    wrong('differentBelow', '-1', 'out-of-bounds', 'different-below', { min: 0, max: 1 }),
    wrong('maxPhotoMB', '0', 'too-small', 'max-photo-mb', { min: 0.01 }),
  ],
  'westdex-three': [
    ...PERSON,
    wrong('maxPhotoMB', '21', 'out-of-bounds', 'max-photo-mb', { min: 0.01, max: 20 }),
    { ...wrong('passWhen', 'code = ', 'jsonata-syntax', 'pass-when', { position: 7 }), type: 'jsonata' },
    { ...wrong('failWhen', 'code = ', 'jsonata-syntax', 'fail-when', { position: 7 }), type: 'jsonata' },
  ],
};

/** Of a name that Node-RED's own check of a form does not know, but its runtime does. */
const A_VARIABLE = '${site.number}';
/** Fields that take an environment variable in place of a number. */
const NUMBERS: Record<string, string[]> = {
  'truth-create': ['batchSize'],
  'truth-poll': ['interval', 'maxInterval', 'timeout'],
  'face-compare': ['sameFrom', 'maxPhotoMB'],
  'westdex-three': ['maxPhotoMB'],
};

const LIMITS = [
  wrong('timeout', '0', 'out-of-bounds', 'timeout', { min: 0.05, max: 3600 }),
  wrong('maxConcurrent', '0', 'out-of-bounds', 'max-concurrent', { min: 1, max: 1000 }),
  wrong('maxConcurrent', '1.5', 'not-whole', 'max-concurrent'),
  wrong('maxPerSecond', '-1', 'out-of-bounds', 'max-per-second', { min: 0, max: 10000 }),
  wrong('maxWaiting', '-1', 'too-small', 'max-waiting', { min: 0 }),
];
const ADDRESS = [
  wrong('baseUrl', '', 'base-url-missing'),
  wrong('baseUrl', 'example.com', 'base-url-unreadable'),
  wrong('baseUrl', 'https://name:word@example.com', 'base-url-unreadable'),
  wrong('baseUrl', 'http://example.com', 'base-url-not-https'),
  // A name, and not this machine.
  wrong('baseUrl', 'http://127.evil.example', 'base-url-not-https'),
];
const account = (first: string, firstLabel: string, second: string, secondLabel: string): Wrong[] => [
  wrong(first, '', 'credential-missing', firstLabel),
  wrong(second, '', 'credential-missing', secondLabel),
];

/** By the action node whose form leads to them; what all accounts have is checked by the same functions. */
const ACCOUNTS: Record<string, [type: string, wrong: Wrong[]]> = {
  'truth-create': [
    'xhey-account',
    [...account('groupKey', 'group-key', 'groupSecret', 'group-secret'), ...ADDRESS, ...LIMITS],
  ],
  'get-token': ['linkface-account', account('apiId', 'api-id', 'apiSecret', 'api-secret')],
  'face-compare': ['tencent-market-account', account('secretId', 'secret-id', 'secretKey', 'secret-key')],
  'westdex-three': ['westdex-account', account('secretId', 'secret-id', 'key', 'key')],
};

const accountOf = (action: string) => (action === 'truth-poll' ? 'truth-create' : action);

/** One of each action, and its account. */
const FLOWS = [
  ...Object.keys(ACTIONS).map((type, index) =>
    placed([300, 160 + 60 * index], `the-${type}`, type, type === 'truth-poll' ? [[], []] : [[]], {
      account: `account-of-${accountOf(type)}`,
    }),
  ),
  ...Object.entries(ACCOUNTS).map(([action, [type]]) => ({
    id: `account-of-${action}`,
    type,
    name: '',
    environment: 'sandbox',
  })),
];

const LOCALE = 'en-US';

describe(`wrong values, in the editor of Node-RED ${VERSION} in en-US`, () => {
  let bench: Workbench;

  before(async () => {
    bench = await Workbench.open(LOCALE, FLOWS);
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  /** Writes a wrong value as a person does and reads what is said of it. */
  async function assertSays(node: string, prefix: string, { field, type, text, says, label, values }: Wrong) {
    const input = `#${prefix}-${field}`;
    const write = async (value: string) => {
      await bench.reveal(input);
      if (type) await bench.write(input, type, value);
      else await bench.page.fill(input, value);
      // Not with the tabulator, which may take what the typed input proposes.
      await bench.page.click(`#${prefix}-name`);
    };
    const named = label ? { label: words(LOCALE, node, label) } : {};
    const expected = words(LOCALE, node, says, { ...named, ...values });
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

  /** Both bounds are in the unit of the scale. */
  async function assertScale() {
    await bench.page.selectOption('#node-input-scoreScale', '1000');
    await assertTakes('#node-input-sameFrom', '700');
    await assertTakes('#node-input-differentBelow', '600');
    await bench.page.selectOption('#node-input-scoreScale', '100');
    const label = words(LOCALE, 'face-compare', 'form.same-from');
    const expected = words(LOCALE, 'face-compare', 'form.out-of-bounds', { label, min: 0, max: 100 });
    assert.equal(await bench.tooltip('#node-input-sameFrom'), expected);
  }

  for (const [action, values] of Object.entries(ACTIONS)) {
    it(`${action} says what is wrong with each field`, async () => {
      await bench.edit(`the-${action}`);
      assert.equal(await bench.page.locator('#dialog-form .input-error').count(), 0);
      for (const each of values) await assertSays(action, 'node-input', each);
      await bench.picture(`${action}-wrong`);
      if (action === 'face-compare') await assertScale();
      for (const field of NUMBERS[action] ?? []) await assertTakes(`#node-input-${field}`, A_VARIABLE);
      await bench.cancel();
    });
  }

  for (const [action, [type, values]] of Object.entries(ACCOUNTS)) {
    it(`${type} says what is wrong with each field`, async () => {
      await bench.edit(`the-${action}`);
      await bench.editAccount();

      await bench.page.selectOption('#node-config-input-environment', 'custom');
      for (const each of values) await assertSays(type, 'node-config-input', each);
      if (type === 'tencent-market-account') {
        await bench.reveal('#node-config-input-baseUrl');
        await bench.page.fill('#node-config-input-baseUrl', 'https://example.com/compare');
        await bench.page.keyboard.press('Tab');
        await bench.page.waitForSelector('#node-config-input-scheme.input-error');
        const label = words(LOCALE, type, 'form.scheme');
        assert.equal(
          await bench.tooltip('#node-config-input-scheme'),
          words(LOCALE, type, 'form.scheme-unknown', { label }),
        );
      }
      await bench.picture(`${type}-wrong`);
      for (const field of type === 'xhey-account' ? ['baseUrl', ...LIMITS.map((each) => each.field)] : [])
        await assertTakes(`#node-config-input-${field}`, A_VARIABLE);
      await assertTakes('#node-config-input-baseUrl', 'http://127.0.0.1:18080/path');
      await bench.reveal('#node-config-input-environment');
      await bench.page.selectOption('#node-config-input-environment', 'sandbox');
      for (const hidden of ['baseUrl', values[0]!.field]) {
        assert.equal(await bench.page.locator(`#node-config-input-${hidden}.input-error`).count(), 0, hidden);
      }
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
    const mark = bench.node(id).locator('.red-ui-flow-node-error');
    await mark.hover();
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

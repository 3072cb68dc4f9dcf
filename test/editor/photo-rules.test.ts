/** The form of photo-rules: people pick a unit, and the node has the runtime's. */
import assert from 'node:assert/strict';
import { placed, VERSION, Workbench, words } from './workbench';

const LOCALE = 'en-US';

describe(`the form of photo-rules, in the editor of Node-RED ${VERSION} in en-US`, () => {
  let bench: Workbench;
  const place = { latitude: '30', longitude: '104' };
  before(async () => {
    bench = await Workbench.open(LOCALE, [
      placed([150, 80], 'usual', 'photo-rules', [[]], { maxAge: '120', within: '1500', ...place }),
      placed([150, 160], 'by-hand', 'photo-rules', [[]], { maxAge: '${MAX_AGE}', within: 0 }),
      placed([150, 240], 'bare', 'photo-rules', [[]]),
    ]);
  });
  after(() => bench?.close());
  afterEach(() => bench.tidy());

  const amount = (name: string) => bench.page.locator(`#node-input-${name} ~ input`);
  const unit = (name: string) => bench.page.locator(`#node-input-${name} ~ select`);
  const property = (id: string, name: string) => bench.page.evaluate(`RED.nodes.node('${id}').${name}`);
  const say = (key: string) => words(LOCALE, 'photo-rules', `form.${key}`);

  it('shows the largest unit that is whole, and keeps what it does not touch', async () => {
    await bench.edit('usual');
    assert.deepEqual([await amount('maxAge').inputValue(), await unit('maxAge').inputValue()], ['2', '60']);
    assert.deepEqual([await amount('within').inputValue(), await unit('within').inputValue()], ['1500', '1']);
    assert.deepEqual(
      await unit('maxAge').locator('option').allTextContents(),
      ['minutes', 'hours', 'days'].map(say),
    );
    await bench.picture('photo-rules');
    await bench.done();
    assert.deepEqual([await property('usual', 'maxAge'), await property('usual', 'within')], ['120', '1500']);
  });

  it('stores minutes and metres, whatever was picked', async () => {
    await bench.edit('usual');
    await amount('maxAge').fill('1.5');
    await unit('maxAge').selectOption({ label: say('days') });
    await amount('within').fill('0.2');
    await unit('within').selectOption({ label: say('kilometres') });
    await bench.done();
    assert.deepEqual([await property('usual', 'maxAge'), await property('usual', 'within')], ['2160', '200']);
  });

  it('leaves a variable as it is, in the unit of the runtime', async () => {
    await bench.edit('by-hand');
    assert.equal(await amount('maxAge').inputValue(), '${MAX_AGE}');
    assert.ok(await unit('maxAge').isDisabled());
    await bench.done();
    assert.equal(await property('by-hand', 'maxAge'), '${MAX_AGE}');
  });

  it('says what is wrong at the field that is seen', async () => {
    // A node that cannot run is marked before anybody opens it.
    await bench.node('bare').locator('.red-ui-flow-node-error').waitFor();
    await bench.edit('bare');
    assert.equal(await amount('maxAge').getAttribute('title'), say('no-rule'));
    const missing = bench.page.getByText(say('no-rule'), { exact: true });
    await missing.waitFor();
    await amount('within').fill('200');
    await missing.waitFor({ state: 'hidden' });
    const label = say('within');
    const place = words(LOCALE, 'photo-rules', 'form.place-missing', { label });
    assert.equal(await amount('within').getAttribute('title'), place);
    await bench.write('#node-input-latitude', 'num', '30.5');
    await bench.write('#node-input-longitude', 'num', '104');
    await bench.page.keyboard.press('Tab');
    assert.equal(await amount('within').getAttribute('title'), '');
    await amount('within').fill('far');
    assert.match(String(await amount('within').getAttribute('class')), /input-error/);
    await amount('within').fill('200');
    await bench.done();
    assert.equal(await property('bare', 'valid'), true);
  });
});

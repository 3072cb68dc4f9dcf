/** A photo store in a real Chromium: its form, its test button, and what the sidebar says it holds. */
import assert from 'node:assert/strict';
import { findText } from '../../src/texts/texts';
import { closeAll } from '../http/server';
import { jpg } from '../input/pictures';
import { BUCKET, KEYS, type ObjectStore, refuse, startObjectStore } from '../photos/object-store';
import { placed, VERSION, Workbench, words } from './workbench';

const STORE = 'tested-store';

const LOCALE = 'zh-CN';

describe(`a photo store, in the editor of Node-RED ${VERSION} in zh-CN`, () => {
  let server: ObjectStore;
  let bench: Workbench;

  before(async () => {
    server = await startObjectStore();
    const endpoint = server.url.origin;
    bench = await Workbench.open(LOCALE, [
      {
        id: STORE,
        type: 'photo-store',
        kind: 's3',
        endpoint,
        bucket: BUCKET,
        style: 'path',
        credentials: KEYS,
      },
      { id: 'account', type: 'xhey-account', environment: 'sandbox' },
      placed([100, 100], 'in', 'http in', [['create']], { url: '/put', method: 'post', upload: true }),
      placed([300, 100], 'create', 'truth-create', [['answer']], {
        account: 'account',
        store: STORE,
        photos: 'req.files',
      }),
      placed([500, 100], 'answer', 'http response', []),
    ]);
  });
  after(async () => {
    await bench?.close();
    await closeAll();
  });
  afterEach(() => bench.tidy());

  const open = () => bench.editConfig('photo-store', STORE);

  it('shows what its kind needs, and says of a wrong address what is wrong with it', async () => {
    await open();
    const row = (name: string) => bench.page.locator(`#node-config-input-${name}`);
    const reveal = (name: string) => bench.reveal(`#node-config-input-${name}`);
    await row('bucket').waitFor();
    await reveal('fit');
    assert.ok(!(await row('maxPhotoKB').isVisible()));
    await row('fit').check();
    assert.ok(await row('maxPhotoKB').isVisible());
    await reveal('kind');
    await row('kind').selectOption('local');
    assert.ok(!(await row('bucket').isVisible()));
    const isWrong = () => row('publicUrl').evaluate((element) => element.classList.contains('input-error'));
    assert.ok(!(await isWrong()), 'empty is this machine, for accounts on the sandbox');
    await reveal('maxMB');
    assert.ok(await row('maxMB').isVisible());
    await reveal('publicUrl');
    await row('publicUrl').fill('http://verify.example.com');
    await row('publicUrl').blur();
    assert.ok(await isWrong(), 'plain http is said on purpose');
    await row('allowHttp').check();
    assert.ok(!(await isWrong()));
    await row('kind').selectOption('s3');
    assert.ok(await row('publicStyle').isVisible());
    await reveal('metadata');
    assert.deepEqual([await row('maxMB').isVisible(), await row('metadata').isVisible()], [false, true]);
    await reveal('bucket');
    const isBucketWrong = () =>
      row('bucket').evaluate((element) => element.classList.contains('input-error'));
    await row('bucket').fill('');
    await row('bucket').blur();
    assert.ok(await isBucketWrong());
    await row('style').selectOption('domain');
    assert.ok(!(await isBucketWrong()), 'the host is the bucket, for both addresses');
    await row('publicStyle').selectOption('path');
    assert.ok(await isBucketWrong());
  });

  it('is tested, and says in the language of the browser what came of it', async () => {
    await open();
    const said = (key: string) => findText('', `test.${key}`, { text: '' }, LOCALE);
    assert.ok((await bench.test('photo-store', 'works')).join().endsWith(said('store-works')));
    server.door = ({ method }, response) => method !== 'GET' || refuse(response, 403, 'AccessDenied');
    assert.ok((await bench.test('photo-store', 'refused')).join().includes(said('store-fetch')));
    server.door = () => true;
  });

  it('tells in the sidebar what it holds', async () => {
    const body = new FormData();
    for (const bytes of [200_000, 300_000])
      body.append('photo', new Blob([new Uint8Array(jpg(bytes))]), 'a.jpg');
    assert.equal((await fetch(`${bench.nodeRed.address}/put`, { method: 'POST', body })).status, 200);
    await bench.page.evaluate(`RED.actions.invoke('cn-verify:show-verification')`);
    const [held = ''] = words(LOCALE, 'verification', 'photos.held', {
      count: '2',
      megabytes: '0.5',
      oldest: '@',
    }).split('@');
    await bench.page.locator('#cn-verify-verification [data-part="photos"]').getByText(held).waitFor();
  });
});

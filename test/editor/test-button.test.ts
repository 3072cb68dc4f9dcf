/** The test button of an account's form, in a real Chromium: one account against a server that answers in turn. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { foreignWords } from '../chinese';
import { type Demo, ROOT, startDemo } from '../demo-process';
import { closeServers, json, type ScriptedServer, scriptedServer } from '../flows/scripted-server';
import { leaksIn } from '../private';
import { type Opened, openEditor } from './browser';

const SECRET = 'a-secret-of-the-test';
const ACCOUNT = 'test-button-account';

for (const locale of ['en-US', 'zh-CN']) {
  describe(`the test button in ${locale}`, () => {
    const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
    const form: Record<string, string> = read(`nodes/forms/locales/${locale}/forms.json`).form;
    const tests: Record<string, string> = read(`src/texts/${locale}.json`).test;
    const said = (word: string, text = '') =>
      form['test-result']!.replace('__word__', form[word]!).replace('__text__', text);
    let demo: Demo;
    let editor: Opened;
    let page: Page;
    let server: ScriptedServer;
    const sent: string[] = [];

    before(async () => {
      server = await scriptedServer((_asked, response) => json(response, { code: 404, msg: '', data: null }));
      demo = await startDemo();
      await addAccount();
      editor = await openEditor(demo.address, locale);
      page = editor.page;
      page.on('request', (request) => {
        if (request.url().includes('/cn-verify/')) sent.push(`${request.url()} ${request.postData() ?? ''}`);
      });
      await page.waitForFunction(`window.RED && RED.nodes && RED.nodes.node('${ACCOUNT}')`);
    });
    after(async () => {
      await editor?.close();
      await demo?.stop();
      closeServers();
    });

    async function addAccount(groupSecret = SECRET, next = { nextGroupKey: '', nextGroupSecret: '' }) {
      const flows = ((await (await fetch(`${demo.address}/flows`)).json()) as { id: string }[]).filter(
        ({ id }) => id !== ACCOUNT,
      );
      const account = {
        id: ACCOUNT,
        type: 'xhey-account',
        name: 'tested',
        environment: 'custom',
        baseUrl: server.baseUrl,
        timeout: 10,
        maxConcurrent: 16,
        maxPerSecond: 0,
        maxWaiting: 1000,
        circuit: true,
        tls: '',
        proxy: '',
        credentials: { groupKey: 'groupKey', groupSecret, ...next },
      };
      const response = await fetch(`${demo.address}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify([...flows, account]),
      });
      assert.ok(response.ok);
    }

    async function open(type = 'xhey-account', id = ACCOUNT) {
      await page.evaluate(`RED.editor.editConfig('', '${type}', '${id}')`);
      await page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
    }

    const showTab = (name: string) => page.locator(`form:visible #red-ui-tab-${name} a`).click();

    async function close() {
      await page.click('#node-config-dialog-cancel');
      await page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    }

    /** Presses the button and waits for what it shows. */
    async function test(state: string): Promise<string[]> {
      await page.click('#xhey-account-test');
      const result = page.locator(`#xhey-account-test-result[data-state="${state}"]`);
      await result.waitFor({ state: 'visible' });
      return result.locator('div').allTextContents();
    }

    it('shows that the account works, is refused and cannot be reached', async () => {
      await open();
      assert.equal(await page.textContent('#xhey-account-test-result'), form['test-as-deployed']);
      // Node-RED itself speaks English here: the browser's language is meant, not the runtime's.
      assert.deepEqual(await test('works'), [said('test-works', tests.works)]);

      server.script = (_asked, response) => json(response, { code: 4007, msg: `no ${SECRET}`, data: null });
      const [refused = ''] = await test('refused');
      assert.ok(refused.startsWith(said('test-refused')), refused);
      assert.match(refused, /4007: no …/);
      assert.doesNotMatch(refused, /。 /);
      if (locale === 'zh-CN') assert.deepEqual(foreignWords(refused.replace(/4007: no …/, '')), []);

      server.script = (_asked, response) => response.socket!.destroy();
      const [unreachable = ''] = await test('unreachable');
      assert.ok(unreachable.startsWith(said('test-unreachable')), unreachable);

      assert.equal(await page.isEnabled('#xhey-account-test'), true);
      const shown = await page.locator('.red-ui-tray-body').last().textContent();
      assert.deepEqual(leaksIn(shown!), []);
      assert.doesNotMatch(shown!, /\b(form|test|errors)\.[a-z-]+/);
      await close();
      assert.deepEqual(new Set(sent), new Set([`${demo.address}/cn-verify/accounts/${ACCOUNT}/test `]));
    });

    it('shows how far the clock of this machine is off', async () => {
      await open();
      for (const [minutes, key] of [
        [10, 'test-clock-behind'],
        [-10, 'test-clock-ahead'],
      ] as const) {
        server.script = (_asked, response) => {
          response.setHeader('Date', new Date(Date.now() + minutes * 60_000).toUTCString());
          json(response, { code: 404, msg: '', data: null });
        };
        const [, line = ''] = await test('works');
        const [before = '', after = ''] = form[key]!.split('__seconds__');
        assert.ok(line.startsWith(before) && line.endsWith(after), line);
        const seconds = Number(line.slice(before.length, -after.length));
        assert.ok(Math.abs(seconds - 600) <= 2, line);
        // The next one is not this one, which is still shown.
        await page.evaluate(`$('#xhey-account-test-result').removeAttr('data-state')`);
      }
      await close();
    });

    it('tells an account that is not set up from one that is refused', async () => {
      const asked = server.asked.length;
      await addAccount('${CN_VERIFY_NOT_SET}');
      await open();
      const [line = ''] = await test('not-set-up');
      assert.ok(line.startsWith(said('test-not-set-up')), line);
      assert.match(line, /CN_VERIFY_NOT_SET/);
      assert.equal(server.asked.length, asked);
      await close();
      await addAccount();
    });

    it('shows which pair of keys is in use, before and after the first one is refused', async () => {
      await addAccount(SECRET, { nextGroupKey: 'next-key', nextGroupSecret: 'next-secret-of-the-test' });
      server.script = ({ headers }, response) =>
        json(response, { code: headers.groupkey === 'next-key' ? 404 : 4007, msg: '', data: null });
      await page.reload();
      await page.waitForFunction(`window.RED && RED.nodes && RED.nodes.node('${ACCOUNT}')`);
      await open();
      await showTab('keys');
      const keys = page.locator('#xhey-account-keys');
      await page.waitForSelector('#xhey-account-keys[data-in-use="first"]', { state: 'visible' });
      assert.equal(await keys.textContent(), form['keys-first']);
      await showTab('connection');
      assert.deepEqual(await test('works'), [said('test-works', tests['works-next-pair'])]);
      await showTab('keys');
      await page.waitForSelector('#xhey-account-keys[data-in-use="next"]', { state: 'visible' });
      assert.equal(await keys.textContent(), form['keys-next']);

      await page.fill('#node-config-input-nextGroupSecret', '');
      await page.keyboard.press('Tab');
      await page.waitForSelector('#node-config-input-nextGroupSecret.input-error');
      await page.fill('#node-config-input-nextGroupKey', '');
      await page.keyboard.press('Tab');
      await page.waitForSelector('#node-config-input-nextGroupSecret:not(.input-error)');
      const shown = await page.locator('.red-ui-tray-body').last().innerHTML();
      assert.deepEqual(leaksIn(shown), []);
      assert.doesNotMatch(shown, />\s*form\.[a-z-]+/);
      await close();
      await addAccount();
      server.script = (_asked, response) => json(response, { code: 404, msg: '', data: null });
      await page.reload();
      await page.waitForFunction(`window.RED && RED.nodes && RED.nodes.node('${ACCOUNT}')`);
    });

    it('says on the sandbox that the sandbox answers, and nothing of the provider', async () => {
      const id = String(
        await page.evaluate(`(() => {
          let found;
          RED.nodes.eachConfig((each) => {
            if (each.type === 'xhey-account' && each.environment === 'sandbox') found = each.id;
          });
          return found;
        })()`),
      );
      await open('xhey-account', id);
      assert.deepEqual(await test('works'), [said('test-works', tests['works-sandbox'])]);
      await close();
    });

    it('wants an account with changes, and a new one, to be deployed first', async () => {
      await page.evaluate(`RED.nodes.node('${ACCOUNT}').changed = true`);
      await open();
      assert.equal(await page.isEnabled('#xhey-account-test'), false);
      assert.equal(await page.textContent('#xhey-account-test-result'), form['test-deploy-first']);
      await close();
      await page.evaluate(`RED.nodes.node('${ACCOUNT}').changed = false`);

      await page.evaluate(`RED.editor.editConfig('', 'linkface-account', '_ADD_')`);
      await page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
      assert.equal(await page.isEnabled('#linkface-account-test'), false);
      assert.equal(await page.textContent('#linkface-account-test-result'), form['test-deploy-first']);
      await close();
    });

    it('says that it was not run where the account is gone', async () => {
      await open();
      const flows = (await (await fetch(`${demo.address}/flows`)).json()) as { id: string }[];
      await fetch(`${demo.address}/flows`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(flows.filter(({ id }) => id !== ACCOUNT)),
      });
      await page.waitForTimeout(500);
      const [gone = ''] = await test('not-run');
      assert.equal(gone, said('test-not-run', tests['not-deployed']));
    });
  });
}

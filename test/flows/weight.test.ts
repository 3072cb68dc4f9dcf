/** What a real Node-RED gives the editor of this package when it is opened: how much, and in which language. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FEW_NODES, type NodeRed, startNodeRed } from '../node-red-process';
import { ROOT } from '../nodes/form';

const PACKAGE = '@cn-verify/node-red-cn-verify';
/** Of all nodes and plugins, in one language. */
const MOST_BYTES = 100_000;
const CHINESE = /\p{Script=Han}/u;

interface Share {
  /** Of the nodes and of the plugins, help included. */
  html: string[];
  /** By node set and plugin. */
  catalogues: Record<string, object>;
}

describe('the editor is given', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed({}, {}, undefined, FEW_NODES);
  });
  after(() => nodeRed?.stop());

  /** As the editor asks: for all html, of which each part says whose it is, and for all catalogues. */
  async function shareOf(language: string): Promise<Share> {
    const ask = async (path: string, accept: string) => {
      const headers = { Accept: accept, 'Accept-Language': language };
      const response = await fetch(`${nodeRed.address}/${path}`, { headers });
      assert.equal(response.status, 200, path);
      return response.text();
    };
    const html = await Promise.all(['nodes', 'plugins'].map((path) => ask(path, 'text/html')));
    const catalogues = await Promise.all(
      ['nodes', 'plugins'].map((path) => ask(`${path}/messages?lng=${language}`, 'application/json')),
    );
    const isOurs = (name: string) => name.includes(PACKAGE);
    return {
      html: html
        .flatMap((text) => text.split(/(?=<!-- --- \[red-)/))
        .filter((part) => isOurs(part.split('\n')[0]!)),
      catalogues: Object.fromEntries(
        catalogues
          .flatMap((text) => Object.entries<object>(JSON.parse(text)))
          .filter(([name]) => isOurs(name)),
      ),
    };
  }

  for (const language of ['en-US', 'zh-CN']) {
    it(`at most ${MOST_BYTES} bytes of all nodes and plugins in ${language}`, async () => {
      const { html, catalogues } = await shareOf(language);
      const texts = [...html, ...Object.values(catalogues).map((each) => JSON.stringify(each))];
      const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      assert.ok(bytes > 50_000 && bytes <= MOST_BYTES, String(bytes));
    });

    it(`the help of each node in ${language}, when it is first shown`, async () => {
      const { html } = await shareOf(language);
      const addresses = [...html.join('').matchAll(/ data-src="([^"]+)"/g)].map(([, address]) => address);
      assert.ok(addresses.length > 10);
      for (const address of addresses) {
        const response = await fetch(`${nodeRed.address}/${address}`);
        assert.equal(response.status, 200, address);
        assert.match(await response.text(), /<h3>/, address);
      }
    });
  }

  it('the icons of all nodes, each from the folder of its node', async () => {
    const response = await fetch(`${nodeRed.address}/icons`, { headers: { Accept: 'application/json' } });
    const icons = ((await response.json()) as Record<string, string[]>)[PACKAGE] ?? [];
    const folders = join(ROOT, 'nodes');
    const written = readdirSync(folders, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.svg'),
    );
    assert.ok(written.length > 5);
    assert.deepEqual(icons.sort(), written.map((name) => basename(name)).sort());
    assert.equal((await fetch(`${nodeRed.address}/icons/${PACKAGE}/${icons[0]}`)).status, 200);
  });

  for (const language of ['zh-CN', 'zh-TW', 'zh-Hans-CN']) {
    it(`for ${language} what it is given for zh, in Chinese`, async () => {
      const share = await shareOf(language);
      assert.deepEqual(share, await shareOf('zh'));
      assert.ok(share.html.length > 10);
      for (const texts of Object.values(share.catalogues)) assert.match(JSON.stringify(texts), CHINESE);
    });
  }

  it('English help for any other language', async () => {
    assert.deepEqual((await shareOf('de')).html, (await shareOf('en-US')).html);
  });
});

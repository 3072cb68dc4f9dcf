/** What a real Node-RED gives the editor of this package when it is opened: how much, and in which language. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { ROOT } from '../nodes/form';

const PACKAGE = '@cn-verify/node-red-cn-verify';
/** Bytes in one language. */
const MOST_OF_NODES = 100_000;
const MOST_WITH_PLUGINS = 170_000;
const PLUGINS = ['forms', 'verification'];
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
    nodeRed = await startNodeRed({}, {});
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
    it(`at most ${MOST_OF_NODES} bytes of all nodes in ${language}, and little more of plugins`, async () => {
      const { html, catalogues } = await shareOf(language);
      const isPlugin = (name: string) => PLUGINS.some((each) => name.includes(`${PACKAGE}/${each}`));
      const sizes = { nodes: 0, plugins: 0 };
      const add = (name: string, text: string) => {
        sizes[isPlugin(name) ? 'plugins' : 'nodes'] += Buffer.byteLength(text);
      };
      for (const part of html) add(part.split('\n')[0]!, part);
      for (const [name, catalogue] of Object.entries(catalogues)) add(name, JSON.stringify(catalogue));
      const said = JSON.stringify(sizes);
      assert.ok(sizes.nodes > 0 && sizes.plugins > 0, said);
      assert.ok(sizes.nodes <= MOST_OF_NODES, said);
      assert.ok(sizes.nodes + sizes.plugins <= MOST_WITH_PLUGINS, said);
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

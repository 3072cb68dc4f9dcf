/** What a user gets: the tarball, installed into an empty user directory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryDirectory } from './demo-process';
import { type NodeRed, startNodeRed } from './node-red-process';

const NEEDED = [
  /^dist\/nodes\/([a-z-]+)\/\1\.(js|d\.ts|html)$/,
  /^dist\/nodes\/[a-z-]+\/icons\/[a-z-]+\.svg$/,
  /^dist\/nodes\/([a-z-]+)\/locales\/(en-US|zh)\/\1\.(json|html)$/,
  /^dist\/nodes\/([a-z-]+)\/locales\/zh-Hans-CN\/\1\.html$/,
  /^dist\/src\/[a-z\d/-]+\.(js|d\.ts)$/,
  /^dist\/src\/texts\/[\w-]+\.json$/,
  /^resources\/(help\/(en-US|zh-CN)\/[a-z-]+|sidebar)\.html$/,
  /^examples\/\d \p{Script=Han}+ [A-Z][a-z]+\/[^/]+ [a-z'-]+\.json$/u,
  /^deploy\/[\w.@-]+$/,
  /^docs\/(result\.schema\.json|(nodes|errors|providers|sandbox)(\.zh-CN)?\.md)$/,
  /^(README|README\.zh-CN|CHANGELOG|SECURITY|SECURITY\.zh-CN)\.md$/,
  /^(LICENSE|package\.json)$/,
];

/** Unpacked. */
const MOST_BYTES = 3_000_000;

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

function npm(directory: string, ...parameters: string[]): string {
  const program = process.env.npm_execpath;
  const [command, ...first] = program ? [process.execPath, program] : ['npm'];
  return execFileSync(command!, [...first, ...parameters], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('the package as it is published', function () {
  this.timeout(120_000);
  const userDir = temporaryDirectory();
  let nodeRed: NodeRed | undefined;
  let files: string[] = [];
  let unpackedSize = 0;

  before(() => {
    mkdirSync(userDir, { recursive: true });
    const [packed] = JSON.parse(
      npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', userDir),
    );
    ({ unpackedSize } = packed);
    files = packed.files.map(({ path }: { path: string }) => path);
    writeFileSync(join(userDir, 'package.json'), '{"name":"user","private":true}');
    npm(userDir, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(userDir, packed.filename));
  });
  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('holds what a user needs, and nothing else', () => {
    const other = files.filter((file) => !NEEDED.some((pattern) => pattern.test(file)));
    const missing = NEEDED.filter((pattern) => !files.some((file) => pattern.test(file)));
    assert.deepEqual([other, missing], [[], []]);
  });

  it('takes little room', () => {
    assert.ok(unpackedSize <= MOST_BYTES, String(unpackedSize));
  });

  it('loads all its nodes', async () => {
    nodeRed = await startNodeRed({}, undefined, userDir);
    const response = await nodeRed.ask(`/nodes/${manifest.name}`);
    const { nodes } = (await response.json()) as { nodes: { types: string[]; err?: string }[] };
    assert.deepEqual(
      nodes.flatMap(({ types }) => types).sort(),
      Object.keys(manifest['node-red'].nodes).sort(),
    );
    assert.deepEqual(
      nodes.filter(({ err }) => err),
      [],
    );
  });

  it('brings the sandbox as a command', () => {
    const help = execFileSync(join(userDir, 'node_modules/.bin/cn-verify-sandbox'), ['--help'], {
      encoding: 'utf8',
    });
    assert.match(help, /--port/);
  });
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { callXhey } from './xhey-caller';

const PROGRAM = join(__dirname, '../../src/sandbox/command-line.js');

describe('sandbox: the command line', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function run(...parameters: string[]) {
    const child = spawn(process.execPath, [PROGRAM, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const texts = { out: '', error: '' };
    child.stdout.on('data', (chunk) => {
      texts.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      texts.error += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const printed = (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(texts.out);
          if (found) resolve(found);
        };
        look();
        child.stdout.on('data', look);
        ended.then(() => reject(new Error(texts.error)));
      });
    return { child, texts, ended, printed };
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`prints where it is and who may come in, and ends at ${signal}`, async () => {
      const { child, texts, ended, printed } = run('--port', '0');
      const [, provider, baseUrl = ''] = await printed(
        /\n(\w+)\n {2}baseUrl: (http:\/\/127\.0\.0\.1:\d+\/\w+)\n(?: {2}\w+: \S+\n){2}/,
      );
      assert.equal(provider, 'xhey');
      assert.match(texts.out, /groupKey: sandbox-group-key\n/);
      assert.match(texts.out, /groupSecret: sandbox-group-secret\n/);
      assert.equal((await fetch(`${baseUrl}/v2/truth_build/query`)).status, 405);
      child.kill(signal);
      assert.equal(await ended, 0);
      assert.equal(texts.error, '');
      await assert.rejects(fetch(baseUrl));
    });
  }

  it('says in one line that a port is taken', async () => {
    const { printed } = run('--port', '0');
    const [, port = ''] = await printed(/127\.0\.0\.1:(\d+)\./);
    const second = run('--port', port);
    assert.equal(await second.ended, 1);
    assert.match(second.texts.error, /^.*port.*--port.*\n$/);
    assert.equal(second.texts.out, '');
  });

  it('says in one line what is wrong with its parameters', async () => {
    for (const parameters of [
      ['--port', 'many'],
      ['--port', '65536'],
      ['--latency=-1'],
      ['--shapes', 'round'],
      ['--host', '192.0.2.1'],
      ['--other'],
    ]) {
      const { ended, texts } = run(...parameters);
      assert.equal(await ended, 1, parameters.join(' '));
      assert.match(texts.error, /^.*--\w+.*\n$/, texts.error);
      assert.equal(texts.out, '');
    }
  });

  it('waits as long as --latency says', async () => {
    const portOf = async (...parameters: string[]) =>
      (await run('--port', '0', ...parameters).printed(/127\.0\.0\.1:(\d+)\./))[1];
    const answers = [await portOf('--latency', '600000'), await portOf()].map((port) =>
      fetch(`http://127.0.0.1:${port}/paid`).then(
        () => port,
        () => 'it was ended',
      ),
    );
    assert.equal(await Promise.race(answers), await answers[1]);
  });

  it('listens at --host, and answers in the shape of --shapes', async () => {
    const { printed, texts } = run('--port', '0', '--host', '0.0.0.0', '--shapes', 'documented');
    const [, port = ''] = await printed(/sandbox on 0\.0\.0\.0:(\d+)\./);
    await printed(/westdex/);
    assert.match(texts.out, /baseUrl: http:\/\/127\.0\.0\.1:\d+\/xhey\n/);
    const credentials = { groupKey: 'sandbox-group-key', groupSecret: 'sandbox-group-secret' };
    const accounts = { xhey: { baseUrl: `http://127.0.0.1:${port}/xhey`, credentials } };
    const payload = { photoUrlList: ['https://a.test/1.jpg'] };
    const created = await callXhey({ accounts }, '/v2/truth_build/create', payload);
    const { data } = (await created.json()) as { data: { taskID: string }[] };
    assert.match(data[0]!.taskID, /^\d{19}$/);
  });

  it('explains itself', async () => {
    const { ended, texts } = run('-h');
    assert.equal(await ended, 0);
    assert.match(texts.out, /cn-verify-sandbox.*--port/);
  });
});

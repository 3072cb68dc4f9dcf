/** The simple case of several workers: a shared subscription of MQTT, as the example photos-over-mqtt says. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { example } from '../example-flows';
import { freePort } from '../http/server';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { until } from '../until';

const PHOTOS = 20;

/** Each says in its answers which one it is. */
function flowOf(worker: number, port: number): object[] {
  return example('photos-over-mqtt').map((node) => {
    if (node.type === 'mqtt-broker') return { ...node, port: String(port) };
    if (node.type === 'mqtt in') return { ...node, topic: `$share/workers/${node.topic}` };
    return node.type === 'mqtt out' ? { ...node, topic: `${node.topic}/${worker}` } : node;
  });
}

describe('a shared subscription', () => {
  let broker: ChildProcess;
  let connection: string[];
  const two: NodeRed[] = [];

  before(async () => {
    const port = await freePort();
    const file = join(temporaryDirectory(), 'mosquitto.conf');
    writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
    broker = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
    process.once('exit', () => broker.kill('SIGKILL'));
    connection = ['-h', '127.0.0.1', '-p', String(port)];
    for (const worker of [0, 1]) {
      const nodeRed = await startNodeRed({}, undefined, undefined, { nodesIncludes: null });
      two.push(nodeRed);
      await nodeRed.deploy(flowOf(worker, port));
    }
    for (const { output } of two)
      while (!/Connected to broker/.test(output())) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  after(async () => {
    for (const nodeRed of two) await nodeRed.stop();
    const ended = once(broker, 'exit');
    broker.kill();
    await ended;
  });

  it('gives each message to one of two Node-REDs', async () => {
    const topics = ['-t', 'cn-verify/results/+', '-t', 'test/ready'];
    const subscriber = spawn('mosquitto_sub', [...connection, ...topics, '-q', '1', '-v', '-W', '30']);
    const publish = (topic: string, text: string) =>
      execFileSync('mosquitto_pub', [...connection, '-q', '1', '-t', topic, '-m', text]);
    let text = '';
    subscriber.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    while (!text.includes('test/ready')) {
      publish('test/ready', 'ready');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const urls = Array.from({ length: PHOTOS }, (_, number) => `https://example.com/site/${number}.jpg`);
    for (const url of urls) publish('cn-verify/photos', JSON.stringify([url]));
    const results = () => text.split('\n').filter((line) => /^cn-verify\/results\/\d \{.*\}$/.test(line));
    await until(
      () => results().length >= PHOTOS,
      () => text,
    );
    // One that came twice would have come by then.
    await new Promise((resolve) => setTimeout(resolve, 500));
    subscriber.kill();
    const came = results().map((line) => /site\/\d+\.jpg/.exec(line)![0]);
    assert.deepEqual(came.sort(), urls.map((url) => /site\/\d+\.jpg/.exec(url)![0]).sort());
    assert.equal(new Set(results().map((line) => line.split(' ')[0])).size, 2, 'both had some');
  });
});

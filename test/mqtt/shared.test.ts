/** The simple case of several workers: a shared subscription of MQTT, as the example photos-over-mqtt says. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { example } from '../example-flows';
import { freePort } from '../http/server';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { type Mosquitto, startMosquitto } from './mosquitto';

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
  let broker: Mosquitto;
  const two: NodeRed[] = [];

  before(async () => {
    const port = await freePort();
    broker = startMosquitto(port);
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
    await broker.stop();
  });

  it('gives each message to one of two Node-REDs', async () => {
    const topics = ['-t', 'cn-verify/results/+', '-t', 'test/ready'];
    const subscriber = spawn('mosquitto_sub', [...broker.connection, ...topics, '-v', '-W', '30']);
    let text = '';
    subscriber.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    while (!text.includes('test/ready')) {
      broker.publish('test/ready', 'ready');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const urls = Array.from({ length: PHOTOS }, (_, number) => `https://example.com/site/${number}.jpg`);
    for (const url of urls) broker.publish('cn-verify/photos', JSON.stringify([url]));
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

/** The example over MQTT on a real broker: mosquitto, with its own clients. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Demo, startDemo, temporaryDirectory } from '../demo-process';
import { example } from '../example-flows';
import { freePort } from '../http/server';
import { type Mosquitto, startMosquitto } from './mosquitto';

const PHOTOS = '["https://example.com/site/a.jpg","https://example.com/sandbox/-2305/b.jpg"]';

/** What the tests read of a result or an error. */
interface Published {
  outcome: string;
  data: { summary: Record<string, number>; tasks: { photoUrls: string[] }[] };
  code: string;
  cause: { charged: boolean | null; uncertain: string[] };
}

/** The example as a user has it who has moved its broker: the demo keeps such flows as they are. */
function exampleOn(port: number): string {
  const moved = example('photos-over-mqtt').map((node) =>
    node.type === 'mqtt-broker' ? { ...node, broker: 'localhost', port: String(port) } : node,
  );
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'flows.json'), JSON.stringify(moved));
  return directory;
}

describe('photos over MQTT on mosquitto', () => {
  let port: number;
  let broker: Mosquitto;
  let demo: Demo;

  before(async () => {
    port = await freePort();
    broker = startMosquitto(port);
    demo = await startDemo({ DEMO_DIR: exampleOn(port) });
  });

  after(async () => {
    await demo?.stop();
    await broker.stop();
  });

  /** What mosquitto_sub prints, with its topic, after mosquitto_pub has sent a message. */
  async function ask(message: string): Promise<{ topic: string; payload: Published }> {
    const topics = ['-t', 'cn-verify/results', '-t', 'cn-verify/errors', '-t', 'test/ready'];
    const subscriber = spawn('mosquitto_sub', [...broker.connection, ...topics, '-v', '-W', '20']);
    try {
      let isSent = false;
      let text = '';
      const ready = setInterval(() => broker.publish('test/ready', 'ready'), 100);
      for await (const chunk of subscriber.stdout) {
        clearInterval(ready);
        text += chunk;
        if (!isSent) broker.publish('cn-verify/photos', message);
        isSent = true;
        const line = text
          .split('\n')
          .slice(0, -1)
          .find((each) => each.startsWith('cn-verify/'));
        if (line) return { topic: line.split(' ')[0]!, payload: JSON.parse(line.slice(line.indexOf(' '))) };
      }
      throw new Error('mosquitto_sub ended without an answer.');
    } finally {
      subscriber.kill();
    }
  }

  it('publishes the result of every photo', async () => {
    const { topic, payload } = await ask(PHOTOS);
    assert.equal(topic, 'cn-verify/results');
    assert.deepEqual(payload.data.summary, { total: 2, passed: 1, failed: 1, inconclusive: 0 });
    assert.deepEqual(payload.data.tasks[0]!.photoUrls, JSON.parse(PHOTOS));
  });

  it('publishes what went wrong, without a guess at what was charged', async () => {
    const { topic, payload } = await ask('["https://example.com/sandbox-reset/a.jpg"]');
    assert.equal(topic, 'cn-verify/errors');
    assert.equal(payload.code, 'NETWORK');
    assert.equal(payload.cause.charged, null);
    assert.deepEqual(payload.cause.uncertain, ['https://example.com/sandbox-reset/a.jpg']);
  });

  it('publishes that a message was not JSON', async () => {
    const { topic, payload } = await ask('photo.jpg');
    assert.equal(topic, 'cn-verify/errors');
    assert.equal(payload.code, 'INPUT');
  });

  it('works on after the broker was away', async () => {
    await broker.stop();
    broker = startMosquitto(port);
    await reconnected();
    assert.equal((await ask(PHOTOS)).payload.outcome, 'failed');
  });

  /** Node-RED tries again every 15 s; until it is back, mosquitto has no other client than the one that asks. */
  async function reconnected(): Promise<void> {
    for (let seconds = 0; seconds < 30; seconds++) {
      const clients = await new Promise<string>((resolve) => {
        const count = ['-t', '$SYS/broker/subscriptions/count', '-C', '1', '-W', '5'];
        const asking = spawn('mosquitto_sub', [...broker.connection, ...count]);
        asking.stdout.on('data', (text) => resolve(String(text).trim()));
        asking.on('exit', () => resolve('0'));
      });
      if (Number(clients) >= 1) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    throw new Error('Node-RED did not come back.');
  }
});

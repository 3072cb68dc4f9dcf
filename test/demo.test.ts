import assert from 'node:assert/strict';
import { type EventEmitter, on, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type Demo, ROOT, runDemo, startDemo, temporaryDirectory } from './demo-process';
import { EXAMPLES } from './example-flows';
import { jpg, PNG } from './input/pictures';
import { until } from './until';

const { connectAsync } = createRequire(require.resolve('@node-red/nodes/package.json'))(
  'mqtt',
) as typeof import('mqtt');

const ANSWER_MS = 60_000;

type MqttClient = Awaited<ReturnType<typeof connectAsync>>;
/** What the tests read of a message. */
interface Published {
  camera: string;
  code: string;
  data: { photos: { url: string; outcome: string }[] };
}

/** What a browser sends to open a websocket. */
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const outcomesOf = (result: { data: { photos: { outcome: string }[] } }) =>
  result.data.photos.map(({ outcome }) => outcome);

/** What a demo prints as an error, but for what it prints of a disk that does not answer for ten seconds. */
const printedBy = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line && !/of the database .* does not answer|can be written again/.test(line));

describe('the demo', () => {
  const directory = temporaryDirectory();
  let demo: Demo;

  before(async () => {
    demo = await startDemo({ DEMO_DIR: directory });
  });

  after(() => demo.stop());

  /** @param work gets the next message of the topics, which comes in their order, as its topic and value */
  async function onBroker(
    topics: string[],
    work: (client: MqttClient, next: () => Promise<[topic: string, value: Published]>) => Promise<void>,
  ): Promise<void> {
    const client = await connectAsync(`mqtt://127.0.0.1:${demo.mqttPort}`);
    const messages = on(client as unknown as EventEmitter, 'message', {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    try {
      await client.subscribeAsync(topics);
      await work(client, async () => {
        const [topic, payload] = (await messages.next()).value!;
        return [topic, JSON.parse(String(payload))];
      });
    } finally {
      await client.endAsync();
    }
  }

  it('says nothing but what to do next', () => {
    assert.equal(demo.stderr(), '');
    assert.match(demo.stdout(), /^\nEditor/);
  });

  it('has every example as a tab, the welcome first', async () => {
    // A machine that works for others needs a Redis.
    const tabs = [...EXAMPLES.keys()].filter((name) => name !== 'scale-out').length;
    const flows = (await (await fetch(`${demo.address}/flows`)).json()) as { type: string; label: string }[];
    const shown = flows.filter(({ type }) => type === 'tab');
    assert.equal(shown.length, tabs);
    assert.match(shown[0]!.label, / welcome$/);
  });

  it('answers the printed curl with one photo that passed and one that failed', async () => {
    const [, url, type, body] = /curl -s (\S+) -H "Content-Type: (.+?)" -d '(.+)'/.exec(demo.stdout())!;
    const response = await fetch(url!, {
      method: 'POST',
      headers: { 'Content-Type': type! },
      body: body!,
    });
    assert.equal(response.status, 200);
    assert.deepEqual(outcomesOf((await response.json()) as never), ['passed', 'failed']);
  });

  it('answers the printed curl as it stands, with the photo of the repository', async () => {
    const [, field, path, url] = /curl -s -F (\w+)=@(\S+) (\S+)/.exec(demo.stdout())!;
    const form = new FormData();
    form.append(field!, new Blob([readFileSync(join(ROOT, path!))], { type: 'image/jpeg' }), '工地.jpg');
    const response = await fetch(url!, { method: 'POST', body: form });
    assert.equal(response.status, 200);
    const result = (await response.json()) as { data: { photos: { outcome: string; name: string }[] } };
    assert.deepEqual(
      result.data.photos.map(({ outcome, name }) => [outcome, name]),
      [['passed', '工地.jpg']],
    );
    const page = await fetch(url!);
    assert.match(page.headers.get('content-type')!, /^text\/html/);
    assert.match(await page.text(), /new FormData\(form\)/);
  });

  it('answers a photo that a camera publishes', () =>
    onBroker(['cn-verify/camera-results', 'cn-verify/camera-errors'], async (client, next) => {
      await client.publishAsync('cn-verify/camera/gate', jpg(2_000), { qos: 1 });
      const [answeredOn, result] = await next();
      assert.equal(answeredOn, 'cn-verify/camera-results');
      const [photo] = (result.data as { photos: object[] }).photos;
      assert.partialDeepStrictEqual(photo, { name: 'gate', outcome: 'passed' });
      await client.publishAsync('cn-verify/camera/gate', 'no photo', { qos: 1 });
      const [refusedOn, { camera, code }] = await next();
      assert.deepEqual(
        [refusedOn, camera, code],
        ['cn-verify/camera-errors', 'cn-verify/camera/gate', 'INPUT'],
      );
    }));

  it('answers a request that cannot be sent with the status of its error code', async () => {
    const response = await fetch(`${demo.address}/verify/photos`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '[]',
    });
    assert.equal(response.status, 400);
    const { code, cause } = (await response.json()) as { code: string; cause: { charged: boolean } };
    assert.equal(code, 'INPUT');
    assert.equal(cause.charged, false);
  });

  it('answers the printed mosquitto_pub on the topics of the printed mosquitto_sub', async () => {
    const [, subscriptions] = /mosquitto_sub -h 127\.0\.0\.1 -p \d+ (.+)/.exec(demo.stdout())!;
    const [, topic, body] = /mosquitto_pub .*-t (\S+) -m '(.+)'/.exec(demo.stdout())!;
    const topics = subscriptions!.split('-t ').flatMap((each) => each.trim() || []);
    await onBroker(topics, async (client, next) => {
      await client.publishAsync(topic!, body!, { qos: 1 });
      const [answeredOn, result] = await next();
      assert.equal(answeredOn, 'cn-verify/results');
      assert.deepEqual(outcomesOf(result), ['passed', 'failed']);
      await client.publishAsync(topic!, 'not JSON', { qos: 1 });
      const [refusedOn, { code }] = await next();
      assert.deepEqual([refusedOn, code], ['cn-verify/errors', 'INPUT']);
    });
  });

  it('pays for a message that the broker keeps when it is published, and not again when the flow comes back', () =>
    onBroker(['cn-verify/results', 'cn-verify/errors'], async (client) => {
      const urls: string[] = [];
      client.on('message', (_, payload) => {
        const { data, code } = JSON.parse(payload.toString()) as Published;
        urls.push(data ? data.photos[0]!.url : code);
      });
      const [kept, live] = ['kept', 'live'].map((name) => `https://example.com/${name}.jpg`);
      await client.publishAsync('cn-verify/photos', JSON.stringify([kept]), { qos: 1, retain: true });
      await until(() => urls.includes(kept!));
      const flows = `${demo.address}/flows`;
      const headers = { 'Content-Type': 'application/json' };
      const body = await (await fetch(flows)).text();
      assert.ok((await fetch(flows, { method: 'POST', headers, body })).ok);
      // The flow may not listen yet.
      await until(async () => {
        await client.publishAsync('cn-verify/photos', JSON.stringify([live]), { qos: 1 });
        return urls.includes(live!);
      });
      assert.equal(urls.filter((each) => each === kept).length, 1);
      assert.deepEqual(new Set(urls), new Set([kept, live]));
      await client.publishAsync('cn-verify/photos', '', { qos: 1, retain: true });
    }));

  it('serves the printed address of the dashboard', async () => {
    const [, address] = / {2}(http:\S+\/dashboard)$/m.exec(demo.stdout())!;
    const response = await fetch(address!);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /<title>FlowFuse Dashboard<\/title>/);
  });

  it('takes photos of 8 MB, over the dashboard and in JSON', async () => {
    const handshake = await fetch(`${demo.address}/dashboard/socket.io/?EIO=4&transport=polling`);
    const { maxPayload } = JSON.parse((await handshake.text()).slice(1));
    assert.ok(maxPayload > 8 * 1024 * 1024 * (4 / 3), String(maxPayload));

    const photo = Buffer.concat([PNG, Buffer.alloc(8 * 1024 * 1024 - PNG.length)]).toString('base64');
    const response = await fetch(`${demo.address}/verify/face`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: '张三', idNumber: '11010519491231002X', photo }),
    });
    assert.equal(response.status, 200);
  });

  const FOREIGN = [{ Origin: 'https://elsewhere.example' }, { Host: 'elsewhere.example' }];

  for (const path of ['/flows', '/dashboard/socket.io/?EIO=4&transport=polling']) {
    it(`lets no page of another origin, and no other host name, at ${path}`, async () => {
      const status = async (headers: Record<string, string>) => {
        const [response] = await once(get(demo.address + path, { headers }), 'response');
        response.resume();
        return response.statusCode;
      };
      for (const headers of FOREIGN) assert.equal(await status(headers), 403);
      assert.equal(await status({ Origin: demo.address }), 200);
    });
  }

  for (const path of ['/comms', '/dashboard/socket.io/?EIO=4&transport=websocket']) {
    it(`opens no websocket for them at ${path}`, async () => {
      const status = async (headers: Record<string, string>) => {
        const request = get(demo.address + path, { headers: { ...UPGRADE, ...headers } });
        const [response, socket] = await Promise.race([
          once(request, 'upgrade'),
          once(request, 'response'),
        ]).catch(() => []);
        socket?.destroy();
        return response?.statusCode ?? 'cut';
      };
      for (const headers of FOREIGN) assert.equal(await status(headers), 'cut');
      assert.equal(await status({ Origin: demo.address }), 101);
    });
  }

  for (const variable of ['PORT', 'MQTT_PORT']) {
    it(`names a busy ${variable} in one line`, async () => {
      const busy = createServer().listen(0, '127.0.0.1');
      await once(busy, 'listening');
      const { port } = busy.address() as AddressInfo;
      const { code, stdout, stderr } = await runDemo({ [variable]: String(port) });
      busy.close();
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(`^[^\\n]*\\b${port}\\b[^\\n]*\\b${variable}\\b[^\\n]*\\n$`));
    });
  }

  it('refuses what is no port, in one line', async () => {
    const { code, stderr } = await runDemo({ PORT: '99999' });
    assert.equal(code, 1);
    assert.match(stderr, /^PORT=99999 [^\n]*\n$/);
  });

  it('ends at SIGTERM, and at SIGINT, with what the user changed kept for the next time', async () => {
    const ended = await demo.stop('SIGTERM');
    assert.deepEqual([ended.code, printedBy(ended.stderr)], [0, []]);

    const file = join(directory, 'flows.json');
    const flows = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>[];
    Object.assign(flows.find(({ type }) => type === 'tab')!, { label: 'mine' });
    writeFileSync(file, JSON.stringify(flows));

    const again = await startDemo({ DEMO_DIR: directory });
    const kept = (await (await fetch(`${again.address}/flows`)).json()) as Record<string, unknown>[];
    assert.ok(kept.some(({ label }) => label === 'mine'));
    assert.equal(kept.find(({ type }) => type === 'mqtt-broker')!.port, String(again.mqttPort));
    assert.match(again.stdout(), /as you left them/);

    const endedAgain = await again.stop('SIGINT');
    assert.deepEqual([endedAgain.code, printedBy(endedAgain.stderr)], [0, []]);
  });
});

describe("the demo with a door for phones and a password for the operator's page", () => {
  const phone = '127.0.0.2';
  const authorization = (password: string) =>
    `Basic ${Buffer.from(`operator:${password}`).toString('base64')}`;
  const KNOWN = { Authorization: authorization('a password') };
  let demo: Demo;

  before(async () => {
    demo = await startDemo({ HOST: phone, PAGE_PASSWORD: 'a password' });
  });
  after(() => demo.stop());

  const at = (path: string) => `http://${phone}:${new URL(demo.address).port}${path}`;

  it("prints the page's address for them", () => {
    assert.ok(demo.stdout().includes(at('/dashboard')));
    assert.ok(demo.stdout().includes(`${demo.address}/dashboard`));
  });

  it('shows the page and what the flows offer', async () => {
    const page = await fetch(at('/'), { headers: KNOWN });
    assert.match(page.url, /\/dashboard\/?$/);
    assert.match(await page.text(), /<title>/);
    assert.equal((await fetch(at('/metrics'))).status, 200);
  });

  for (const path of [
    '/flows',
    '/settings',
    '/nodes',
    '/cn-verify/ledger',
    '/cn-verify/ledger.csv',
    '/red/red.min.js',
  ]) {
    it(`keeps ${path} for the machine itself`, async () => {
      assert.equal((await fetch(`${demo.address}${path}`)).status, 200);
      assert.equal((await fetch(at(path))).status, 404);
    });
  }

  it('lets nobody deploy from there, nor listen to the editor', async () => {
    const deploy = await fetch(at('/flows'), { method: 'POST', body: '[]' });
    assert.equal(deploy.status, 404);
    const refused = await new Promise<boolean>((resolve) => {
      const request = get(at('/comms'), { headers: UPGRADE });
      request.on('upgrade', () => resolve(false)).on('response', () => resolve(true));
      request.on('error', () => resolve(true));
    });
    assert.ok(refused);
  });

  it('refuses a page from elsewhere, and another name for itself', async () => {
    const origin = await fetch(at('/metrics'), { headers: { Origin: 'http://example.com' } });
    assert.equal(origin.status, 403);
    const status = await new Promise((resolve, reject) => {
      get(at('/metrics'), { headers: { Host: 'rebound.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    assert.equal(status, 403);
  });

  it('says so where an address is not of this machine', async () => {
    const ended = await runDemo({ HOST: '192.0.2.1' });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /HOST=192\.0\.2\.1 is no address of this machine/);
  });

  for (const path of ['/dashboard/', '/verify-desk/jobs', '/Verify-Desk/jobs'])
    it(`asks for the password at ${path}`, async () => {
      const ask = async (headers: Record<string, string>) =>
        (await fetch(`${demo.address}${path}`, { headers })).status;
      assert.equal(await ask({}), 401);
      assert.equal(await ask({ Authorization: authorization('another') }), 401);
      assert.equal(await ask(KNOWN), 200);
    });

  it("asks for the password at the dashboard's socket", async () => {
    // What socket.io answers to a client that joins: 40 is yes, 44 is no.
    const join = async (headers: Record<string, string>) => {
      const url = `${demo.address}/dashboard/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(url, { headers })).text()).slice(1));
      await fetch(`${url}&sid=${sid}`, { method: 'POST', headers, body: '40' });
      return (await (await fetch(`${url}&sid=${sid}`, { headers })).text()).slice(0, 2);
    };
    assert.equal(await join({}), '44');
    assert.equal(await join(KNOWN), '40');
  });

  it('refuses an upload that is too large or says no size, before it is read', async () => {
    const headers = { ...KNOWN, 'Content-Type': 'multipart/form-data; boundary=a' };
    const status = async (more: Record<string, string>) => {
      const request = httpRequest(`${demo.address}/verify-desk/photos`, {
        method: 'POST',
        headers: { ...headers, ...more },
      });
      request.flushHeaders();
      const [response] = await once(request, 'response');
      request.destroy();
      return response.statusCode;
    };
    assert.equal(await status({ 'Content-Length': '900000000' }), 413);
    assert.equal(await status({ 'Transfer-Encoding': 'chunked' }), 411);
  });

  it('leaves the other flows as they are', async () => {
    assert.equal((await fetch(`${demo.address}/metrics`)).status, 200);
  });
});

import assert from 'node:assert/strict';
import type { Account } from '../../../src/contract/account';
import type { Context } from '../../../src/contract/action';
import type { Call, HttpAnswer, HttpRequest, QueueSlot } from '../../../src/contract/transport';
import { requestToken, type TokenAnswer } from '../../../src/providers/linkface/client';
import vectors from '../../vectors.json';

const NOW = 1_700_000_000_000;
const SLOT: QueueSlot = { release: () => {} };
const ISSUED = { code: '0000', msg: '调用成功', data: { token: 'a-token' } };

interface ReceivedRequest {
  requests: HttpRequest[];
  call: Call<unknown>;
  answer: TokenAnswer;
}

/** Asks with random numbers that are pinned, and takes apart what would have been sent, once for each time. */
async function ask(
  wanted: { sequenceId?: string | null },
  times: number[] = [NOW],
): Promise<ReceivedRequest> {
  const credentials = { apiId: 'testid', apiSecret: 'testsecret' };
  const requests: HttpRequest[] = [];
  let call: Call<unknown> | undefined;
  let clock = NOW;
  const account = {
    secrets: Object.values(credentials),
    settings: { timestampUnit: 'ms' },
    transport: {
      send: async <Value>(given: Call<Value>) => {
        call = given;
        for (const time of times) {
          requests.push(given.build(time, credentials) as HttpRequest);
          clock += 1000;
        }
        const answer: HttpAnswer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(ISSUED)) };
        return given.read(answer, credentials);
      },
    },
  } as unknown as Account;
  const context = { now: () => clock } as Context;
  const answer = await requestToken(
    account,
    { detectionType: 'liveness', sequenceId: 'a', ...wanted },
    SLOT,
    context,
    (bytes) => 'f7'.repeat(bytes),
  );
  return { requests, call: call!, answer };
}

describe('linkface request', () => {
  it('is the form of the document, byte for byte', async () => {
    const { requests } = await ask({ sequenceId: 'serial-1' });
    const [{ sign = '' } = {}] = vectors.linkface.filter(({ timestamp, apiId }) => {
      return timestamp === String(NOW) && apiId === 'testid';
    });
    const boundary = `cn-verify-${'f7'.repeat(16)}`;
    const [{ body, ...request } = assert.fail()] = requests;
    assert.deepEqual(request, {
      method: 'POST',
      path: '/v2/sdk/get_token?sequence_id=serial-1&api_id=testid',
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
    });
    assert.equal(
      body.toString('latin1'),
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="detection_type"',
        '',
        'liveness',
        `--${boundary}`,
        'Content-Disposition: form-data; name="timestamp"',
        '',
        '1700000000000',
        `--${boundary}`,
        'Content-Disposition: form-data; name="sign"',
        '',
        sign,
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    );
  });

  const encoded: [string, string][] = [
    ['订单 7', '%E8%AE%A2%E5%8D%95%207'],
    ['a&b=c/d?e#f', 'a%26b%3Dc%2Fd%3Fe%23f'],
    ['1+1%', '1%2B1%25'],
    ['𠮷', '%F0%A0%AE%B7'],
  ];
  it('has the sequence id percent-encoded in its query, and gives it back as it was', async () => {
    for (const [sequenceId, expected] of encoded) {
      const { requests, answer } = await ask({ sequenceId });
      assert.equal(requests[0]!.path, `/v2/sdk/get_token?sequence_id=${expected}&api_id=testid`);
      assert.equal(answer.sequenceId, sequenceId);
    }
  });

  it('has a time and a signature of its own for each attempt, and the same serial number', async () => {
    const { requests, answer } = await ask({ sequenceId: null }, [NOW, NOW + 1]);
    const bodies = requests.map(({ body }) => body.toString());
    const signatures = bodies.map((body) => /\r\n([0-9a-f]{64})\r\n/.exec(body)![1]);
    assert.notEqual(signatures[0], signatures[1]);
    assert.ok(bodies[1]!.includes(`\r\n${NOW + 1}\r\n`));
    assert.equal(requests[0]!.path, requests[1]!.path);
    assert.equal(answer.sequenceId, 'f7'.repeat(32));
    assert.equal(answer.sequenceId.length, 64);
  });

  it('knows when the last attempt was sent, by this clock and not by the one it signed with', async () => {
    const { answer } = await ask({}, [NOW + 3_600_000, NOW + 3_600_000]);
    assert.equal(answer.sentAt, NOW + 1000);
  });

  it('is free, may be repeated, and takes a place', async () => {
    const { call } = await ask({});
    assert.deepEqual([call.claim, call.repeat, call.slot], [null, true, SLOT]);
  });
});

/** A provider that is down for a while, and clocks that are wrong, through the real nodes. */
import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import { actionOf, checkError, checkResult, flowOf } from './five-actions';
import { ask, deploy, logs, nodeRedWithProvider, seen, settledStatus } from './runtime';
import { json, type ReceivedRequest } from './scripted-server';

/** Node-RED's level of warnings. */
const WARN = 30;
const MINUTE = 60_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('time, in a real Node-RED', () => {
  const server = nodeRedWithProvider();
  let firstLog = 0;
  beforeEach(() => {
    firstLog = logs.length;
  });

  const warnings = () =>
    logs
      .slice(firstLog)
      .filter(({ level }) => level === WARN)
      .map(({ msg }) => String(msg));

  it('a provider that is down for some seconds: refused at once, with one warning, and back with the trial that is answered', async () => {
    const three = actionOf('westdex-three');
    await deploy(flowOf(three, server.baseUrl, { circuit: true }));
    const isOpen = () => warnings().some((each) => each.includes('keeps failing'));
    let trials = 0;
    server.script = (_request, response) => {
      if (isOpen()) trials++;
      if (trials < 2) response.writeHead(502).end('<html>');
      else json(response, three.success());
    };
    const codes: string[] = [];
    let statusesWhenOpen = 0;
    let result: Result | undefined;
    // Two seconds until it opens, then pauses of one and two.
    while (!result) {
      const wasOpen = isOpen();
      const { out1, caught } = await ask({ payload: three.payload });
      if (!wasOpen && isOpen()) statusesWhenOpen = seen.statuses.length;
      if (out1[0]) result = checkResult(out1[0]);
      else codes.push(checkError(caught[0]!).code);
      await pause(90);
    }
    assert.equal(warnings().length, 2);
    assert.match(warnings().join(), /keeps failing.*answers again/);
    assert.equal(trials, 2);
    const refused = codes.filter((code) => code === 'OVERLOADED').length;
    assert.ok(refused > 2, codes.join());
    assert.equal(server.requests.length, codes.length - refused + 1);
    // Between two trials nothing changes, so nothing is shown.
    const shown = seen.statuses
      .slice(statusesWhenOpen)
      .filter(({ id }) => id === 'action')
      .map(({ status }) => status.text);
    const times = shown.filter((text) => text === 'OVERLOADED').length;
    assert.ok(times >= 1 && times <= 2, shown.join());
    assert.equal((await settledStatus())?.text, 'passed');
  });

  for (const type of ['face-compare', 'westdex-three']) {
    it(`${type}: twelve bad persons in a row at a healthy provider are twelve answers`, async () => {
      const bad = actionOf(type);
      await deploy(flowOf(bad, server.baseUrl, { circuit: true }));
      const answers: [object, number][] = [
        [bad.failure(), 200],
        [bad.failure(), 500],
        [{ ...bad.failure(), code: type === 'face-compare' ? 500 : -1 }, 503],
      ];
      // "The gateway's own refusals": it says why, too.
      if (type === 'face-compare') answers.push([{ message: 'Internal Server Error' }, 500]);
      server.script = (_request, response, count) => json(response, ...answers[count % answers.length]!);
      for (let count = 0; count < 12; count++) {
        const { caught } = await ask({ payload: bad.payload });
        assert.match(checkError(caught[0]!).code, /^(INPUT|PROVIDER)$/);
        await pause(200);
      }
      assert.equal(server.requests.length, 12);
      assert.deepEqual(warnings(), []);
    });
  }

  /** When a request says that it was signed. */
  const SIGNED_AT: Record<string, (request: ReceivedRequest) => number> = {
    'truth-create': ({ headers }) => Number(headers.timestamp) * 1000,
    'face-compare': ({ headers }) => Date.parse(String(headers['x-date'])),
  };
  const REFUSED: Record<string, [object, number]> = {
    'truth-create': [{ code: 401, msg: 'verify error', data: null }, 200],
    'face-compare': [{ message: 'HMAC signature cannot be verified' }, 403],
  };
  for (const [type, signedAt] of Object.entries(SIGNED_AT)) {
    const signing = actionOf(type);
    /** How many minutes from now each request since the last call was signed for. */
    const minutes = () => {
      const requests = server.requests.splice(0);
      return requests.map((each) => Math.round((signedAt(each) - Date.now()) / MINUTE) || 0);
    };
    it(`${type}: the time of a provider whose clock is another is kept, and given up again`, async () => {
      await deploy(flowOf(signing, server.baseUrl));
      let ahead = 20 * MINUTE;
      server.script = (request, response) => {
        response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
        if (Math.abs(signedAt(request) - Date.now() - ahead) < MINUTE) json(response, signing.success());
        else json(response, ...REFUSED[type]!);
      };
      for (const expected of [[0, 20], [20], [20, 0], [0]]) {
        if (expected[1] === 0) ahead = 0;
        assert.equal((await ask({ payload: signing.payload })).out1.length, 1);
        assert.deepEqual(minutes(), expected);
      }
    });
  }
});

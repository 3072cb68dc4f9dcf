/** A provider that is down for a while, and clocks that are wrong, through the real nodes. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Result } from '../../src/contract/result';
import { actionOf, checkError, checkResult, flowOf } from './five-actions';
import { ask, deploy, logs, seen, settledStatus, startRuntime } from './runtime';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
} from './scripted-server';

/** Node-RED's level of warnings. */
const WARN = 30;
const MINUTE = 60_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('time, in a real Node-RED', () => {
  let server: ScriptedServer;
  let firstLog = 0;
  before(() => startRuntime());
  beforeEach(async () => {
    firstLog = logs.length;
    server = await scriptedServer(() => {});
  });
  afterEach(closeServers);

  const warnings = () =>
    logs
      .slice(firstLog)
      .filter(({ level }) => level === WARN)
      .map(({ msg }) => String(msg));

  it('a provider that is down for some seconds: refused at once, said once, and back with the trial that is answered', async () => {
    const three = actionOf('westdex-three');
    await deploy(flowOf(three, server.baseUrl, { circuit: true }));
    const isOpen = () => warnings().some((each) => each.includes('keeps failing'));
    let trials = 0;
    server.script = (_asked, response) => {
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
    assert.equal(server.asked.length, codes.length - refused + 1);
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
        [{ ...bad.failure(), code: 500 }, 503],
        type === 'face-compare'
          ? [{ ...bad.success(), data: { incorrect: 113 } }, 200]
          : [{ ...bad.failure(), code: -1 }, 502],
      ];
      server.script = (_asked, response, count) => json(response, ...answers[count % answers.length]!);
      for (let count = 0; count < 12; count++) {
        const { caught } = await ask({ payload: bad.payload });
        assert.match(checkError(caught[0]!).code, /^(INPUT|PROVIDER)$/);
        await pause(200);
      }
      assert.equal(server.asked.length, 12);
      assert.deepEqual(warnings(), []);
    });
  }

  /** When a request says that it was signed. */
  const SIGNED_AT: Record<string, (asked: ReceivedRequest) => number> = {
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
      const asked = server.asked.splice(0);
      return asked.map((each) => Math.round((signedAt(each) - Date.now()) / MINUTE) || 0);
    };
    const wrongDate = (response: ServerResponse, by: number) =>
      response.setHeader('Date', new Date(Date.now() + by).toUTCString());

    it(`${type}: a proxy's wrong Date leads no further than one more request`, async () => {
      await deploy(flowOf(signing, server.baseUrl));
      server.script = (_asked, response) => {
        wrongDate(response, -45 * MINUTE);
        json(response, ...REFUSED[type]!);
      };
      for (let turn = 0; turn < 2; turn++) {
        const { caught } = await ask({ payload: signing.payload });
        const { code, cause } = checkError(caught[0]!);
        assert.deepEqual([code, cause.attempts], ['AUTH', 2]);
        assert.deepEqual(minutes(), [0, -45]);
      }
      server.script = (_asked, response) => {
        wrongDate(response, -45 * MINUTE);
        json(response, signing.success());
      };
      for (let turn = 0; turn < 2; turn++) {
        assert.equal((await ask({ payload: signing.payload })).out1.length, 1);
        assert.deepEqual(minutes(), [0]);
      }
    });

    it(`${type}: an answer with Age says nothing about clocks`, async () => {
      await deploy(flowOf(signing, server.baseUrl));
      server.script = (_asked, response) => {
        wrongDate(response, -45 * MINUTE);
        response.setHeader('Age', '2700');
        json(response, ...REFUSED[type]!);
      };
      const { caught } = await ask({ payload: signing.payload });
      assert.equal(checkError(caught[0]!).code, 'AUTH');
      assert.deepEqual(minutes(), [0]);
    });

    it(`${type}: a clock that is really off is kept, and let go again`, async () => {
      await deploy(flowOf(signing, server.baseUrl));
      let ahead = 20 * MINUTE;
      server.script = (asked, response) => {
        wrongDate(response, ahead);
        if (Math.abs(signedAt(asked) - Date.now() - ahead) < MINUTE) json(response, signing.success());
        else json(response, ...REFUSED[type]!);
      };
      for (const expected of [[0, 20], [20], [20, 0], [0]]) {
        if (expected[1] === 0) ahead = 0;
        assert.equal((await ask({ payload: signing.payload })).out1.length, 1);
        assert.deepEqual(minutes(), expected);
      }
    });

    it(`${type}: a Date from the end of time`, async () => {
      await deploy(flowOf(signing, server.baseUrl));
      for (const date of ['Sat, 13 Sep 275760 00:00:00 GMT', 'Thu, 01 Jan 0001 00:00:00 GMT', '-1', 'NaN']) {
        server.script = (_asked, response) => {
          response.setHeader('Date', date);
          json(response, ...REFUSED[type]!);
        };
        const { caught } = await ask({ payload: signing.payload });
        assert.equal(checkError(caught[0]!).code, 'AUTH', date);
      }
    });
  }
});

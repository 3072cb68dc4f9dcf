import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import { untilOnDisk } from './on-disk';
import { accountAt, actionFlow, deploy, got, nodeRedWithProvider, send, until, userDir } from './runtime';
import { json, taskCreated, taskFinished } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';

describe('load, in a real Node-RED', function () {
  this.timeout(60_000);
  const server = nodeRedWithProvider((_request, response) => setTimeout(taskCreated, 10, response));
  const account = (properties: object = {}) => accountAt(server.baseUrl, properties);

  it('a thousand messages at once into truth-create come out once each, over no more than 16 sockets', async () => {
    await deploy(actionFlow({ type: 'truth-create' }, account()));
    for (let index = 0; index < 1000; index++) send('action', { payload: PHOTO, index });
    await until(() => got('completed').length + got('caught').length >= 1000);
    assert.equal(got('caught').length, 0);
    assert.equal(new Set(got('out1').map(({ index }) => index)).size, 1000);
    assert.equal(got('out1').length, 1000);
    assert.equal(server.requests.length, 1000);
    assert.ok(server.mostSockets <= 16, `${server.mostSockets} sockets`);
    assert.equal(server.mostRequests, 16);
  });

  it('a thousand tasks into one truth-poll come out once each, over no more than 16 sockets', async () => {
    const queries = new Map<string, number>();
    server.script = ({ body }, response) => {
      const { taskID } = JSON.parse(body) as { taskID: string };
      const count = (queries.get(taskID) ?? 0) + 1;
      queries.set(taskID, count);
      if (count < 3) json(response, { code: 200, msg: 'success', data: { taskStatus: 2, list: [] } });
      else taskFinished(response, [{ photoUrl: PHOTO, status: 0, msg: taskID }]);
    };
    await deploy(actionFlow({ type: 'truth-poll', interval: 0.2, maxInterval: 0.4 }, account()));
    for (let index = 0; index < 1000; index++) send('action', { payload: String(10_000 + index) });
    await until(() => got('completed').length + got('caught').length >= 1000);
    assert.equal(got('out1').length, 1000);
    const photos = got('out1').map(
      ({ payload }) => (payload as Result<{ photos: { message: string }[] }>).data.photos[0]!,
    );
    assert.equal(new Set(photos.map(({ message }) => message)).size, 1000);
    assert.equal(server.requests.length, 3000);
    assert.ok(server.mostSockets <= 16, `${server.mostSockets} sockets`);
    assert.ok(server.mostRequests <= 16, `${server.mostRequests} requests`);
  });

  it('a message of many batches takes one place', async () => {
    await deploy(
      actionFlow({ type: 'truth-create', batchSize: 1 }, account({ maxConcurrent: 1, maxWaiting: 1 })),
    );
    send('action', { payload: [PHOTO, `${PHOTO}?2`, `${PHOTO}?3`], index: 1 });
    send('action', { payload: [PHOTO, `${PHOTO}?2`, `${PHOTO}?3`], index: 2 });
    send('action', { payload: PHOTO, index: 3 });
    await until(() => got('completed').length + got('caught').length >= 3);
    assert.deepEqual(
      got('out1').map(({ index }) => index),
      [1, 2],
    );
    assert.deepEqual(
      got('caught').map(({ index }) => index),
      [3],
    );
  });

  it('polls go after other requests and take no place', async () => {
    const order: string[] = [];
    let answerFirst = () => {};
    const othersCame = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    server.script = ({ url }, response) => {
      order.push(url.endsWith('create') ? 'create' : 'query');
      const answer = url.endsWith('create') ? taskCreated : taskFinished;
      // The first is under way until the others have come, and have been written down.
      if (order.length === 1) void othersCame.then(() => answer(response));
      else setTimeout(answer, 20, response);
    };
    const nodes = actionFlow({ type: 'truth-poll' }, account({ maxConcurrent: 1, maxWaiting: 3 }));
    const at = { z: 'tab', x: 1, y: 1 };
    await deploy([
      ...nodes,
      { id: 'create', type: 'truth-create', account: 'account', ...at, wires: [['caught']] },
    ]);
    for (const id of ['1', '2', '3', '4', '5']) send('action', { payload: id });
    await until(() => order.length === 1);
    for (let index = 0; index < 3; index++) send('create', { payload: PHOTO });
    await untilOnDisk(userDir, 5);
    await new Promise((resolve) => setTimeout(resolve, 500));
    answerFirst();
    await until(() => got('out1').length === 5);
    assert.deepEqual(order, ['query', 'create', 'create', 'create', 'query', 'query', 'query', 'query']);
  });
});

/** Waiting tasks in the form of truth-poll: seen, queried at once, dropped, and found again when their node is gone. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import {
  closeServers,
  json,
  type ScriptedServer,
  scriptedServer,
  taskFinished,
} from '../flows/scripted-server';
import { until } from '../until';
import { placed, VERSION, Workbench, words } from './workbench';

const TYPE = 'truth-poll';
const LOCALE = 'zh-CN';

const flows = (baseUrl: string) => [
  {
    id: 'account',
    type: 'xhey-account',
    environment: 'custom',
    baseUrl,
    credentials: { groupKey: 'k', groupSecret: 's' },
  },
  ...['kept', 'left-behind'].flatMap((id, index) => {
    const y = 160 + 100 * index;
    const settings = { name: id, account: 'account', interval: 60, maxInterval: 60 };
    return [
      placed([160, y], `in-${id}`, 'http in', [[id, `out-${id}`]], { url: `/${id}`, method: 'post' }),
      placed([400, y], id, TYPE, [[], []], settings),
      placed([640, y], `out-${id}`, 'http response', []),
    ];
  }),
];

describe(`waiting tasks, in the editor of Node-RED ${VERSION} in zh-CN`, () => {
  let provider: ScriptedServer;
  let bench: Workbench;

  before(async () => {
    provider = await scriptedServer((_request, response) => stillWaiting(response));
    bench = await Workbench.open(LOCALE, flows(provider.baseUrl));
  });
  after(async () => {
    await bench?.close();
    closeServers();
  });
  afterEach(() => bench.tidy());

  const stillWaiting = (response: Parameters<typeof json>[0]) =>
    json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
  const say = (key: string, values?: Record<string, string | number>) =>
    words(LOCALE, TYPE, `form.${key}`, values);
  const box = () => bench.page.locator('#truth-poll-tasks');
  const rowOf = (node: string) => box().locator(`[data-node="${node}"]`);
  const button = (row: Locator, action: string) => row.locator(`[data-action="${action}"]`);
  const nothingWaits = () => box().getByText(say('tasks-none'), { exact: true }).waitFor();
  const list = async () => (await bench.nodeRed.ask('/cn-verify/tasks')).json();

  async function start(node: string, ...taskIds: string[]) {
    for (const id of taskIds) {
      const response = await fetch(`${bench.nodeRed.address}/${node}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ taskIds: [id] }),
      });
      assert.ok(response.ok);
    }
  }

  /** Waits for a row that says it. Gives the durations, in seconds; the next query is at least so many digits away. */
  async function reads(node: string, key: string, digits = '\\d+'): Promise<number[]> {
    const [oldest = '', next = ''] = ['\\d+', digits].map((each) =>
      say('seconds-long', { count: `(${each})` }),
    );
    const expected = new RegExp(`^${say(key, { count: 3, node, oldest, next })}`);
    const said = rowOf(node).filter({ hasText: expected });
    await said.waitFor();
    return expected
      .exec(String(await said.textContent()))!
      .slice(1)
      .map(Number);
  }

  /** While queries are under way, the form looks again, and a button is not the same from one moment to the next. */
  const threeWait = () => reads('kept', 'tasks-own', '\\d{2,}');

  it('resumes unless that is switched off', async () => {
    // The flow does not say.
    await bench.edit('kept');
    const resume = bench.page.locator('#node-input-resume');
    assert.equal(await resume.isChecked(), true);
    await nothingWaits();
    assert.equal(await box().locator('button').count(), 0);
    await resume.uncheck();
    await bench.done();
    await bench.edit('kept');
    assert.equal(await resume.isChecked(), false);
    await resume.check();
    await bench.done();
    await bench.deploy();
  });

  it('shows how many wait, since when, and when they are queried next; has them queried at once', async () => {
    await start('kept', '1', '2', '3');
    await until(() => provider.requests.length >= 3);
    await bench.edit('kept');
    const [oldest, next] = await threeWait();
    assert.ok(oldest! < 60 && next! >= 10, `${oldest} ${next}`);
    await box().scrollIntoViewIfNeeded();
    await bench.picture('truth-poll-tasks');
    provider.script = (_request, response) =>
      taskFinished(response, [{ photoUrl: 'https://example.com/a', status: 0 }]);
    await button(rowOf('kept'), 'ask').click();
    // Without being opened again.
    await nothingWaits();
    provider.script = (_request, response) => stillWaiting(response);
    await bench.cancel();
  });

  it('drops them after a second question', async () => {
    await start('kept', '4', '5', '6');
    await bench.edit('kept');
    const sure = bench.page.locator('.red-ui-notification', {
      hasText: say('tasks-drop-sure', { count: 3 }),
    });
    for (const answer of ['tasks-keep', 'tasks-drop']) {
      await threeWait();
      await button(rowOf('kept'), 'drop').click();
      await sure.getByRole('button', { name: say(answer) }).click();
      await sure.waitFor({ state: 'detached' });
    }
    await nothingWaits();
    assert.deepEqual(await list(), []);
    await bench.cancel();
  });

  it('finds those whose node was deleted, and drops them', async () => {
    await start('left-behind', '7', '8', '9');
    await bench.edit('kept');
    await nothingWaits();
    // Those of another node that is there are not this one's affair.
    assert.equal(await rowOf('left-behind').count(), 0);
    await bench.cancel();

    await bench.node('left-behind').locator('.red-ui-flow-node').click();
    await bench.page.keyboard.press('Delete');
    await bench.node('left-behind').waitFor({ state: 'detached' });
    await bench.deploy();
    await bench.edit('kept');
    await reads('left-behind', 'tasks-lost');
    assert.equal(await button(rowOf('left-behind'), 'ask').count(), 0);
    await box().scrollIntoViewIfNeeded();
    await bench.picture('truth-poll-lost');
    await button(rowOf('left-behind'), 'drop').click();
    const sure = bench.page.locator('.red-ui-notification');
    await sure.getByRole('button', { name: say('tasks-drop') }).click();
    await rowOf('left-behind').waitFor({ state: 'detached' });
    assert.deepEqual(await list(), []);
    await bench.cancel();
  });
});

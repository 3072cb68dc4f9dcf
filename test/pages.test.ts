/** The operator's page as it is written beside its example: its tables, its tables for Excel, and that the example has it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'papaparse';
import { ERRORS } from '../src/contract/errors';
import { csvRows } from '../src/ledger/csv-rows';
import { ROOT, temporaryDirectory } from './demo-process';
import { codeTables } from './providers/code-tables';

type Pair = [chinese: string, english: string];
type Catalogue = { [key: string]: string | Catalogue };

const PAGES = 'src/operator-page';
const LANGUAGES = ['zh-CN', 'en-US'] as const;
const TABLES = ['problems', 'reasons', 'words'] as const;

const load = (file: string) => import(pathToFileURL(join(ROOT, file)).href);
const table = (name: string) => require(join(ROOT, PAGES, `${name}.mjs`)).default as Record<string, Pair>;

/** All problems, as `cause.problem` names them. */
function problems(): string[] {
  const found = new Set<string>();
  const walk = (errors: Catalogue, path: string) => {
    for (const [name, value] of Object.entries(errors)) {
      if (typeof value === 'string') continue;
      if ('text' in value || 'hint' in value) found.add(path + name);
      else walk(value, `${path}${name}.`);
    }
  };
  const { nodes, ...shared } = JSON.parse(readFileSync(join(ROOT, 'src/texts/en-US.json'), 'utf8'));
  for (const { errors = {} } of [shared, ...Object.values<{ errors?: Catalogue }>(nodes)]) walk(errors, '');
  return [...found].sort();
}

/** Those of photos and persons: in the tables of the providers, and as `photo-rules` writes them. */
function reasons(): string[] {
  const rules = readFileSync(join(ROOT, 'src/photos/rules.ts'), 'utf8');
  const found = [...rules.matchAll(/\breason: '([a-z-]+)'/g)].map(([, reason]) => reason!);
  const unions = [...rules.matchAll(/\btype Unknown = ([^;]+);/g)];
  const members = unions
    .flatMap(([, union]) => [...union!.matchAll(/'([a-z-]+)'/g)])
    .map(([, reason]) => reason!);
  const verdicts = [...codeTables().values()]
    .flat()
    .flatMap(({ rows, others = [] }) => [...rows.map(({ verdict }) => verdict), ...others]);
  return [...new Set([...found, ...members, ...verdicts.flatMap((verdict) => verdict?.reason ?? [])])].sort();
}

describe("the operator's page", () => {
  it('is in its example as it is written, as are the functions of other examples', async () => {
    const { examples } = await load('scripts/pages.mjs');
    const made = Object.entries<string>(examples(ROOT));
    assert.ok(made.length >= 2);
    for (const [path, text] of made) assert.equal(readFileSync(join(ROOT, path), 'utf8'), text);
  });

  it('has in each page what frame.vue has, and no page may replace what is no list of names', async () => {
    const { withFrame } = await load('scripts/pages.mjs');
    const page = (own: string) =>
      withFrame(
        `<script>\n// build: merges frame.vue in here\nexport default {\n${own}\n};\n</script>`,
        join(ROOT, PAGES),
      );
    const merged = page('methods: { a: () => 1, say: () => "own" },');
    const { methods, mounted, computed } = new Function(
      merged.replace(/<\/?script>/g, '').replace('export default', 'return'),
    )();
    assert.deepEqual([methods.a(), methods.say(), typeof methods.begin], [1, 'own', 'function']);
    assert.deepEqual([typeof mounted, typeof computed.jobId], ['function', 'function']);
    assert.throws(() => page('mounted() {},'), /"mounted"/);
  });

  it('hands the numbers of consents to the node that compares faces', () => {
    const file = 'examples/4 页面 Pages/操作员页面 operator-page.json';
    const nodes = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<string, unknown>[];
    const { consent, guardianConsent } = nodes.find(({ type, key }) => type === 'face-compare' && key)!;
    assert.deepEqual([consent, guardianConsent], ['payload.consent', 'payload.guardianConsent']);
  });

  it('has words of its own for every problem of the nodes, and for no other', () => {
    assert.deepEqual(Object.keys(table('problems')).sort(), problems());
  });

  it('has words for every reason that the nodes give, and for no other', () => {
    const named = reasons();
    for (const reason of ['not-watermark-camera', 'same-person', 'revoked', 'too-old', 'no-place'])
      assert.ok(named.includes(reason), `${reason} is given in the source, and this test no longer finds it`);
    assert.deepEqual(Object.keys(table('reasons')).sort(), named);
    for (const page of ['docs/nodes.md', 'docs/nodes.zh-CN.md']) {
      const text = readFileSync(join(ROOT, page), 'utf8');
      const missing = named.filter((reason) => !text.includes(`\`${reason}\``));
      assert.deepEqual(missing, [], page);
    }
  });

  for (const name of TABLES) {
    it(`says ${name} in Chinese without English, and in English without Chinese`, () => {
      for (const [key, [chinese, english]] of Object.entries(table(name))) {
        const foreign = chinese.replace(/\{\w+\}|CSV|Excel|WPS|XLSX|JPG|PNG|GCJ-02|TLS|https?/g, '');
        assert.doesNotMatch(foreign, /[A-Za-z]/, key);
        assert.doesNotMatch(english, /\p{Script=Han}|[，。：、？]/u, key);
        assert.deepEqual(placeholders(chinese), placeholders(english), key);
        assert.ok(chinese && english, key);
      }
    });
  }

  it('asks for no word that is not there, and has none that nobody asks for', () => {
    const sources = readdirSync(join(ROOT, PAGES))
      .filter((name) => /\.(?:vue|mjs)$/.test(name) && !TABLES.some((each) => name === `${each}.mjs`))
      .map((name) => readFileSync(join(ROOT, PAGES, name), 'utf8'));
    const text = sources.join('\n');
    const asked = [...text.matchAll(/\bsay\('([a-z-]+)'[,)]/g)].map(([, key]) => key!);
    const known = Object.keys(table('words'));
    assert.ok(asked.length > 50);
    assert.deepEqual(
      asked.filter((key) => !known.includes(key)),
      [],
    );
    const prefixes = /^(?:state|kind|environment)-/;
    // What the server names.
    const named = ['ended', 'unknown-outcome'];
    assert.deepEqual(
      known.filter(
        (key) =>
          !prefixes.test(key) && !named.includes(key) && !text.match(new RegExp(`['\\s]${key}['\\s:]`)),
      ),
      [],
    );
  });

  for (const language of LANGUAGES) {
    it(`says of every error whether it was charged and whether to repeat it, in ${language}`, async () => {
      const { wordsFor } = await load(`${PAGES}/tables.mjs`);
      const { cost, next, say } = wordsFor(language);
      for (const [code, { retryable }] of Object.entries(ERRORS)) {
        const error = { code, problem: 'internal', retryAfter: null };
        assert.equal(cost({ ...error, charged: null }), say('perhaps-charged'));
        assert.equal(cost({ ...error, charged: false }), say('not-charged'));
        assert.equal(cost({ ...error, charged: true }), say('charged'));
        // What was perhaps paid for is never recommended to be repeated.
        assert.equal(next({ ...error, charged: null, retryable: false }), say('ask-before'));
        assert.equal(next({ ...error, charged: null, retryable: true }), say('ask-before'));
        if (retryable) assert.equal(next({ ...error, charged: false, retryable }), say('may-repeat'));
        else assert.notEqual(next({ ...error, charged: false, retryable }), say('may-repeat'));
      }
      // A query that failed is free, and what was submitted before it is not said to be free.
      const query = { code: 'NETWORK', problem: 'internal', retryAfter: null, charged: null, isQuery: true };
      assert.deepEqual(
        [cost(query), next({ ...query, retryable: true })],
        [say('not-charged'), say('may-ask-again')],
      );
      assert.match(next({ code: 'BUDGET', charged: false, retryable: true, retryAfter: 90 }), /1 \S+ 30 \S+/);
    });
  }

  it('shows a time as Shanghai has it, wherever the reader is', async () => {
    const { wordsFor } = await load(`${PAGES}/tables.mjs`);
    const { clock, date } = wordsFor('en');
    const at = Date.UTC(2026, 11, 31, 16, 5);
    assert.deepEqual([clock(at), date(at)], ['01-01 00:05', '2027-01-01 00:05']);
  });
});

describe('the jobs of the page', () => {
  const HOUR_MS = 3_600_000;
  /** As Node-RED's context in memory. */
  const context = (jobs: object[]) => {
    const kept = new Map<string, unknown>([
      ['jobs', Object.fromEntries(jobs.map((job) => [(job as { id: string }).id, job]))],
    ]);
    return {
      get: (name: string) => kept.get(name),
      set: (name: string, value: unknown) => kept.set(name, value),
    };
  };
  const photos = (id: string, at: number, states: string[]) => ({
    id,
    kind: 'photos',
    total: states.length,
    at,
    touched: at,
    stopped: false,
    error: null,
    open: {},
    rows: Object.fromEntries(states.map((state, index) => [index, { index, state }])),
  });

  it('are forgotten after a day', async () => {
    const { jobsIn } = await load(`${PAGES}/server-jobs.mjs`);
    const now = Date.now();
    const jobs = [photos('old', now - 25 * HOUR_MS, ['done']), photos('new', now - HOUR_MS, ['done'])];
    assert.deepEqual(Object.keys(jobsIn(context(jobs))), ['new']);
  });

  describe('many of them', () => {
    const id = (at: number) => at.toString(16).padStart(32, '0');
    const now = Date.now();
    const call = async (file: string, request: object, jobs: object[], values: object = {}) => {
      const { default: answer } = await load(`${PAGES}/${file}.mjs`);
      const flow = context(jobs);
      const msg = { req: { headers: { host: 'desk.example' }, ...request }, res: {}, ...values };
      return { sent: answer(msg, { flow, env: { get: () => '' } }), flow };
    };
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => photos(id(at), now - at, ['done']));

    it('push out nobody: the list has the newest and those that are running, and the others are found by id', async () => {
      const running = { ...photos(id(9_999), now - HOUR_MS, ['sent']), touched: now };
      const jobs = [...many(205), running];
      const list = await call('server-jobs-out', { query: {} }, jobs);
      const { payload } = list.sent[0];
      const listed = JSON.parse(payload).jobs.map((job: { id: string }) => job.id);
      assert.deepEqual(
        [listed.length, listed.includes(id(9_999)), listed.includes(id(204))],
        [201, true, false],
      );
      const one = await call('server-jobs-out', { query: { id: id(204) } }, jobs);
      assert.deepEqual([one.sent[0].statusCode, JSON.parse(one.sent[0].payload).id], [200, id(204)]);
    });

    for (const unknown of ['__proto__', 'constructor', '', ['a', 'b'], { a: 'b' }, 'order 1'])
      it(`answer a question for ${JSON.stringify(unknown)}, and ask no ledger for it`, async () => {
        const { sent } = await call('server-jobs-out', { query: { id: unknown } }, many(1));
        if (unknown === '') assert.equal(sent[0].statusCode, 200);
        else assert.deepEqual([sent[0].statusCode, sent[1]], [404, null]);
      });

    it('are refused once there is no room, and what is there stays', async () => {
      const full = many(2_000);
      const body = { job: id(5_000), total: '1', offset: '0', urls: '["https://a.example/b.jpg"]' };
      for (const [file, request] of [
        ['server-photos-in', { body, files: [] }],
        ['server-person-in', { body, files: [{ buffer: Buffer.from('photo') }] }],
      ] as const) {
        const { sent, flow } = await call(file, request, full);
        assert.deepEqual([sent[0], sent[1].statusCode], [null, 429]);
        assert.equal(Object.keys(flow.get('jobs') as object).length, 2_000);
        const { sent: taken } = await call(file, request, full.slice(1));
        assert.equal(taken[1].statusCode, 202);
      }
    });

    for (const file of ['server-photos-in', 'server-person-in', 'server-stop'])
      it(`are neither begun nor stopped by a page from elsewhere: ${file}`, async () => {
        const body = { job: id(1), total: '1', offset: '0', urls: '["https://a.example/b.jpg"]' };
        const headers = { host: 'desk.example', 'sec-fetch-site': 'cross-site' };
        const { sent, flow } = await call(file, { headers, body, files: [] }, many(2));
        assert.deepEqual(
          sent
            .filter((msg: object | null) => msg)
            .map(({ statusCode }: { statusCode: number }) => statusCode),
          [403],
        );
        assert.equal(Object.keys(flow.get('jobs') as object).length, 2);
      });

    it('keep no photo where a batch of them failed', async () => {
      const { default: failed } = await load(`${PAGES}/server-photos-failed.mjs`);
      const flow = context([photos(id(1), now, ['waiting', 'waiting'])]);
      const batch = [0, 1].map((index) => ({
        index,
        line: index + 2,
        name: 'a.jpg',
        url: null,
        photo: 'bytes',
      }));
      const error = (code: string, values: object, charged: boolean | null) => ({
        job: id(1),
        total: 2,
        at: now,
        batch,
        rest: [],
        error: { code, cause: { values, charged, problem: 'internal' } },
      });
      failed(error('INPUT', { position: 1 }, false), { flow });
      failed(error('PROVIDER', {}, null), { flow });
      const { rows } = (flow.get('jobs') as Record<string, { rows: { line: number }[] }>)[id(1)]!;
      assert.deepEqual([rows[0]!.line, rows[1]!.line], [2, 3]);
      assert.doesNotMatch(JSON.stringify(rows), /bytes/);
    });

    for (const [urls, photoUrls, expected] of [
      [
        ['a', 'b'],
        ['a', 'b%20'],
        ['a', 'b%20'],
      ],
      [
        ['a', null, 'a', null],
        ['a', 'stored 1', 'a', 'stored 2'],
        ['a', 'stored 1', 'a', 'stored 2'],
      ],
      [
        ['a', 'a,', null],
        ['a', 'a', 'stored'],
        ['a', 'a', 'stored'],
      ],
      // Part of the batch is in another task: which is which is not guessed.
      [['a', null], ['a'], ['a', null]],
    ] as const)
      it(`know ${JSON.stringify(urls)} by the addresses that were submitted`, async () => {
        const { default: submitted } = await load(`${PAGES}/server-submitted.mjs`);
        const batch = urls.map((url, index) => ({ index, name: null, url }));
        const payload = {
          operation: 'truth-create',
          data: { taskIds: ['1'], tasks: [{ taskId: '1', photoUrls }] },
        };
        const msg = { job: id(1), total: urls.length, at: now, batch, rest: [], payload };
        const [asked] = submitted(msg, { flow: context([photos(id(1), now, [])]) });
        assert.deepEqual(
          asked.batch.map(({ url }: { url: string }) => url),
          expected,
        );
      });

    for (const [outcome, row] of [
      ['passed', { outcome: 'inconclusive', reason: 'not-reported', state: 'done' }],
      ['unfinished', { state: 'sent' }],
    ] as const)
      it(`have a photo that the result does not name as ${row.state}`, async () => {
        const { default: answered } = await load(`${PAGES}/server-photos-result.mjs`);
        const flow = context([]);
        const batch = ['a', null].map((url, index) => ({ index, name: null, url, isStored: false }));
        // The provider left its address out.
        const unnamed = { url: null, outcome: 'passed', reason: 'authentic' };
        answered(
          { job: id(1), total: 2, at: now, batch, payload: { outcome, data: { photos: [unnamed] } } },
          { flow },
        );
        const { rows } = (flow.get('jobs') as Record<string, { rows: object[] }>)[id(1)]!;
        for (const [index, each] of batch.entries()) assert.deepEqual(rows[index], { ...each, ...row });
      });

    it('take the numbers of consents to the node, and keep none of them', async () => {
      const consents = { consent: 'Y-2026-1', guardianConsent: 'G-2026-2' };
      const request = { body: { job: id(1), ...consents }, files: [{ buffer: Buffer.from('photo') }] };
      const { sent, flow } = await call('server-person-in', request, []);
      const { consent, guardianConsent } = sent[0].payload;
      assert.deepEqual({ consent, guardianConsent }, consents);
      assert.doesNotMatch(JSON.stringify([flow.get('jobs'), sent[1].payload]), /2026/);
    });

    it('are marked as made up as soon as a part of them was checked in the sandbox', async () => {
      const { markEnvironment } = await load(`${PAGES}/server-environments.mjs`);
      const { brief } = await load(`${PAGES}/server-brief.mjs`);
      const job = photos(id(1), now, ['done']);
      for (const environment of ['production', null, 'sandbox', 'production'])
        markEnvironment(job, environment);
      assert.equal(brief(job).environment, 'sandbox');
    });

    it('have keys of their own, of which a browser chooses the last part', async () => {
      const body = { job: id(1), total: '1', offset: '0', urls: '["https://a.example/b.jpg"]' };
      const person = await call('server-person-in', { body, files: [{ buffer: Buffer.from('photo') }] }, []);
      assert.equal(person.sent[0].key, `operator-page/${id(1)}`);
      const taken = await call('server-photos-in', { body, files: [] }, []);
      const { default: batch } = await load(`${PAGES}/server-next-batch.mjs`);
      assert.equal(batch(taken.sent[0], { flow: taken.flow })[0].key, `operator-page/${id(1)}/0`);
    });
  });

  describe('on disk', () => {
    const id = (at: number) => at.toString(16).padStart(32, '0');
    const now = Date.now();
    const folder = temporaryDirectory();
    const process = (at = folder) => {
      const flow = context([]);
      flow.set('folder', at);
      return flow;
    };
    const finished = (at: number, states: string[], reference = '') => ({
      ...photos(id(at), now - at, states),
      reference,
    });

    it('are taken back after a restart: what was not submitted is not sent, and a person ends', async () => {
      const { keep, restoreJobs, isRunning, jobsIn } = await load(`${PAGES}/server-jobs.mjs`);
      const { recentJobs } = await load(`${PAGES}/server-files.mjs`);
      const before = process();
      const person = { ...photos(id(2), now, []), kind: 'person', total: undefined };
      for (const job of [finished(1, ['done', 'sent', 'waiting'], 'Site 7'), person]) keep(before, {}, job);
      const after = process();
      // What this process heard meanwhile counts more than the file.
      after.set('jobs', { [id(1)]: photos(id(1), now - 1, ['done', 'done']) });
      restoreJobs(after, recentJobs(after));
      const jobs = jobsIn(after);
      const statesOf = (job: { rows: object }) => Object.values(job.rows).map(({ state }) => state);
      assert.deepEqual(statesOf(jobs[id(1)]), ['done', 'done', 'waiting']);
      assert.equal(isRunning(jobs[id(2)]), false);
      const alone = process();
      restoreJobs(alone, recentJobs(alone));
      assert.deepEqual(statesOf(jobsIn(alone)[id(1)]), ['done', 'sent', 'unsent']);
    });

    it('are found by number, reference, file and number of the ledger, and by day and outcome', async () => {
      const { keep } = await load(`${PAGES}/server-jobs.mjs`);
      const { dayOf } = await load(`${PAGES}/server-files.mjs`);
      const flow = process(temporaryDirectory());
      const passed = finished(11, ['done'], 'Order A');
      Object.assign(passed.rows[0]!, { outcome: 'passed', name: 'gate.jpg', ledger: '20261130-101500-abc' });
      const failed = finished(12, ['done']);
      Object.assign(failed.rows[0]!, { outcome: 'failed' });
      for (const job of [passed, failed]) keep(flow, {}, job);
      const { default: search } = await load(`${PAGES}/server-search.mjs`);
      const find = (query: object) =>
        JSON.parse(search({ req: { query }, res: {} }, { flow }).payload).map(
          (job: { id: string }) => job.id,
        );
      for (const text of [id(11), 'order a', 'GATE', '20261130-101500'])
        assert.deepEqual(find({ text }), [id(11)]);
      assert.deepEqual(find({ outcome: 'failed', day: dayOf(now) }), [id(12)]);
      assert.deepEqual(find({ day: '2020-01-01' }), []);
      assert.deepEqual(find({ text: 'nothing has it' }), []);
    });

    it('are deleted after thirty days, and the page says when they cannot be written', async () => {
      const { deleteOldDays, dayOf, saveJob } = await load(`${PAGES}/server-files.mjs`);
      const flow = process(temporaryDirectory());
      const day = (back: number) => join(String(flow.get('folder')), dayOf(now - back * 24 * HOUR_MS));
      for (const back of [1, 29, 31, 400]) mkdirSync(day(back), { recursive: true });
      deleteOldDays(flow);
      assert.deepEqual(
        [1, 29, 31, 400].map((back) => existsSync(day(back))),
        [true, true, false, false],
      );
      // A file stands where the folder should be.
      writeFileSync(join(day(1), 'file'), '');
      flow.set('folder', join(day(1), 'file'));
      saveJob(flow, finished(1, ['done']));
      assert.equal(flow.get('isUnsaved'), true);
    });

    it('know what a call costs by the newest one of their own that was charged', async () => {
      const { default: ask } = await load(`${PAGES}/server-setup-ask.mjs`);
      const { default: setUp } = await load(`${PAGES}/server-setup.mjs`);
      const job = photos(id(1), now - 2, ['done', 'refused']);
      Object.assign(job.rows[0]!, { ledger: 'photos-1' });
      const person = (at: number, call: object) => ({
        ...photos(id(at), now - at, []),
        kind: 'person',
        ...call,
      });
      const flow = context([
        person(3, { error: { ledger: 'free', charged: false } }),
        person(4, { result: { ledger: 'paid', charged: true } }),
        person(5, { result: { ledger: 'older', charged: true } }),
        job,
      ]);
      const asked = ask({}, { flow })[0].map(({ payload }: { payload: object }) => payload);
      assert.deepEqual(asked, [{ folder: true }, { id: 'photos-1' }, { id: 'paid' }]);
      const entry = (operation: string, price: number, charged: boolean | null = true) =>
        setUp({ payload: [{ operation, price, charged }] }, { flow });
      entry('truth-create', 1.5);
      entry('face-compare', 0.5, null);
      entry('face-compare', 0, false);
      setUp({ payload: [] }, { flow });
      assert.deepEqual(flow.get('prices'), { photos: 1.5, person: 0.5 });
      // The account has no price any more.
      entry('face-compare', 0);
      assert.equal((flow.get('prices') as { person: number }).person, 0);
    });
  });

  it('are not running for ever where what worked on them died', async () => {
    const { isRunning } = await load(`${PAGES}/server-jobs.mjs`);
    const now = Date.now();
    for (const [job, running] of [
      [photos('a', now - 1_000, ['done', 'sent']), true],
      [photos('a', now - HOUR_MS, ['done', 'sent']), false],
      [{ ...photos('a', now - 1_000, ['sent']), stopped: true }, false],
      [photos('a', now - 1_000, ['done', 'unsent']), false],
      // A browser that is still sending, and one that has gone.
      [{ ...photos('a', now - 1_000, ['done']), total: 2 }, true],
      [{ ...photos('a', now - 180_000, ['done']), total: 2 }, false],
      [{ id: 'b', kind: 'person', at: now - 1_000, rows: {} }, true],
      [{ id: 'b', kind: 'person', at: now - HOUR_MS, rows: {} }, false],
    ] as const)
      assert.equal(isRunning(job), running, JSON.stringify(job));
  });

  it('count no photo as done that has no verdict', async () => {
    const { brief } = await load(`${PAGES}/server-brief.mjs`);
    const shown = brief(
      photos('a', Date.now(), ['done', 'refused', 'sent', 'waiting', 'unsent', 'uncertain', 'unfinished']),
    );
    assert.deepEqual([shown.done, shown.sent, shown.total], [2, 4, 7]);
  });
});

describe('the history of the page', () => {
  it('has the sums of all accounts by day and kind, without what the page does not pay for', async () => {
    const { default: answer } = await load(`${PAGES}/server-history-out.mjs`);
    const sum = (period: string, operation: string, account: string, more: object = {}) => ({
      period,
      operation,
      account,
      calls: 2,
      charged: 1,
      uncharged: 0,
      unknown: 1,
      uncertain: 0,
      price: 0.1,
      ...more,
    });
    const payload = [
      sum('2026-11-29', 'truth-create', 'a'),
      sum('2026-11-30', 'face-compare', 'a'),
      sum('2026-11-30', 'face-compare', 'b', { uncertain: 3, price: 0.2 }),
      sum('2026-11-30', 'westdex-three', 'a'),
    ];
    const { payload: text } = answer({ payload, req: {}, res: {} });
    assert.deepEqual(
      JSON.parse(text).map((row: object) => Object.values(row)),
      [
        ['2026-11-30', 'person', 4, 2, 0, 5, 0.3],
        ['2026-11-29', 'photos', 2, 1, 0, 1, 0.1],
      ],
    );
  });
});

describe('what the page may begin', () => {
  for (const [headers, isOurs, origin = ''] of [
    [{ host: 'desk.example', 'sec-fetch-site': 'same-origin' }, true],
    [{ host: 'desk.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ host: 'desk.example', 'sec-fetch-site': 'same-site', origin: 'https://desk.example' }, false],
    // A browser says less over plain HTTP.
    [{ host: '10.0.0.5:1880', origin: 'http://10.0.0.5:1880' }, true],
    // Any page can send it.
    [{ host: '127.0.0.1:1880', 'x-forwarded-host': 'a.example', origin: 'http://a.example' }, false],
    // A proxy has changed the host.
    [{ host: '127.0.0.1:1880', origin: 'https://desk.example' }, true, 'https://desk.example'],
    [{ host: '127.0.0.1:1880', origin: 'http://127.0.0.1:1880' }, false, 'https://desk.example'],
    [{ host: 'desk.example', origin: 'https://elsewhere.example' }, false],
    [{ host: 'desk.example', origin: 'null' }, false],
    [{ host: 'desk.example' }, true],
  ] as const) {
    it(`${isOurs ? 'takes' : 'refuses'} what comes with ${JSON.stringify(headers)} ${origin}`, async () => {
      const request = await load(`${PAGES}/server-request.mjs`);
      assert.equal(request.isOurs({ headers }, origin), isOurs);
    });
  }
});

describe('the tables for Excel', () => {
  const rows = [
    { index: 0, name: '一号.jpg', url: null, verdict: '不通过', reason: 'no-anti-fake-code', gcj02: null },
    {
      index: 1,
      name: null,
      url: 'https://a.example/=1+1.jpg',
      verdict: '通过',
      reason: 'authentic',
      when: '2025-07-28 15:01',
      address: '四川省, "成都市" <武侯区>',
      gcj02: { lat: 30.539732, lng: 104.070011 },
    },
  ];

  it('have a row a photo, in the words of the page', async () => {
    const [{ tableOf }, { wordsFor }] = await Promise.all(
      ['table-file', 'tables'].map((name) => load(`${PAGES}/${name}.mjs`)),
    );
    const lines = csvRows(tableOf(rows, wordsFor('zh-CN'), '沙箱')).split('\r\n');
    assert.deepEqual(lines, [
      '序号,文件,地址,结论,原因,拍摄时间,拍摄地点,纬度（GCJ-02）,经度（GCJ-02）,环境',
      '1,一号.jpg,,不通过,没有防伪码,,,,,沙箱',
      '2,,https://a.example/=1+1.jpg,通过,照片真实,2025-07-28 15:01,"四川省, ""成都市"" <武侯区>",30.539732,104.070011,沙箱',
      '',
    ]);
  });

  it('are read with the numbers of consents, which are taken neither for an ID number nor for a name', async () => {
    const { personsIn } = await load(`${PAGES}/table-file.mjs`);
    const persons = personsIn([
      ['监护人同意书编号', '同意书编号', '人员', '号码'],
      ['G-7', '202611300000000001', '张三', '11010519491231002X'],
      ['', 'Y-9', '', '110105194912310021'],
    ]);
    assert.deepEqual(
      persons.map(({ name, idNumber, consent, guardianConsent }: Record<string, string>) => [
        name,
        idNumber,
        consent,
        guardianConsent,
      ]),
      [
        ['张三', '11010519491231002X', '202611300000000001', 'G-7'],
        ['', '110105194912310021', 'Y-9', ''],
      ],
    );
  });

  for (const [cell, written] of [
    ...['=1+1', '+1', '-1', '@A1', '\t=1', '\r=1', '＝1', '＋1', '－1', '＠A1'].map((each) => [
      each,
      `"'${each}"`,
    ]),
    ['1234567890123456', '"\'1234567890123456"'],
    ['123456789012345', '123456789012345'],
    ['12E34', '"\'12E34"'],
    ['12E3f', '12E3f'],
    ['a;b', '"a;b"'],
    ['a\tb', '"a\tb"'],
    ['a"b', '"a""b"'],
    [-1.5, '-1.5'],
    [null, ''],
    [undefined, ''],
  ])
    it(`write ${JSON.stringify(cell)} so that a spreadsheet neither computes, rounds nor splits it`, () => {
      const text = csvRows([['a', cell]]);
      assert.equal(text, `a,${written}\r\n`);
      // A spreadsheet that splits at semicolons or tabs sees one cell there, too.
      for (const delimiter of [';', '\t'])
        if (typeof cell === 'string' && cell.includes(delimiter))
          assert.equal(parse<string[]>(csvRows([[cell]]), { delimiter }).data[0]!.length, 1);
    });
});

function placeholders(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort();
}

/** The operator's page as it is written beside its example: its tables, its files for Excel, and that the example has it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERRORS } from '../src/errors';
import { ROOT } from './demo-process';
import { EXAMPLES } from './example-flows';

type Pair = [chinese: string, english: string];
type Catalogue = { [key: string]: string | Catalogue };

const PAGES = 'examples/页面 Pages';
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

describe("the operator's page", () => {
  it('is in its example as it is written', async () => {
    const { operatorPage } = await load('scripts/pages.mjs');
    assert.equal(
      readFileSync(join(ROOT, 'examples', EXAMPLES.get('operator-page')!.path), 'utf8'),
      operatorPage(ROOT),
    );
  });

  it('has words of its own for every problem of the nodes, and for no other', () => {
    assert.deepEqual(Object.keys(table('problems')).sort(), problems());
  });

  it('has words for every reason that the nodes give', () => {
    const sources = ['src/providers/xhey/photo.ts', 'src/providers/tencent-market/incorrect.ts'];
    const named = sources.flatMap((file) => {
      const rows = readFileSync(join(ROOT, file), 'utf8').matchAll(
        /'(?:passed|failed|inconclusive)', (?:reason: )?'([a-z-]+)'/g,
      );
      return [...rows].map(([, reason]) => reason!);
    });
    assert.ok(named.includes('not-watermark-camera') && named.includes('same-person'), String(named));
    const known = Object.keys(table('reasons'));
    assert.deepEqual(
      named.filter((reason) => !known.includes(reason)),
      [],
    );
  });

  for (const name of TABLES) {
    it(`says ${name} in Chinese without English, and in English without Chinese`, () => {
      for (const [key, [chinese, english]] of Object.entries(table(name))) {
        const foreign = chinese.replace(/\{\w+\}|CSV|Excel|JPG|PNG|GCJ-02|TLS|https/g, '');
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
    const begun = /^(?:state|kind)-/;
    // What the server names.
    const told = ['ended', 'unknown-fate'];
    assert.deepEqual(
      known.filter(
        (key) => !begun.test(key) && !told.includes(key) && !text.match(new RegExp(`['\\s]${key}['\\s:]`)),
      ),
      [],
    );
  });

  for (const language of LANGUAGES) {
    it(`tells of every error whether it was charged and whether to repeat it, in ${language}`, async () => {
      const { wordsFor } = await load(`${PAGES}/tables.mjs`);
      const { cost, next, say } = wordsFor(language);
      for (const [code, { retryable }] of Object.entries(ERRORS)) {
        const error = { code, problem: 'internal', retryAfter: null };
        assert.equal(cost({ ...error, charged: null }), say('perhaps-charged'));
        assert.equal(cost({ ...error, charged: false }), say('not-charged'));
        assert.equal(cost({ ...error, charged: true }), say('charged'));
        // What was perhaps paid for is never recommended to be repeated.
        assert.equal(next({ ...error, charged: null, retryable: false }), say('ask-before'));
        if (retryable) assert.equal(next({ ...error, charged: false, retryable }), say('may-repeat'));
        else assert.notEqual(next({ ...error, charged: false, retryable }), say('may-repeat'));
      }
      assert.match(next({ code: 'BUDGET', charged: false, retryable: true, retryAfter: 90 }), /1 \S+ 30 \S+/);
    });
  }
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
    ...{ id, kind: 'photos', total: states.length, at, touched: at, stopped: false, error: null, open: {} },
    rows: Object.fromEntries(states.map((state, index) => [index, { index, state }])),
  });

  it('are forgotten after a day, and are two hundred at most', async () => {
    const { jobsIn } = await load(`${PAGES}/server-jobs.mjs`);
    const now = Date.now();
    const many = Array.from({ length: 250 }, (_, at) => photos(`job-${at}`, now - at, ['done']));
    const kept = Object.keys(jobsIn(context([photos('old', now - 25 * HOUR_MS, ['done']), ...many])));
    assert.deepEqual(
      [kept.length, kept.includes('old'), kept.includes('job-0'), kept.includes('job-249')],
      [200, false, true, false],
    );
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

  it('tell of no photo as done that has no verdict', async () => {
    const { brief } = await load(`${PAGES}/server-brief.mjs`);
    const told = brief(
      photos('a', Date.now(), ['done', 'refused', 'sent', 'waiting', 'unsent', 'uncertain', 'unfinished']),
    );
    assert.deepEqual([told.done, told.sent, told.total], [2, 4, 7]);
  });
});

describe('what the page may begin', () => {
  for (const [headers, isOurs] of [
    [{ host: 'desk.example', 'sec-fetch-site': 'same-origin' }, true],
    [{ host: 'desk.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ host: 'desk.example', 'sec-fetch-site': 'same-site', origin: 'https://desk.example' }, false],
    // A browser says less over plain HTTP, and a proxy may have changed the host.
    [{ host: '10.0.0.5:1880', origin: 'http://10.0.0.5:1880' }, true],
    [{ host: '127.0.0.1:1880', 'x-forwarded-host': 'desk.example', origin: 'https://desk.example' }, true],
    [{ host: 'desk.example', origin: 'https://elsewhere.example' }, false],
    [{ host: 'desk.example', origin: 'null' }, false],
    [{ host: 'desk.example' }, true],
  ] as const) {
    it(`${isOurs ? 'takes' : 'refuses'} what comes with ${JSON.stringify(headers)}`, async () => {
      const request = await load(`${PAGES}/server-request.mjs`);
      assert.equal(request.isOurs({ headers }), isOurs);
    });
  }
});

describe('the files for Excel', () => {
  const rows = [
    { index: 0, name: '一号.jpg', url: null, outcome: 'failed', reason: 'no-anti-fake-code', gcj02: null },
    {
      ...{ index: 1, name: null, url: 'https://a.example/=1+1.jpg', outcome: 'passed', reason: 'authentic' },
      ...{ takenAt: '2025-07-28T15:01:00+08:00', address: '四川省, "成都市" <武侯区>' },
      gcj02: { lat: 30.539732, lng: 104.070011 },
    },
  ];

  async function made() {
    const [{ tableOf, csv }, { xlsx }, { wordsFor }] = await Promise.all(
      ['table-file', 'xlsx', 'tables'].map((name) => load(`${PAGES}/${name}.mjs`)),
    );
    const { say, reason } = wordsFor('zh-CN');
    const verdict = (row: { outcome: string }) => say(row.outcome);
    return { table: tableOf(rows, { say, reason, verdict, why: () => '' }), csv, xlsx };
  }

  it('have a row a photo, in the words of the page', async () => {
    const { table, csv } = await made();
    const lines = csv(table).split('\r\n');
    assert.equal(lines[0], '\uFEFF序号,文件,地址,结论,原因,拍摄时间,拍摄地点,纬度（GCJ-02）,经度（GCJ-02）');
    assert.equal(lines[1], '1,一号.jpg,,不通过,没有防伪码,,,,');
    assert.equal(
      lines[2],
      '2,,https://a.example/=1+1.jpg,通过,照片真实,2025-07-28 15:01,"四川省, ""成都市"" <武侯区>",30.539732,104.070011',
    );
  });

  it('hold no formula of a stranger', async () => {
    const { csv } = await made();
    for (const formula of ['=1+1', '+1', '-1', '@A1', '\t=1'])
      assert.equal(csv([[formula]]).replaceAll('"', ''), `\uFEFF'${formula}\r\n`);
    assert.equal(csv([[-1.5]]), '\uFEFF-1.5\r\n');
  });

  it('are a workbook whose parts are whole', async () => {
    const { table, xlsx } = await made();
    const parts = unzipped(Buffer.from(xlsx(table)));
    assert.deepEqual([...parts.keys()].sort(), [
      '[Content_Types].xml',
      '_rels/.rels',
      'xl/_rels/workbook.xml.rels',
      'xl/workbook.xml',
      'xl/worksheets/sheet.xml',
    ]);
    const sheet = parts.get('xl/worksheets/sheet.xml')!;
    assert.equal(sheet.match(/<row>/g)?.length, 3);
    assert.ok(sheet.includes('四川省, &quot;成都市&quot; &lt;武侯区&gt;'));
    assert.ok(sheet.includes('<c><v>104.070011</v></c>'));
    assert.doesNotMatch(sheet, /<f>/);
  });
});

function placeholders(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort();
}

/** Reads a ZIP as its directory says, and checks each part against its checksum. */
function unzipped(file: Buffer): Map<string, string> {
  const { crc32 } = require('node:zlib') as { crc32?: (data: Buffer) => number };
  const end = file.length - 22;
  assert.equal(file.readUInt32LE(end), 0x06054b50);
  const parts = new Map<string, string>();
  let at = file.readUInt32LE(end + 16);
  for (let count = file.readUInt16LE(end + 10); count > 0; count--) {
    assert.equal(file.readUInt32LE(at), 0x02014b50);
    const [crc, size] = [file.readUInt32LE(at + 16), file.readUInt32LE(at + 24)];
    const [nameLength, local] = [file.readUInt16LE(at + 28), file.readUInt32LE(at + 42)];
    assert.equal(file.readUInt32LE(local), 0x04034b50);
    const begin = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const data = file.subarray(begin, begin + size);
    if (crc32) assert.equal(crc32(data), crc);
    parts.set(file.toString('utf8', at + 46, at + 46 + nameLength), data.toString());
    at += 46 + nameLength;
  }
  return parts;
}

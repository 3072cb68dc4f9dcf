/** A provider's bill beside the ledger: docs/contract.md, "Ledger". */
import assert from 'node:assert/strict';
import { type BillComparison, type BillKind, compareBill, spanOfBill } from '../../src/ledger/bill';
import { type BillColumns, readBill } from '../../src/ledger/bill-rows';
import { secondOf } from '../../src/ledger/calendar';
import { createEntry, type Entry, newId } from '../../src/ledger/entry';
import { call } from './ledgers';

const MONTH = { from: Date.parse('2026-11-01T00:00+08:00'), to: Date.parse('2026-12-01T00:00+08:00') };
const CALLS = 20_000;
/** Differences of each kind. */
const PLANTED = 30;
const KINDS: readonly BillKind[] = ['missing', 'unbilled', 'dearer', 'twice'];

/** A settled and charged call of 0.5 yuan that took 300 ms. */
function entryAt(at: number, changes: Partial<Entry> = {}): Entry {
  const entry = createEntry(newId(at), call([], { price: 0.5 }), at);
  return { ...entry, state: 'settled', charged: true, durationMs: 300, ...changes };
}

/** A call of each two minutes of the month, with an order number of its own. */
function entriesOfMonth(): Entry[] {
  const step = (MONTH.to - MONTH.from) / CALLS;
  return Array.from({ length: CALLS }, (_, index) =>
    entryAt(MONTH.from + index * step, { orderNo: `order-${index}`, requestId: `request-${index}` }),
  );
}

type Row = Record<string, string>;

function rowOf({ at, orderNo, requestId, price }: Entry): Row {
  const time = secondOf(Date.parse(at)).replace('T', ' ');
  return { 订单号: orderNo ?? '', 请求ID: requestId ?? '', 调用时间: time, 金额: price.toFixed(2) };
}

function without(row: Row, ...columns: string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name)));
}

async function compare(bill: unknown, entries: Entry[], columns: BillColumns = {}): Promise<BillComparison> {
  return compareBill(await readBill(bill, columns), entries, MONTH);
}

const counts = (comparison: BillComparison) =>
  Object.fromEntries(['matched', ...KINDS].map((kind) => [kind, comparison[kind as BillKind].count]));

const namesOf = (comparison: BillComparison, kind: BillKind) =>
  comparison[kind].calls.map(({ row, entry }) => entry?.orderNo ?? row?.orderNo).sort();

describe('a bill', () => {
  it('with gaps between its rows, or that says that it has thousands of millions, is refused', async () => {
    for (const [bill, problem] of [
      [new Array(5), 'bill-rows'],
      [new Array(2 ** 32 - 1), 'bill-large'],
    ] as const)
      await assert.rejects(readBill(bill, {}), { code: 'INPUT', problem });
  });

  it('may have a head several times: each column is found by its number, and the console stays empty', async () => {
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (text) => warnings.push(text);
    try {
      const bill = '时间,金额,金额,金额,金额_2\n2026-11-01,1,2,3,4\n';
      const prices = ['金额', '金额_1', '金额_2', '金额_3'].map(
        async (price) => (await readBill(bill, { price }))[0]?.price,
      );
      assert.deepEqual(await Promise.all(prices), [1, 2, 4, 3]);
    } finally {
      console.warn = warn;
    }
    assert.deepEqual(warnings, []);
  });

  it('of 20,000 calls is compared without a difference missed or invented', async () => {
    const entries = entriesOfMonth();
    const rows = entries.map(rowOf);
    // Every kind in calls of its own, spread over the month.
    const planted = (kind: number) =>
      Array.from({ length: PLANTED }, (_, index) => 100 + index * 600 + kind * 7);
    const [missing, unbilled, dearer, twice] = KINDS.map((_, kind) => planted(kind)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    for (const index of dearer) rows[index]!.金额 = '0.80';
    const bill = [
      ...rows.filter((_, index) => !unbilled.includes(index)),
      ...twice.map((index) => rows[index]!),
      ...missing.map((index) => ({ ...rows[index]!, 订单号: `unknown-${index}`, 请求ID: '' })),
    ];
    const found = await compare(bill, entries);
    assert.deepEqual(counts(found), {
      matched: CALLS - 2 * PLANTED,
      missing: PLANTED,
      unbilled: PLANTED,
      dearer: PLANTED,
      twice: PLANTED,
    });
    const named = (indexes: number[], prefix = 'order') =>
      indexes.map((index) => `${prefix}-${index}`).sort();
    assert.deepEqual(namesOf(found, 'missing'), named(missing, 'unknown'));
    assert.deepEqual(namesOf(found, 'unbilled'), named(unbilled));
    assert.deepEqual(namesOf(found, 'dearer'), named(dearer));
    assert.deepEqual(namesOf(found, 'twice'), named(twice));
    assert.deepEqual([found.dearer.billed, found.dearer.booked], [24, 15]);
    assert.deepEqual([found.missing.billed, found.missing.booked], [15, 0]);
    assert.deepEqual([found.unbilled.billed, found.unbilled.booked], [0, 15]);
  });

  it('that has times alone is compared by them', async () => {
    const entries = entriesOfMonth();
    const rows = entries.map((entry) => without(rowOf(entry), '订单号', '请求ID'));
    const found = await compare(
      [
        ...rows.filter((_, index) => index % 600 !== 0),
        // Half-way between two calls.
        ...Array.from({ length: PLANTED }, (_, index) => {
          const at = MONTH.from + (CALLS / 2 + index + 0.5) * ((MONTH.to - MONTH.from) / CALLS);
          return { 调用时间: secondOf(at), 金额: '0.5' };
        }),
      ],
      entries,
    );
    const unbilled = Math.ceil(CALLS / 600);
    assert.deepEqual(counts(found), {
      matched: CALLS - unbilled,
      missing: PLANTED,
      unbilled,
      dearer: 0,
      twice: 0,
    });
  });

  it('is compared by time where a call never got its order number', async () => {
    const at = MONTH.from + 3_600_000;
    const lost = entryAt(at, { state: 'uncertain', charged: null, durationMs: 15_000 });
    const known = entryAt(at, { orderNo: 'known' });
    const found = await compare(
      [
        { 订单号: 'from the bill', 调用时间: secondOf(at + 4_000), 金额: 0.5 },
        { 订单号: 'known', 调用时间: secondOf(at), 金额: 0.5 },
      ],
      [lost, known],
    );
    assert.deepEqual(counts(found), { matched: 2, missing: 0, unbilled: 0, dearer: 0, twice: 0 });
    const pairs = found.matched.calls.map(({ row, entry }) => [row?.orderNo, entry?.id]);
    assert.deepEqual(new Map(pairs as [string, string][]).get('from the bill'), lost.id);
  });

  it('that charges what was not charged names the call; a row of nothing does not', async () => {
    const entry = (orderNo: string) => entryAt(MONTH.from, { orderNo, charged: false, price: 0 });
    const found = await compare(
      [
        { orderNo: 'a', price: '0.5' },
        { orderNo: 'b', price: '0.00' },
      ],
      [entry('a'), entry('b')],
    );
    assert.deepEqual(counts(found), { matched: 1, missing: 1, unbilled: 0, dearer: 0, twice: 0 });
    assert.equal(found.missing.calls[0]?.entry?.orderNo, 'a');
  });

  it('may have what was called just before the month, which is not missed when it is not there', async () => {
    const before = entryAt(MONTH.from - 1_000, { orderNo: 'before' });
    assert.ok(Date.parse(before.at) >= spanOfBill(MONTH).from);
    assert.equal((await compare([{ orderNo: 'before' }], [before])).matched.count, 1);
    assert.equal((await compare([{ orderNo: 'before' }], [before])).matched.billed, null);
    const other = entryAt(MONTH.from, { orderNo: 'other' });
    assert.equal((await compare([{ orderNo: 'other' }], [before, other])).unbilled.count, 0);
  });

  it('shows of a row which call it is, and nothing else', async () => {
    const found = await compare([{ orderNo: 'x', 姓名: '张三', 身份证号: '11010519491231002X' }], []);
    assert.deepEqual(found.missing.calls, [
      { row: { line: 2, orderNo: 'x', requestId: null, at: null, price: null }, entry: null },
    ]);
  });
});

describe('a bill is read', () => {
  const HEAD_IN_GBK = [0xb6, 0xa9, 0xb5, 0xa5, 0xba, 0xc5, 0x2c, 0xbd, 0xf0, 0xb6, 0xee];
  const ROW = { line: 2, orderNo: '12', requestId: null, at: null, precisionMs: 0, price: 1200.5 };
  const files: Record<string, unknown> = {
    'rows of a csv node': [{ 订单号: '12', 金额: '1200.50' }],
    'a text': '订单号,金额\r\n12,1200.50\r\n',
    'a text with a byte order mark and semicolons': '\uFEFF订单号;金额\n12;1200.50\n\n;合计 1200.50\n',
    'a text with lines between cells, and commas in a head': '订单号|金额|备注,a,b,c\n12|1200.50|d,e\n',
    'a text with semicolons, and commas in a head in quotation marks':
      '"备注,a,b\nc";订单号;金额\nd;12;1200.50\n',
    'a text with semicolons, and as many commas': '订单号;备注,a,b;金额\n12;;1200.50\n',
    'a file in UTF-8 with a byte order mark': Buffer.from('\uFEFF订单号,金额\n12,"1,200.50"\n'),
    'a file in GBK': Buffer.from([...HEAD_IN_GBK, ...Buffer.from('\r\n12,"1,200.50"\r\n')]),
    'rows whose first head has a byte order mark': [
      { '\uFEFF订单号': ' ="12" ', '金额（元）': '￥1,200.50 元' },
    ],
    numbers: [{ OrderNo: 12, amount: 1200.5 }],
  };
  for (const [name, bill] of Object.entries(files))
    it(`from ${name}`, async () => assert.deepEqual(await readBill(bill, {}), [ROW]));

  it('by the heads that are named', async () => {
    const bill = [{ Vorgang: 'a', Betrag: '1', 订单号: 'b' }];
    for (const given of [bill, 'Vorgang|Betrag|c,d,e,f\na|1|b'])
      assert.deepEqual(
        (await readBill(given, { orderNo: 'Vorgang', price: 'Betrag' })).map((row) => [
          row.orderNo,
          row.price,
        ]),
        [['a', 1]],
      );
  });

  const times: Record<string, number> = {
    '2026-11-25 21:32:01': 1_795_613_521_000,
    '2026/11/25 21:32:01': 1_795_613_521_000,
    '2026年11月25日 21:32:01': 1_795_613_521_000,
    '2026-11-25T13:32:01Z': 1_795_613_521_000,
    1795613521: 1_795_613_521_000,
    1795613521000: 1_795_613_521_000,
    '2026/11/5 9:05': 1_793_840_700_000,
  };
  for (const [time, at] of Object.entries(times))
    it(`with the time ${time}`, async () => assert.equal((await readBill([{ time }], {}))[0]?.at, at));

  const divided: [string, BillColumns][] = [
    ['"金额,元";时间\n1;2026-11-01', { price: '金额,元' }],
    ['时间;订单,号\n2026-11-01;A', { orderNo: '订单,号' }],
    ['"时间";"a,b,c";"订单号"\n2026-11-01;x;A', {}],
    ['时间,"a;b;c;d"\n2026-11-01,x', {}],
    ['"金额\n(元)"\t时间\t订单号\n1\t2026-11-01\tA', {}],
  ];
  for (const [text, columns] of divided)
    it(`by the delimiter of ${JSON.stringify(text)}`, async () => {
      const wanted = {
        orderNo: text.includes('A') ? 'A' : null,
        at: Date.parse('2026-11-01T00:00+08:00'),
        price: text.includes('金额') ? 1 : null,
      };
      const [row, ...others] = await readBill(text, columns);
      assert.partialDeepStrictEqual(row, wanted);
      assert.deepEqual(others, []);
    });

  it('in a file with many empty lines', async () => {
    const bill = `订单号,金额\norder-1,1\n${',\n'.repeat(100_000)}order-2,1\n`;
    assert.deepEqual(
      (await readBill(bill, {})).map(({ orderNo }) => orderNo),
      ['order-1', 'order-2'],
    );
  });

  for (const [what, text] of [
    ['without the end of a line', 'a,'.repeat(500_000)],
    ['with a head of 12,000 characters below an empty line', `\n${'a,'.repeat(6_000)}时间\n1`],
    ['with a head as long, and a line break in quotation marks', `"\n",${'a,'.repeat(6_000)}时间\n1`],
    ['with a row that does not end', `订单号\n${'1,'.repeat(500_000)}`],
    ['with a text in quotation marks that does not end', `订单号\n${'"a""'.repeat(100_000)}`],
  ] as const)
    it(`is not read to the end of a file ${what}`, async () => {
      await assert.rejects(readBill(text, {}), { problem: 'bill-rows' });
    });

  it('with many heads and as many rows of one cell', async () => {
    const bill = `时间,${'a,'.repeat(4_000)}\n${'1793500000\n'.repeat(20_000)}`;
    assert.equal((await readBill(bill, {})).length, 20_000);
  });

  it('with a row that is longer than any head', async () => {
    const read = await readBill(`订单号,备注\na,${'x'.repeat(60_000)}\n`, {});
    assert.deepEqual(
      read.map(({ orderNo }) => orderNo),
      ['a'],
    );
  });

  it('with the numbers that a spreadsheet shows beside its rows', async () => {
    const linesOf = async (bill: unknown) => (await readBill(bill, {})).map(({ line }) => line);
    assert.deepEqual(await linesOf([{ 订单号: 'a' }, { 订单号: 'b' }]), [2, 3]);
    assert.deepEqual(await linesOf('\r\n,,\r\n订单号,备注\r\na,"1\r\n2"\r\n\r\n , \r\nb,\r\n'), [4, 7]);
    assert.deepEqual(await linesOf(`"",""\n备注,订单号\n,a\n${'\n'.repeat(1_000)},b\n`), [3, 1004]);
    assert.deepEqual(await linesOf(`备注,订单号\n${'\n'.repeat(1_000)},b\n`), [1002]);
    await assert.rejects(readBill('订单号\na\nb\n1E+17', {}), {
      problem: 'bill-rounded',
      values: { line: 4 },
    });
  });

  const refused: [string, unknown, BillColumns, string][] = [
    ['has too many rows', `订单号\n${'1\n'.repeat(200_001)}`, {}, 'bill-large'],
    ['has a head and no rows', '时间,订单号\n', {}, 'bill-columns'],
    ['has a head alone', '时间,订单号', {}, 'bill-columns'],
    ['is no rows', 12, {}, 'bill-rows'],
    ['has rows that are texts', ['order-1'], {}, 'bill-rows'],
    ['has no column of a call', [{ 金额: '1' }], {}, 'bill-columns'],
    ['has not the column that is named', [{ orderNo: '1' }], { price: '实付' }, 'bill-column'],
    ['was rounded by a spreadsheet', [{ orderNo: '1.23457E+17' }], {}, 'bill-rounded'],
    ['has a time that is none', [{ orderNo: '1', time: '25.11.2026 21 Uhr' }], {}, 'bill-time'],
    ['has a price that is none', [{ orderNo: '1', price: 'free' }], {}, 'bill-price'],
  ];
  for (const [name, bill, columns, problem] of refused)
    it(`and refused where it ${name}`, async () => {
      await assert.rejects(readBill(bill, columns), { code: 'INPUT', problem });
    });
});

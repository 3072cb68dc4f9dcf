import assert from 'node:assert/strict';
import { VerifyError } from '../../../src/contract/errors';
import { compileConditions, judge } from '../../../src/providers/westdex/conditions';

const both = (passWhen = '', failWhen = '') => compileConditions({ passWhen, failWhen });

describe('westdex passWhen and failWhen', () => {
  const rows: [string, string, unknown, string][] = [
    ['', '', { code: '0' }, 'answered'],
    ['  ', ' ', { code: '0' }, 'answered'],
    ['code = "0"', '', { code: '0' }, 'passed'],
    // A missing field equals nothing: who lacks it has not failed.
    ['code = "0"', '', { code: '1' }, 'inconclusive'],
    ['code = "0"', '', {}, 'inconclusive'],
    ['code = "0"', '', null, 'inconclusive'],
    ['$ = null', '', null, 'passed'],
    ['$ = "一致"', '$ = "不一致"', '一致', 'passed'],
    ['$ = "一致"', '$ = "不一致"', '不一致', 'failed'],
    ['$ = "一致"', '$ = "不一致"', '库中无照片', 'inconclusive'],
    ['', 'code = "1"', { code: '1' }, 'failed'],
    ['', 'code = "1"', { code: '0' }, 'inconclusive'],
    ['', 'code != "0"', {}, 'inconclusive'],
    ['code = "0"', 'code = "1"', { code: '0' }, 'passed'],
    ['code = "0"', 'code = "1"', { code: '2' }, 'inconclusive'],
    ['true', 'true', {}, 'failed'],
    ['true', 'false', {}, 'passed'],
    ['true', 'nothing', {}, 'passed'],
    ['true', '1', {}, 'passed'],
    ['true', '$error("no")', {}, 'inconclusive'],
    ['$error("no")', 'true', {}, 'failed'],
    ['code', '', { code: '0' }, 'inconclusive'],
    ['code', '', { code: 1 }, 'inconclusive'],
    ['code', '', { code: [true, true] }, 'inconclusive'],
    ['nothing', '', {}, 'inconclusive'],
    ['$error("no")', '', {}, 'inconclusive'],
    ['1 + "a"', '', {}, 'inconclusive'],
    // What is denied of a field that is not there is no verdict either, unless the author asks whether it is there.
    ['$not(Data.Result = 0)', '', { x: 1 }, 'inconclusive'],
    ['$not(Data.Result = 0)', '', { Data: { Result: 0 } }, 'inconclusive'],
    ['$not(Data.Result = 0)', '', { Data: { Result: 1 } }, 'passed'],
    ['$not(Data.Result in [0, 2])', '', { Data: {} }, 'inconclusive'],
    ['$not($.Data.Result = 0 or Data.Code = 3)', '', { Data: { Result: 1 } }, 'inconclusive'],
    ['Data.Result = 0 ? false : true', '', { x: 1 }, 'inconclusive'],
    ['Data.Result = 0 ? false : true', '', { Data: { Result: 1 } }, 'passed'],
    ['true', '$not(Data.Result = 1)', { x: 1 }, 'inconclusive'],
    ['true', '$not(Data.Result = 1)', { Data: { Result: 0 } }, 'failed'],
    ['$not("A" in list.code)', '', { list: [] }, 'passed'],
    ['$not(Data.Result = 1)', '', { Data: { Result: null } }, 'passed'],
    ['$not($exists(Data.Error))', '', { x: 1 }, 'passed'],
    ['$not($exists(Data.Error) and Data.Code = 1)', '', { Data: { Code: 0 } }, 'passed'],
    ['$not($count(list[risk = 1]) > 0)', '', { list: [{ risk: 0 }, {}] }, 'passed'],
    ['$not("A" in list[risk = 1].code)', '', { list: [{ risk: 0 }] }, 'passed'],
    // Which of two spellings an answer has is the same.
    ['Data.Result = 1 or data.result = 1', '', { data: { result: 1 } }, 'passed'],
    ['code = "1" ? Data.Result = 1 : data.result = 1', '', { data: { result: 1 } }, 'passed'],
    // Node-RED's own JSONata would take this for its legacy mode.
    ['msg = "一致"', '', { msg: '一致' }, 'passed'],
  ];
  for (const [passWhen, failWhen, result, outcome] of rows) {
    it(`"${passWhen}" and "${failWhen}" over ${JSON.stringify(result)} is ${outcome}`, async () => {
      assert.equal(await judge(both(passWhen, failWhen), result), outcome);
    });
  }

  it('are compiled once', () => {
    const { passWhen, failWhen } = both('a = 1', 'a = 1');
    assert.equal(passWhen, failWhen);
    for (let index = 0; index < 250; index++) both(`a = ${index}`);
    assert.ok(both('a = 1').passWhen);
  });

  for (const name of ['passWhen', 'failWhen'] as const) {
    it(`${name} with a syntax error is CONFIG, and is named`, () => {
      for (const expression of ['code =', '(', '"', 'a b']) {
        assert.throws(
          () => compileConditions({ passWhen: '', failWhen: '', [name]: expression }),
          (error) =>
            error instanceof VerifyError && error.problem === 'jsonata-syntax' && error.values.name === name,
          expression,
        );
      }
    });

    for (const [what, expression] of [
      ['recurses for ever', '($f := function($n){ 1 + $f($n + 1) }; $f(0) = 1)'],
      ['goes on for ever', '($f := function($n){ $f($n + 1) }; $f(0))'],
    ] as const) {
      it(`${name} that ${what} is inconclusive`, async () => {
        const conditions = compileConditions({ passWhen: '', failWhen: '', [name]: expression });
        assert.equal(await judge(conditions, {}), 'inconclusive');
      });
    }
  }

  it('give the rest of the process a turn after 500 steps', async () => {
    const list = Array(20_000).fill({ code: '1' });
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    assert.equal(await judge(both('$count(list[code = "0"]) = 0', 'code = "1"'), { list }), 'passed');
    isOver = true;
    assert.ok(turns >= (2 * list.length) / 500, `${turns} turns`);
  });

  it('count the steps of each evaluation', async () => {
    const list = Array(20_000).fill({ code: '1' });
    const conditions = both('$count(list[code = "1"]) = 20000');
    const judged = Array.from({ length: 8 }, () => judge(conditions, { list }));
    assert.deepEqual(new Set(await Promise.all(judged)), new Set(['passed']));
  });

  it('leave the result as it is', async () => {
    const result = { code: '0', list: [1, 2] };
    await judge(both('($ ~> |$|{"code": "1"}|).code = "1"'), result);
    assert.deepEqual(result, { code: '0', list: [1, 2] });
  });
});

import assert from 'node:assert/strict';
import { VerifyError } from '../../../src/errors';
import { compilePassWhen, judge } from '../../../src/providers/westdex/pass-when';

describe('westdex passWhen', () => {
  const rows: [string, unknown, string][] = [
    ['', { code: '0' }, 'answered'],
    ['  ', { code: '0' }, 'answered'],
    ['code = "0"', { code: '0' }, 'passed'],
    ['code = "0"', { code: '1' }, 'failed'],
    ['code = "0"', null, 'failed'],
    ['$exists(code) ? code = "0"', {}, 'inconclusive'],
    ['$ = null', null, 'passed'],
    ['code', { code: '0' }, 'inconclusive'],
    ['code', { code: 1 }, 'inconclusive'],
    ['code', { code: [true, true] }, 'inconclusive'],
    ['nothing', {}, 'inconclusive'],
    ['$error("no")', {}, 'inconclusive'],
    ['1 + "a"', {}, 'inconclusive'],
    // Node-RED's own JSONata would take this for its legacy mode.
    ['msg = "一致"', { msg: '一致' }, 'passed'],
  ];
  for (const [expression, result, outcome] of rows) {
    it(`${expression} over ${JSON.stringify(result)} is ${outcome}`, async () => {
      assert.equal(await judge(compilePassWhen(expression), result), outcome);
    });
  }

  it('is compiled once', () => {
    assert.equal(compilePassWhen('a = 1'), compilePassWhen('a = 1'));
    for (let index = 0; index < 250; index++) compilePassWhen(`a = ${index}`);
    assert.ok(compilePassWhen('a = 1'));
  });

  it('with a syntax error is CONFIG', () => {
    for (const expression of ['code =', '(', '"', 'a b']) {
      assert.throws(
        () => compilePassWhen(expression),
        (error) =>
          error instanceof VerifyError && error.code === 'CONFIG' && error.problem === 'jsonata-syntax',
        expression,
      );
    }
  });

  for (const [name, milliseconds, expression] of [
    ['recurses for ever', 900, '($f := function($n){ 1 + $f($n + 1) }; $f(0) = 1)'],
    ['goes on for ever', 2000, '($f := function($n){ $f($n + 1) }; $f(0))'],
  ] as const) {
    it(`that ${name} is inconclusive, soon`, async () => {
      const start = performance.now();
      assert.equal(await judge(compilePassWhen(expression), {}), 'inconclusive');
      assert.ok(performance.now() - start < milliseconds);
    });
  }

  it('leaves the result as it is', async () => {
    const result = { code: '0', list: [1, 2] };
    await judge(compilePassWhen('($ ~> |$|{"code": "1"}|).code = "1"'), result);
    assert.deepEqual(result, { code: '0', list: [1, 2] });
  });
});

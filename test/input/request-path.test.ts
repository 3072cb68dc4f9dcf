/** docs/contract.md, "Action nodes", `provider-request`: an account's keys go to its own address alone. */
import assert from 'node:assert/strict';
import { pathBehind, readRequestPath } from '../../src/input/request-path';

describe('a path of a provider', () => {
  const behind = (value: unknown, base = 'https://gateway.example.com/xhey/') => {
    const repaired = new Set<string>();
    const path = pathBehind(readRequestPath(value, 'path', repaired), new URL(base));
    return [path, repaired.has('path')];
  };
  const taken: [string, string, boolean][] = [
    ['/v2/any?a=../b#'.slice(0, -1), '/v2/any?a=../b', false],
    ['v2/any', '/v2/any', true],
    ['/v2/照片', '/v2/%E7%85%A7%E7%89%87', false],
    ['/v2/...', '/v2/...', false],
    [`/${'a'.repeat(2047)}`, `/${'a'.repeat(2047)}`, false],
    ['https://gateway.example.com/xhey', '', false],
    ['https://gateway.example.com/xhey?a=b', '?a=b', false],
    ['HTTPS://GATEWAY.example.com/xhey/v2', '/v2', false],
  ];
  for (const [given, path, isRepaired] of taken)
    it(`${given.slice(0, 40)} is ${path.slice(0, 40) || 'the address itself'}`, () =>
      assert.deepEqual(behind(given), [path, isRepaired]));

  const user = 'https://user@gateway.example.com/xhey';
  const refused: [problem: string, paths: string[]][] = [
    ['path-missing', ['']],
    ['text-too-long', [`/${'a'.repeat(2048)}`]],
    ['path-unreadable', ['/a/.', '/a/%2E./b', '/a#b', '/a"b', '/a<b', '//b', 'http://', 'mailto:a', user]],
    ['other-host', ['https://gateway.example.com/xheyevil/v2', 'https://gateway.example.com/v2']],
    ['other-host', ['http://gateway.example.com/xhey/v2', 'https://gateway.example.com:444/xhey/v2']],
  ];
  for (const [problem, paths] of refused)
    for (const path of paths)
      it(`${path.slice(0, 40) || 'nothing'} is refused: ${problem}`, () =>
        assert.throws(() => behind(path), { problem }));
});

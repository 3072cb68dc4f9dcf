/** docs/sandbox.md says in both languages what the sandbox does. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

describe('sandbox: its pages for readers', () => {
  const read = (file: string) => readFileSync(join(ROOT, 'docs', file), 'utf8');
  const [english, chinese] = [read('sandbox.md'), read('sandbox.zh-CN.md')];
  const codes = (text: string) =>
    [...text.matchAll(/`([^`\n]+)`|^ {4}(\S.*)$/gm)].map(([, inline, block]) => inline ?? block).sort();

  it('name the same words in both languages', () => {
    assert.ok(codes(english).length > 60);
    assert.deepEqual(codes(chinese), codes(english));
  });

  it('name every option of the command line', () => {
    const program = join(ROOT, 'dist/src/sandbox/command-line.js');
    const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
    const options = [...help.matchAll(/--\w+/g)].map(([option]) => option);
    assert.ok(options.length >= 4);
    for (const option of options)
      for (const text of [english, chinese]) assert.ok(text.includes(`\`${option}\``), option);
  });
});

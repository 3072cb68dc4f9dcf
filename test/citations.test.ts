/** A comment that cites a document cites one that is in the repository, and a section that it has. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './nodes/form';

const FOLDERS = ['src', 'nodes', 'scripts', 'test'];
/** Of this repository. Where a citation is broken over two lines of a comment, a star stands between its words. */
const CITATION = /(?<!\/)docs\/([\w/-]+\.md)((?:,? (?:and )?"[^"]+")*)/g;

describe('citations', () => {
  for (const folder of FOLDERS)
    it(`of ${folder} lead to a section that is there`, () => {
      let count = 0;
      for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
        if (!/\.(?:ts|mjs|js|html)$/.test(file) || file.endsWith('citations.test.ts')) continue;
        const text = readFileSync(join(ROOT, folder, file), 'utf8').replace(/\n\s*(?:\*|\/\/) /g, ' ');
        for (const [, page, sections = ''] of text.matchAll(CITATION)) {
          const cited = readFileSync(join(ROOT, 'docs', page!), 'utf8');
          for (const [, section] of sections.matchAll(/"([^"]+)"/g)) {
            assert.ok(cited.includes(section!), `${folder}/${file}: docs/${page}, "${section}"`);
            count++;
          }
        }
      }
      if (folder === 'src') assert.ok(count > 100, String(count));
    });

  it('name no document that is elsewhere', () => {
    for (const folder of FOLDERS)
      for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
        if (!/\.(?:ts|mjs|js)$/.test(file) || file.endsWith('citations.test.ts')) continue;
        const text = readFileSync(join(ROOT, folder, file), 'utf8');
        assert.doesNotMatch(text, /\b(?:CONTRACT|DESIGN|NODE-RED), "/, `${folder}/${file}`);
      }
  });
});

/** In which language the runtime says its texts, and what it fills into them. */
import assert from 'node:assert/strict';
import type { Red } from '../../src/node-red/runner/red';
import { languageOfReader, withTexts } from '../../src/node-red/runner/texts';
import { findText } from '../../src/texts/texts';

const VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'];
const CHINESE = /\p{Script=Han}/u;

const red = (settings: object) => withTexts({ settings } as Red, 'truth-create');

describe('the texts of the runtime', () => {
  const environment = VARIABLES.map((name) => [name, process.env[name]] as const);
  beforeEach(() => {
    for (const name of VARIABLES) delete process.env[name];
  });
  afterEach(() => {
    for (const [name, value] of environment) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  for (const language of ['zh', 'zh-CN', 'zh-Hans-CN', 'zh-TW', 'zh_CN']) {
    it(`are Chinese for ${language}`, () => assert.match(findText('', 'test.works', {}, language), CHINESE));
  }

  for (const language of ['en-US', 'en', 'de', 'zha', '']) {
    it(`are English for ${language || 'nothing'}`, () =>
      assert.doesNotMatch(findText('', 'test.works', {}, language), CHINESE));
  }

  it('are in the language of settings.js, or else that of the environment, as Node-RED itself', () => {
    process.env.LANG = 'zh_CN.UTF-8';
    assert.match(red({})._('test.works'), CHINESE);
    assert.doesNotMatch(red({ lang: 'en-US' })._('test.works'), CHINESE);
    process.env.LC_ALL = 'C';
    assert.doesNotMatch(red({})._('test.works'), CHINESE);
    assert.match(red({ lang: 'zh-CN' })._('test.works'), CHINESE);
  });

  it("are in the reader's language where there is one", () => {
    assert.match(red({})._('test.works', { lng: 'zh-CN' }), CHINESE);
    assert.doesNotMatch(red({ lang: 'zh-CN' })._('test.works', { lng: 'en-US' }), CHINESE);
    assert.match(red({ lang: 'zh-CN' })._('test.works', { lng: undefined }), CHINESE);
  });

  it('are in the language that a browser asks for first', () => {
    const asks = (...languages: string[]) =>
      languageOfReader({ headers: {}, params: {}, query: {}, acceptsLanguages: () => languages });
    assert.equal(asks('zh-CN', 'en'), 'zh-CN');
    assert.equal(asks('*'), undefined);
  });

  it("are a node's own before those of all nodes", () => {
    const [own, shared] = ['truth-create', 'face-compare'].map((type) =>
      findText(type, 'errors.photo-too-large.text', { position: 3, maxPhotoMB: 8 }, 'en-US'),
    );
    assert.match(own!, /\b3\b.*\b8\b/);
    assert.notEqual(shared, own);
    assert.equal(findText('truth-create', 'errors.photo-too-large.hint', {}, 'en-US').includes('__'), false);
  });

  it('take values as they are, and leave nothing where there is none', () => {
    const say = (words: unknown) => findText('', 'errors.refused.PROVIDER.text', { words }, 'en-US');
    assert.ok(say('$& $t(key) __words__').includes('$& $t(key) __words__'));
    assert.ok(!say(undefined).includes('undefined'));
    assert.ok(!say(null).includes('null'));
    assert.ok(say(0).includes('0'));
  });

  it('are their key where there is no text', () => {
    assert.equal(findText('', 'errors.no-such-thing.text', {}, 'zh-CN'), 'errors.no-such-thing.text');
    assert.equal(findText('', 'errors', {}, 'zh-CN'), 'errors');
  });
});

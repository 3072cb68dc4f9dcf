import assert from 'node:assert/strict';
import { jpg } from '../input/pictures';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };

describe('node westdex-three', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('westdex-three');
    assert.equal(nodeOf('node').type, 'westdex-three');
    assertDefaults('westdex-three', {
      name: '',
      personName: 'payload.name',
      idNumber: 'payload.idNumber',
      photo: 'payload.photo',
      maxPhotoMB: 8,
      fit: false,
      maxPhotoKB: 50,
      passWhen: '',
      output: 'payload',
      includeRaw: false,
    });
  });

  it('answers', async () => {
    await load('westdex-three');
    const { from, message, result } = await ask({ payload: PERSON, topic: 'kept' });
    assert.equal(from, 'out1');
    assert.equal(message.topic, 'kept');
    assert.equal(result.outcome, 'answered');
  });

  it('raises an error for a person without a photo', async () => {
    await load('westdex-three');
    const { from, error } = await ask({ payload: { name: PERSON.name, idNumber: PERSON.idNumber } });
    assert.equal(from, 'caught');
    assert.equal(error.code, 'INPUT');
    assert.equal(error.cause.problem, 'photo-missing');
    assert.match(error.message, /^There is no photo in msg\.payload\.photo\. /);
  });
});

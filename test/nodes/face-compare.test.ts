import assert from 'node:assert/strict';
import { jpg } from '../input/pictures';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };

describe('node face-compare', () => {
  afterEach(unload);

  it('is loaded with its defaults', async () => {
    await load('face-compare');
    assert.equal(nodeOf('node').type, 'face-compare');
    assertDefaults('face-compare', {
      name: '',
      personName: 'payload.name',
      idNumber: 'payload.idNumber',
      photo: 'payload.photo',
      sameFrom: 0.45,
      differentBelow: 0.4,
      maxPhotoMB: 8,
      fit: false,
      maxPhotoKB: 500,
      output: 'payload',
      includeRaw: false,
    });
  });

  it('passes a person', async () => {
    await load('face-compare');
    const { from, message, result } = await ask({ payload: PERSON, topic: 'kept' });
    assert.equal(from, 'out1');
    assert.equal(message.topic, 'kept');
    assert.equal(result.outcome, 'passed');
    assert.equal(result.data.score, 0.82);
  });

  it('raises an error for an id number that is none', async () => {
    await load('face-compare');
    const { from, error } = await ask({ payload: { ...PERSON, idNumber: '110101199001011238' } });
    assert.equal(from, 'caught');
    assert.equal(error.code, 'INPUT');
    assert.equal(error.cause.problem, 'id-number-check-digit');
  });
});

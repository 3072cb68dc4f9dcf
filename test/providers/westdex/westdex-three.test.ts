import assert from 'node:assert/strict';
import { westdexThree } from '../../../src/providers/westdex/westdex-three';

describe('westdex-three, what a message may bring', () => {
  const settings = { maxPhotoMB: 8, fit: false, maxPhotoKB: 50, passWhen: '', failWhen: '' };
  const url = 'https://p.example.com/a.jpg';
  for (const photo of [url, [url], { photo: url }, Buffer.from(url), `<img src="${url}">`])
    it(`is no address, such as ${JSON.stringify(photo)}`, async () => {
      const fields = { personName: '张三', idNumber: '11010519491231002X', photo };
      const given = [fields, settings, { now: Date.now(), environment: 'custom' }] as const;
      await assert.rejects(async () => westdexThree.parse(...given), { problem: 'photo-url' });
    });
});

/** What a node has that was just dragged in: docs/contract.md, "Account nodes" and "Action nodes". */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultsOf, ROOT } from './form';

const ACCOUNT = {
  name: '',
  environment: 'production',
  baseUrl: '',
  timeout: 10,
  maxConcurrent: 16,
  maxPerSecond: 0,
  maxWaiting: 1000,
  circuit: true,
  keepAlive: true,
  tls: '',
  proxy: '',
};
const ACTION = { name: '', output: 'payload', includeRaw: false };
const PERSON = { personName: 'payload.name', idNumber: 'payload.idNumber', photo: 'payload.photo' };

/** There may be others. */
const DEFAULTS: Readonly<Record<string, object>> = {
  'xhey-account': { ...ACCOUNT, sandboxFetches: false },
  'linkface-account': { ...ACCOUNT, timestampUnit: 'ms' },
  'tencent-market-account': { ...ACCOUNT, timeout: 15, scheme: 'auto', source: 'market' },
  'westdex-account': { ...ACCOUNT, timeout: 60, keyDerivation: 'sha1prng' },
  'truth-create': { ...ACTION, photos: 'payload', photosType: 'msg', store: '', batchSize: 9 },
  'truth-poll': {
    ...ACTION,
    task: 'payload',
    taskType: 'msg',
    mode: 'wait',
    interval: 2,
    maxInterval: 15,
    timeout: 300,
    resume: true,
    split: false,
  },
  'get-token': { ...ACTION, detectionType: 'liveness', detectionTypeType: 'str', sequenceId: '' },
  'face-compare': {
    ...ACTION,
    ...PERSON,
    sameFrom: 0.45,
    differentBelow: 0.4,
    maxPhotoMB: 8,
    fit: false,
    maxPhotoKB: 500,
  },
  'westdex-three': { ...ACTION, ...PERSON, maxPhotoMB: 8, fit: false, maxPhotoKB: 50, passWhen: '' },
  'provider-request': {
    ...ACTION,
    path: '',
    apiCode: '',
    query: '',
    body: 'payload',
    extra: '',
    encrypt: '',
    paid: true,
    key: '',
    reuse: 0,
  },
  'photo-rules': {
    name: '',
    input: 'payload',
    inputType: 'msg',
    maxAge: 0,
    at: '',
    within: 0,
    latitude: '',
    longitude: '',
    coordinates: 'gcj02',
    unseen: 0,
    ledger: '',
    addressHolds: '',
    output: 'payload',
  },
  'photo-store': {
    name: '',
    kind: 's3',
    endpoint: '',
    region: '',
    bucket: '',
    prefix: '',
    style: 'virtual-host',
    publicUrl: '',
    publicStyle: 'same',
    allowHttp: false,
    keep: 24,
    maxMB: 1024,
    fit: false,
    maxPhotoKB: 0,
    metadata: 'keep',
    timeout: 30,
    tls: '',
    proxy: '',
  },
  'verify-ledger-store': { name: '', schema: 'cn_verify', tls: '', unencrypted: false },
  'verify-ledger': { name: '', ledger: '' },
  'verify-queue': { name: 'verification', ledger: '', keep: 3_600, unencrypted: false, tls: '' },
  'verify-call': { name: '', queue: '', wait: 20, maxWaiting: 1_000 },
  'verify-in': { name: '', queue: '', concurrency: 64, timeout: 600, repeatable: false },
  'verify-return': { name: '' },
};

describe('a node that was just dragged in', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const type of Object.keys(manifest['node-red'].nodes)) {
    it(`of type ${type} has the defaults of the contract`, () => {
      const expected = DEFAULTS[type] ?? assert.fail('The table has no row for it.');
      const defaults = defaultsOf(type);
      assert.deepEqual({ ...defaults, ...expected }, defaults);
    });
  }
});

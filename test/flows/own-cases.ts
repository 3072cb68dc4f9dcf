/** Samples of our own, of the kinds in test/cases: persons, numbers and addresses are invented. */
import type { Message } from '../../src/node-red/runner/red';
import { BMP, jpg, PNG } from '../input/pictures';
import { polled, taken } from '../photos/results';

/** An answer of a provider: JSON, or raw. `{$encrypted}` in it stands for westdex's encrypted text. */
export interface Given {
  json?: unknown;
  status?: number;
  headers?: Record<string, string>;
  b64?: string;
}

/** One message, what it is answered, and what has to come of it. */
export interface Case {
  title: string;
  /** Of the flow; with `f` before it answered by `answer`. */
  node: string;
  /** `{$buf}` stands for a Buffer. */
  message: Message;
  /** By operation, one after the other, the last again. */
  answers?: Readonly<Record<string, readonly Given[]>>;
  answer?: Given;
  wanted: Wanted;
}

/** What arrived at the provider, how often, and what the result or the error says. */
export interface Wanted {
  error?: string;
  reason?: string;
  charged?: boolean | null;
  requests?: number;
  name?: string;
  idcard?: string;
  image?: string;
  url?: string;
  photoUrlList?: readonly string[];
  taskID?: string;
  outcome?: string;
  outcomes?: readonly string[];
  photos?: readonly (readonly [url: string, outcome: string])[];
  location?: null;
  wgs84?: readonly number[];
  /** That any message comes at all. */
  answer?: boolean;
  'data.result'?: unknown;
  /** What would do as well. */
  or?: string;
}

const JPG = jpg(514);
const BASE64 = JPG.toString('base64');
const NAME = '王小明';
const ID_NUMBER = '11010519491231002X';
const UYGHUR = '阿不都热合曼·买买提';
const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';
const OSS = 'https://site-photos.oss-cn-shanghai.aliyuncs.com/north/7.jpg';
const COS = 'https://site-1250000000.cos.ap-guangzhou.myqcloud.com/7.jpg';
const FUTURE = 4_102_444_800;

const person = (changes: object): Message => ({
  payload: { name: NAME, idNumber: ID_NUMBER, photo: JPG, ...changes },
});
const face = (title: string, changes: object, wanted: Wanted, node = 'face'): Case => ({
  title,
  node,
  message: person(changes),
  wanted,
});
const create = (title: string, payload: unknown, wanted: Wanted, node = 'create'): Case => ({
  title,
  node,
  message: { payload },
  wanted,
});
/** One whose photo arrives as it should be. */
const sent = (title: string, given: unknown, node?: string) =>
  face(title, { photo: given }, { image: BASE64 }, node);
/** One whose id number does. */
const numbered = (title: string, idNumber: unknown, node?: string) =>
  face(title, { idNumber }, { idcard: ID_NUMBER }, node);
const stored = (title: string, payload: unknown) =>
  create(title, payload, { outcome: 'submitted' }, 'screate');
const refused = (reason: string): Wanted => ({ error: 'INPUT', reason, requests: 0, charged: false });

/** xhey's answer to a query, in the observed shape. */
const finished = (list: readonly object[], more: object = {}): Given => ({
  json: {
    code: 200,
    msg: 'success',
    data: { taskStatus: 5, list, status: 0, msg: '', ...more },
    timestamp: 1,
  },
});
const photo = (photoUrl: string, changes: object = {}) => ({
  photoUrl,
  status: 0,
  msg: '',
  lat: '30.539732',
  lng: '104.066506',
  photoTime: '2025年07月28日 15:01',
  photoAddress: '四川省成都市武侯区',
  ...changes,
});
const once = (
  title: string,
  payload: unknown,
  list: readonly object[],
  wanted: Wanted,
  node = 'once',
): Case => ({
  title,
  node,
  message: { payload },
  answers: { 'xhey.query': [finished(list)] },
  wanted,
});
const tasks = (...photoUrls: string[]) => ({ data: { taskIds: ['9'], tasks: [{ taskId: '9', photoUrls }] } });
const compared = (data: unknown, more: object = {}): Given => ({
  json: { msg: '', success: true, code: 200, data, ...more },
});
const ALIKE = { order_no: '568753443590770688', score: 0.82, msg: '', incorrect: 100 };
const answered = (title: string, answer: Given, wanted: Wanted, node = 'fface'): Case => ({
  title,
  node,
  message: person({}),
  answer,
  wanted,
});
const body = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
/** The second of two photos, after the first. */
const secondOf = (
  title: string,
  code: string | undefined,
  times: readonly string[],
  outcome: string,
): Case => ({
  title,
  node: 'rules',
  message: { payload: polled(times.map((time, index) => taken({ url: `${A}?${index}`, code, time }))) },
  wanted: {
    photos: [
      [`${A}?0`, 'passed'],
      [`${A}?1`, outcome],
    ],
  },
});

/** By kind: what the files of test/cases begin with. */
export const OWN: Readonly<Record<string, readonly Case[]>> = {
  '01': [
    sent('in a data URI', `data:image/jpeg;base64,${BASE64.replaceAll('+', ' ')}`),
    sent('for westdex', BASE64.replaceAll('+', ' '), 'wd'),
  ],
  '02': [
    face('a Katakana dot with a wide space', { name: '阿不都热合曼・\u3000买买提' }, { name: UYGHUR }),
    face('the entity of HTML', { name: '阿不都热合曼&middot;买买提' }, refused('name-encoded')),
    face('a character of an old GBK system', { name: '\ue863小明' }, { name: '䶮小明' }),
    face('the end of a sentence and brackets', { name: '（王小明）。' }, { name: NAME }),
    face('a masked one', { name: '王ＸＸ' }, refused('name-masked')),
    face('two dots', { name: '阿不都热合曼··买买提' }, { name: UYGHUR }, 'wd'),
    face('a character that only its system knows', { name: '王\ue5f1' }, refused('name-private-use'), 'wd'),
  ],
  '03': [
    once(
      '%20 for a space, in another order',
      tasks('https://p.example.com/x y.jpg', 'https://p.example.com/z w.jpg'),
      [photo('https://p.example.com/z%20w.jpg', { status: -2305 }), photo('https://P.example.com/x%20y.jpg')],
      {
        photos: [
          ['https://p.example.com/x y.jpg', 'passed'],
          ['https://p.example.com/z w.jpg', 'failed'],
        ],
      },
    ),
    once(
      'signed addresses that come back without their signatures',
      tasks(`${A}?sign=1`, `${B}?sign=2`),
      [photo(B, { status: -2301 }), photo(A)],
      {
        photos: [
          [`${A}?sign=1`, 'passed'],
          [`${B}?sign=2`, 'failed'],
        ],
      },
    ),
  ],
  '04': [
    create('three with tabs and spaces', `${A}\t${B}  ${A}?2`, { photoUrlList: [A, B, `${A}?2`] }),
    create('a wide comma and a stop', `${A}，${B}。`, refused('urls-glued')),
    create('a numbered list', `1. ${A}\n2. ${B}`, refused('url-with-space')),
  ],
  '05': [
    create(
      "Huawei's internal host",
      [A, 'https://b.obs.internal.example.com/7.jpg'],
      refused('url-unreachable'),
    ),
    create('a camera by its name', [A, 'http://ipc-07.lan/snap.jpg'], refused('url-unreachable')),
    face("the photo's address", { photo: 'http://10.20.30.40/7.jpg' }, refused('url-unreachable')),
  ],
  '06': [
    create('one of them in angle brackets', [A, `<${A}>`, B], { photoUrlList: [A, B] }),
    create('twice in one text', `${A}\n${A}\n${B}`, { photoUrlList: [A, B] }),
  ],
  '07': [
    once('in Taipei', '9', [photo('u', { lat: '25.0330', lng: '121.5654' })], { wgs84: [25.033, 121.5654] }),
    once('in Hanoi', '9', [photo('u', { lat: '21.0285', lng: '105.8542' })], { wgs84: [21.0285, 105.8542] }),
    once('in no number', '9', [photo('u', { lat: '', lng: '—' })], { location: null }),
  ],
  '08': [
    once(
      'three of one task',
      '9',
      [photo('a'), photo('b', { status: -1 }), photo('c')],
      { outcomes: ['passed', 'inconclusive', 'passed'] },
      'ps',
    ),
    {
      title: 'a revoked task',
      node: 'ps',
      message: { payload: '9' },
      answers: {
        'xhey.query': [{ json: { code: 200, msg: '', data: { taskStatus: 6, list: null }, timestamp: 1 } }],
      },
      wanted: { answer: true, outcomes: ['inconclusive'] },
    },
  ],
  '09': [
    numbered('a Roman ten and a wide space', '110105\u300019491231\u3000002Ⅹ'),
    numbered('full-width digits', '１１０１０５１９４９１２３１００２ｘ', 'wd'),
    numbered('brackets and a stop', `(${ID_NUMBER})。`),
    numbered('the list of a form and stops', ['110105.19491231.002x'], 'wd'),
    numbered('minus signs', '110105−19491231−002x'),
  ],
  10: [
    sent('JSON of an upload', JSON.stringify({ originalname: 'a.jpg', buffer: JPG })),
    sent('base64 for URLs, quoted', `'${JPG.toString('base64url')}'`, 'wd'),
    sent('the one file of an upload', [{ originalname: 'a.jpg', buffer: JPG }]),
    sent('a typed array that went through JSON', JSON.stringify(new Uint8Array(JPG))),
    stored('a list of decimals, for a photo store', String(new Uint8Array(JPG))),
    stored('a file of busboy, for a photo store', { filename: 'a.jpg', data: JPG }),
  ],
  11: [
    face('the first half of a JPG', { photo: JPG.subarray(0, 257) }, refused('photo-not-whole')),
    face('somebody of 1850', { idNumber: '110105185012310021' }, refused('id-number-birth-date')),
    face(
      'a page of an error',
      { photo: Buffer.from('<html><h1>404</h1></html>') },
      refused('photo-format'),
      'wd',
    ),
  ],
  12: [
    once('ids with an ideographic comma', '9、8', [], refused('task-ids-glued')),
    once('JSON of a list in a text with a byte order mark', '\ufeff["9"]', [], { taskID: '9' }),
    once('a task as it stands in data.tasks', { taskId: '9', photoUrls: [A] }, [photo(A)], { taskID: '9' }),
    once("the provider's own answer", { code: 200, data: [{ taskID: '9' }] }, [], { taskID: '9' }),
    once('quotation marks of Excel', '="9"', [], { taskID: '9' }),
    once('what a program writes where there is none', 'undefined', [], refused('not-a-task-id')),
    once('a file of a photo', 'photo 9.jpg', [], refused('task-ids-glued')),
  ],
  13: [
    answered(
      'an encoding that is a charset',
      { headers: { 'content-encoding': 'gb2312' }, b64: body(compared(ALIKE).json) },
      { outcome: 'passed' },
    ),
    {
      title: 'a text with line ends',
      node: 'wd',
      message: person({}),
      answers: {
        westdex: [{ json: { code: '00000', message: '', data: { $encrypted: '不一致\r\n' }, id: 'W1' } }],
      },
      wanted: { 'data.result': '不一致\r\n' },
    },
  ],
  14: [
    answered(
      'a proxy that says why',
      { status: 413, b64: body({ message: 'Payload Too Large' }) },
      { error: 'INPUT', reason: 'photo-too-large', charged: false },
    ),
    answered(
      'a proxy without a word',
      { status: 413, b64: '' },
      { error: 'INPUT', reason: 'photo-too-large', charged: false },
    ),
  ],
  15: [
    answered(
      '"FALSE" with white space',
      { b64: body(compared(ALIKE, { success: ' FALSE ' }).json) },
      { error: 'PROTOCOL' },
    ),
    answered('0 for false', { b64: body(compared(ALIKE, { success: 0 }).json) }, { error: 'PROTOCOL' }),
  ],
  16: [
    {
      ...face('one person', { name: '赵一' }, { outcome: 'passed' }, 'kface'),
      message: { ...person({ name: '赵一' }), key: 'own 16' },
    },
    {
      ...face('the same key, another name', {}, { error: 'INPUT', requests: 0 }, 'kface'),
      message: { ...person({ name: '钱二' }), key: 'own 16' },
    },
  ],
  17: [
    create(
      'COS',
      [
        A,
        `${COS}?q-sign-algorithm=sha1&q-ak=AKIDexample&q-sign-time=1753682460%3B1753686060&q-key-time=1753682460%3B1753686060&q-header-list=&q-url-param-list=&q-signature=abcd`,
      ],
      refused('url-expired'),
    ),
    create(
      'Qiniu',
      `https://p.example.com/7.jpg?e=1753686060&token=AKexample:abcdefgh=`,
      refused('url-expired'),
    ),
    create(
      'OSS version 4, escaped for HTML',
      `${OSS}?x-oss-signature-version=OSS4-HMAC-SHA256&amp;x-oss-date=20250728T060100Z&amp;x-oss-expires=3600&amp;x-oss-signature=abcd`,
      refused('url-expired'),
    ),
    face(
      "the photo's address",
      { photo: `${OSS}?Expires=1753686060&OSSAccessKeyId=LTAIexample&Signature=abcd` },
      refused('url-expired'),
    ),
  ],
  20: [
    create(
      "a token of WeChat's in the address",
      'https://api.weixin.qq.com/cgi-bin/media/get?access_token=0123456789&media_id=abc',
      refused('url-wants-login'),
    ),
    create(
      'a document of DingTalk',
      [A, 'https://alidocs.dingtalk.com/i/nodes/0123456789abcdef'],
      refused('url-wants-login'),
    ),
    create('what Feishu gives for a file', [{ file_token: 'x', tmp_download_url: A }], { photoUrlList: [A] }),
  ],
  22: [
    create('two of them, beside an escape', 'https://p.example.com/50%%20of%20100%', {
      photoUrlList: ['https://p.example.com/50%25%20of%20100%25'],
    }),
    create('quotation marks', 'https://p.example.com/a"b.jpg', {
      photoUrlList: ['https://p.example.com/a%22b.jpg'],
    }),
    create('the signs of a Chinese keyboard', 'ｈｔｔｐｓ：／／p。example．com/a.jpg', { photoUrlList: [A] }),
    create('all of it escaped', encodeURIComponent(A), { photoUrlList: [A] }),
    create('# in the name of a folder', 'https://p.example.com/3#楼/7.jpg', {
      photoUrlList: ['https://p.example.com/3%23楼/7.jpg'],
    }),
  ],
  23: [
    create('as numbers', `${COS}?imageMogr2/quality/80&#38;w=1&#x26;h=2`, {
      photoUrlList: [`${COS}?imageMogr2/quality/80&w=1&h=2`],
    }),
    face('for face-compare', { photo: `${A}?w=1&amp;h=2` }, { url: `${A}?w=1&h=2` }),
  ],
  24: [
    create('in brackets with a stop', `（${A}）。`, { photoUrlList: [A] }),
    create('a link of HTML', `${A}">现场照片</a>`, { photoUrlList: [A] }),
    create('in the middle of a sentence', `${A}，请核验。`, refused('url-in-sentence')),
    create('without a sign between', `${A}请核验`, refused('url-in-sentence')),
    create('a value that nobody had', 'https://p.example.com/undefined', refused('url-template')),
    create('a template', 'https://p.example.com/{{payload.id}}.jpg', refused('url-template')),
  ],
  25: [
    create('a list of addresses', Buffer.from(JSON.stringify([A, B])), { photoUrlList: [A, B] }),
    create('an address with a line end', Buffer.from(`${A}\r\n`), { photoUrlList: [A] }),
    stored('base64, for a photo store', Buffer.from(BASE64)),
    sent('a data URI', Buffer.from(`data:image/jpeg;base64,${BASE64}`), 'wd'),
    face(
      'a name and a number',
      { name: Buffer.from(NAME), idNumber: Buffer.from(ID_NUMBER) },
      { name: NAME },
    ),
    once('a task id in UTF-16', Buffer.from('\ufeff9', 'utf16le'), [], { taskID: '9' }),
    once('a task id', Buffer.from('1916812048797622272\n'), [], { taskID: '1916812048797622272' }),
  ],
  26: [
    sent('any type', `data:image/*;base64,${BASE64}`),
    sent('an object', `data:[object File];base64,${BASE64}`),
    sent('in a tag', `<img src="data:;base64,${BASE64}">`, 'wd'),
    sent('null', `data:null;base64,${BASE64}`, 'wd'),
    sent('no type, and no semicolon', `data:base64,${BASE64}`),
    stored('undefined, for a photo store', `data:undefined;base64,${BASE64}`),
  ],
  27: [
    sent('behind a prefix', `data:image/jpeg;base64,b'${BASE64}'`),
    sent('in hexadecimal', JPG.toString('hex')),
    sent('in hexadecimal with 0x', `0x${JPG.toString('hex').toUpperCase()}`, 'wd'),
    sent("Python's bytearray", `bytearray(b'${BASE64}')`),
    sent("NumPy's array", `array([${[...JPG].join(', ')}], dtype=uint8)`, 'wd'),
    stored('for a photo store', `b"${PNG.toString('base64')}"`),
  ],
  28: [
    stored('Qk1', longBmp(0x5a6a).toString('base64')),
    stored('a BMP without a length', longBmp(0).toString('base64')),
    face(
      'Qk3, for face-compare',
      { photo: longBmp(0xc6).toString('base64') },
      { image: longBmp(0xc6).toString('base64') },
    ),
  ],
  29: [
    create(
      'Qiniu, first',
      `https://p.example.com/r.jpg?e=${FUTURE}&token=AKexample:aaaa=`,
      { outcome: 'submitted', requests: 1 },
      'rcreate',
    ),
    create(
      'Qiniu, again',
      `https://p.example.com/r.jpg?e=${FUTURE + 9}&token=AKexample:bbbb=`,
      { outcome: 'submitted', requests: 0 },
      'rcreate',
    ),
    create(
      'another size of it',
      `https://p.example.com/r.jpg?w=2&e=${FUTURE}&token=AKexample:cccc=`,
      { outcome: 'submitted', requests: 1 },
      'rcreate',
    ),
  ],
  30: [
    secondOf('two of one minute', undefined, Array(2).fill('2026年11月29日 10:02'), 'inconclusive'),
    secondOf('the same code twice', 'OWN30', ['2026年11月29日 11:00', '2026年11月29日 12:00'], 'failed'),
  ],
  35: [
    numbered('both ends', `="${ID_NUMBER}"`),
    numbered('with doubled marks', `"=""${ID_NUMBER}"""`, 'wd'),
    numbered('an apostrophe within the marks', `"'${ID_NUMBER}"`),
  ],
  37: [
    {
      ...answered('a text with white space', compared(`\n ${JSON.stringify(ALIKE)}`), { outcome: 'passed' }),
    },
    {
      title: "xhey's task",
      node: 'once',
      message: { payload: '9' },
      answers: {
        'xhey.query': [
          { json: { code: 200, msg: '', data: JSON.stringify({ taskStatus: 5, list: [photo('u')] }) } },
        ],
      },
      wanted: { outcome: 'passed', photos: [['u', 'passed']] },
    },
    {
      title: "westdex's answer, written as JSON twice",
      node: 'wd',
      message: person({}),
      answers: {
        westdex: [
          { json: { code: '00000', message: '', data: { $encrypted: '"{\\"Code\\":0}"' }, id: 'W1' } },
        ],
      },
      wanted: { 'data.result': { Code: 0 } },
    },
  ],
  38: [
    face('without spaces', { name: 'J.R.SMITH' }, { name: 'J.R.SMITH' }),
    face('one at the end', { name: 'SMITH John Q.' }, { name: 'SMITH John Q.' }, 'wd'),
    face('a bullet between Latin letters', { name: 'J•SMITH' }, refused('name-characters')),
  ],
  39: [
    face('three, for westdex', { photo: filled(3) }, { image: filled(3).toString('base64') }, 'wd'),
    stored('hundreds, for a photo store', filled(700)),
  ],
};

/** A BMP whose length field says that it is so long; 0: as some programs leave it. */
function longBmp(length: number): Buffer {
  const bytes = Buffer.concat([BMP, Buffer.alloc(Math.max(0, length - BMP.length))]);
  bytes.writeUInt32LE(length, 2);
  return bytes;
}

/** A JPG with so many fill bytes before the marker of its size. */
function filled(count: number): Buffer {
  const at = JPG.indexOf(Buffer.from('ffc0', 'hex'));
  return Buffer.concat([JPG.subarray(0, at), Buffer.alloc(count, 0xff), JPG.subarray(at)]);
}

import assert from 'node:assert/strict';
import { conceal, harmlessId, maskIdNumber, maskName, maskText } from '../../src/input/mask';
import { knownIn, personsIn } from '../../src/input/persons';
import { stepsOf } from '../steps';

describe('input: whoever may be meant', () => {
  it('are the names and numbers in an object, not its parameters', () => {
    const sent = {
      who: '欧阳小明',
      list: [{ idcard: '110101199001011237' }, 'JOHN SMITH'],
      kind: 'liveness',
      path: '/v2/any',
      id: '1916812048797622272',
      photo: '照片'.repeat(100),
      code: '0000',
      number: 5,
    };
    assert.deepEqual(personsIn(sent, { other: '11010519491231002x' }), [
      { name: '欧阳小明', idNumber: '110101199001011237' },
      { name: 'JOHN SMITH', idNumber: '11010519491231002x' },
    ]);
  });

  it('are taken out of texts and ids, each of them', () => {
    const [person = null, ...others] = personsIn(['欧阳小明', '司马小红', '110101199001011237']);
    const known = { person, others, secrets: [] };
    assert.equal(
      conceal('欧阳小明 %E5%8F%B8%E9%A9%AC%E5%B0%8F%E7%BA%A2 110101199001011237', known),
      '欧*** 司*** 110101********1237',
    );
    assert.equal(harmlessId('id-司马小红', known), null);
    assert.equal(harmlessId('id-7', known), 'id-7');
  });
});

describe('input: what looks like an id number and is none', () => {
  const sent: [what: string, body: object][] = [
    ['an order number of 15 digits', { orderNo: '202511250000123' }],
    ['a case number with a wrong check digit', { caseNo: '330100202511250001' }],
    ['a number of 18 digits that no region has', { caseNo: '202511250000123456' }],
  ];
  for (const [what, body] of sent)
    it(`leaves dates in texts and in ids: ${what}`, () => {
      const known = knownIn([], body);
      const text = '时间2025-11-25 10:30';
      assert.equal(conceal(text, known), text);
      const [number = ''] = Object.values(body);
      assert.equal(conceal(`单号${number}`, known), `单号${number.slice(0, 6)}********${number.slice(-4)}`);
      for (const id of ['20251125103045123456', '20251125-7']) assert.equal(harmlessId(id, known), id);
      assert.equal(harmlessId(`x${number}`, known), null);
    });

  it('has its parts in an order number all the same where it is one, but not in a text', () => {
    const body = { who: ['11010519491231002x', '110101201801011235'] };
    for (const known of [
      knownIn([], body),
      { person: { name: '', idNumber: '110101201801011235' }, secrets: [] },
    ]) {
      assert.equal(conceal('生日2018-01-01', known), '生日…');
      assert.equal(harmlessId('2018010110304512', known), '2018010110304512');
    }
  });

  it('is known as a whole next to that of somebody from the same place', () => {
    const known = knownIn([], { who: ['110105197310165527', '110105196410106298'] });
    assert.equal(
      conceal('110105196410106298, 110105197310165527 1964-10-10', known),
      '110105********6298, 110105********5527 …',
    );
  });

  it('has no part that reaches into the number of somebody else', () => {
    const known = { person: { name: '', idNumber: '110105201504116327' }, secrets: [] };
    const other = '110105201005106167';
    assert.equal(conceal(`52015041/${other}`, known), '…110105********6167');
    assert.equal(conceal(`${other.slice(0, -1)}1 0105-2015`, known), '110105********6161…');
  });

  it('is one of 15 digits where its field is that of an id number', () => {
    const known = { person: { name: '张三', idNumber: '110105491231002' }, secrets: [] };
    assert.equal(conceal('11010549123有误', known), '…有误');
  });
});

describe('input: what keys made of a request', () => {
  const signature = 'q1w2E3r4+5t6Y7u8/9i0OPasdfg=';
  const known = {
    person: null,
    secrets: ['of the account'],
    sealed: [signature, '07yyIy1BMRECn0OYpMV8Cg=='],
  };
  const shown: [string, string, string][] = [
    ['as it is', `bad ${signature}`, 'bad …='],
    ['within a header', `{"signature":"${signature}"}`, '{"signature":"…="}'],
    ['percent-encoded, after Chinese words', `签名${encodeURIComponent(signature)}错误`, '签名…=错误'],
    ['in lines', `xM 07yyIy1B\nMRECn0OYpMV8Cg==`, 'xM …=='],
  ];
  for (const [how, text, concealed] of shown)
    it(`is left out ${how}, and of an id`, () => {
      assert.equal(conceal(text, known), concealed);
      assert.equal(harmlessId(text, known), null);
    });
  it('is another in the next request', () => {
    assert.equal(conceal('bad signature', { ...known, sealed: [] }), 'bad signature');
    assert.equal(conceal('bad signature', { ...known, sealed: ['badSignature='] }), '…');
  });
});

describe('input: masking', () => {
  const texts: [string, string, string][] = [
    ['nothing', '', ''],
    ['harmless words', '系统判断为同一人', '系统判断为同一人'],
    ['an id number', '身份证号110101199001011237格式错误', '身份证号110101********1237格式错误'],
    ['one that ends in x', 'idcard=11010519491231002x.', 'idcard=110105********002x.'],
    ['one of 15 digits', '110105491231002', '110105********1002'],
    ['two of them', '110101199001011237,53010219200508011X', '110101********1237,530102********011X'],
    ['a task id, which is none', 'task 1916812048797622272', 'task 1916812048797622272'],
    ['a time stamp, which is none', '20250728150159', '20250728150159'],
    ['a URL', 'see https://example.com/a.jpg?sign=1, please', 'see …, please'],
    ['a URL between Chinese words', '照片http://example.com/张三.jpg，无法下载', '照片…，无法下载'],
    ['a URL with something before it', '0https://example.com/a h ttps://example.com/a', '0… h ttps…'],
    ['a data URI', 'not data:image/png;base64,iVBORw0KGgo= here', 'not … here'],
    ['one in groups', '110101 19900101 1237', '110101********1237'],
    ['one in other groups', '110101 1990 0101 1237', '110101********1237'],
    ['one of 15 digits in groups', '110105 491231 002', '110105********1002'],
    ['one that is masked in part', '1101011990010112**', '110101********12**'],
    ['one that is masked already', '110101********1237', '110101********1237'],
    ['several lines', 'a\r\n[error] b\u2028c\u202ed', 'a [error] b c d'],
    ['half a character', 'a\ud842b', 'a b'],
    ['the head of a photo', 'image iVBORw0KGgoAAAA refused, /9j/4AAQ too', 'image … refused, … too'],
    ['lines of a photo', `${'iVBOR/0KGgo+'.repeat(6)}AAAA\r\n`.repeat(2).trim(), '… …'],
    ['a UUID', '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['a photo', `image ${'iVBORw0K/Ggo+'.repeat(20)}= refused`, 'image … refused'],
    ['an escaped photo', `image=${'iVBORw0K%2FGgo%2B'.repeat(20)}`, '…'],
  ];
  for (const [name, text, masked] of texts) it(name, () => assert.equal(maskText(text), masked));

  it('keeps a length that a person reads', () => {
    assert.equal(maskText('很长'.repeat(500)), `${'很长'.repeat(100)}…`);
  });

  it('cuts nothing off that was not masked before', () => {
    const text = `${'字'.repeat(190)}110101199001011237`;
    assert.ok(!maskText(text).includes('19900101'));
  });

  for (const [name, masked] of [
    ['张三', '张*'],
    ['欧阳锋', '欧**'],
    ['张', '*'],
    ['𠮷', '*'],
    ['𠮷田', '𠮷*'],
  ] as const) {
    it(`of the name ${name}`, () => assert.equal(maskName(name), masked));
  }

  it('of an id number', () => {
    assert.equal(maskIdNumber('110101199001011237'), '110101********1237');
    assert.equal(maskIdNumber('110105491231002'), '110105********1002');
  });
});

describe("what was sent, in a provider's words", () => {
  const ID_NUMBER = '11010519491231002X';
  const masked = '110105********002X';
  const escaped = (text: string) =>
    text
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
  const entities = (text: string) => [...text].map((unit) => `&#${unit.codePointAt(0)};`).join('');
  const wide = (text: string) =>
    [...text].map((unit) => String.fromCharCode(unit.charCodeAt(0) + 0xfee0)).join('');

  const rows: [string, string, string, string][] = [
    ['a name and a number', `张三 与 ${ID_NUMBER} 不一致`, '张三', `张* 与 ${masked} 不一致`],
    ['a small x', `${ID_NUMBER.toLowerCase()} 有误`, '张三', `${masked} 有误`],
    ['a number in groups', '110105 19491231 002x 有误', '张三', `${masked} 有误`],
    ['a wide number', `号码${wide(ID_NUMBER)}有误`, '张三', `号码${masked}有误`],
    ['a number behind letters', `idcard${ID_NUMBER}%20${ID_NUMBER}`, '张三', `idcard${masked}%20${masked}`],
    ['a number without its check character', '11010519491231002 有误', '张三', '… 有误'],
    ['the beginning of a number', '证件11010519491231有误', '张三', '证件…有误'],
    ['a date of birth', '生日 1949-12-31，不是 1950-12-31', '张三', '生日 …，不是 1950-12-31'],
    ['parts of a number, and the number', `19491231/${ID_NUMBER}/9491231002X`, '张三', `…/${masked}/…`],
    ['what is too short for a part of a number', '110105 1231002', '张三', '110105 1231002'],
    ['a name with spaces', '张 三 / 张\u3000三 / 张\u200b三', '张三', '张* / 张* / 张*'],
    ['a name with a dot, without it', '买买提艾山, 买买提•艾山', '买买提·艾山', '买*****, 买*****'],
    ['a name percent-encoded', 'name=%E5%BC%A0%E4%B8%89&x=%e5%bc%a0%e4%b8%89', '张三', 'name=张*&x=张*'],
    ['a name escaped', `${escaped('张三')} \\u5F20\\u4E09`, '张三', '张* 张*'],
    ['a name escaped twice', escaped('张三').replaceAll('\\', '\\\\'), '张三', '\\张*'],
    ['a name in HTML', entities('张三'), '张三', '张*'],
    [
      'a name outside the first plane',
      `𠮷田 ${escaped('𠮷田')} %F0%A0%AE%B7%E7%94%B0`,
      '𠮷田',
      '𠮷* 𠮷* 𠮷*',
    ],
    ['a name in Latin letters', 'ALIM and alim', 'Alim', 'A*** and A***'],
    ['a name of one character outside the first plane', '𠮷 不存在', '𠮷', '* 不存在'],
    ['a name within a sentence', '您好张三先生', '张三', '您好张*先生'],
    ['a Latin name that is part of a word', 'invalid, aLi, Lix', 'Li', 'invalid, aLi, Lix'],
    ['a Latin name that is a word', 'Li: invalid; 姓名li不存在', 'Li', 'L*: invalid; 姓名L*不存在'],
    ['a Latin name of two words', 'muhammad  ALI, MuhammadAli', 'Muhammad Ali', 'M***********, M***********'],
    ['a name with an apostrophe', "OBrien O'Brien O’Brien", "O'Brien", 'O****** O****** O******'],
    ['a name escaped for a URL twice', '%25E5%25BC%25A0%25E4%25B8%2589', '张三', '张*'],
    ['a name in wide letters', 'Ａｌｉｍ', 'Alim', 'A***'],
    ['a name in traditional characters', '張國強 與 張\u3000國強 不一致', '张国强', '张** 與 张** 不一致'],
    ['a traditional name in simplified ones', '姓名刘龙东有误', '劉龍東', '姓名劉**有误'],
    ['an older form', '黃靑峯', '黄青峰', '黄**'],
    ['a traditional name, escaped', '%E5%BC%B5%E4%B8%89 \\u5f35\u4e09', '张三', '张* 张*'],
    ['a name with a wide dot', '買買提．艾山 买买提 · 艾山', '买买提·艾山', '买***** 买*****'],
    ['one of its parts', '艾山 与 买买提 不一致', '买买提·艾山', '买***** 与 买***** 不一致'],
    ['its parts the other way round', '艾山·买买提', '买买提·艾山', '买*****·买*****'],
    ['a part of one character, which is in many words', '山西', '买买提·山', '山西'],
    ['a Latin name with a dot', 'The ALI is not there', 'ALI·SHAH', 'The ALI is not there'],
    ['a wide Latin name', '姓名Ａｌｉｍ\u3000Ａｂｄｕｌ不存在', 'Alim Abdul', '姓名A*********不存在'],
    ['a name of an old GBK system', '\ue863小明', '䶮小明', '䶮**'],
    ['a name that is eight signs apart', '张 ------ 三', '张三', '张*'],
    ['a name that is far apart', '张 ------- 三', '张三', '张 ------- 三'],
    ['an address', '照片见 https://example.com/a.jpg', '张三', '照片见 …'],
    ['a secret', 'the key a-secret/of+the test is wrong', '张三', 'the key … is wrong'],
    ['a secret percent-encoded', 'key=a-secret%2Fof%2Bthe%20test', '张三', 'key=…'],
    ['a secret in capitals', 'A-SECRET/OF+THE TEST', '张三', '…'],
    ['what is too short for a secret', '200 no', '张三', '200 no'],
  ];
  for (const [what, text, name, expected] of rows) {
    const known = { person: { name, idNumber: ID_NUMBER }, secrets: ['a-secret/of+the test', '200'] };
    it(what, () => assert.equal(conceal(text, known), expected));
  }

  const name = '欧阳小明';
  const secret = 'a-secret-of-the-test';
  const hex = (bytes: Buffer | string, before = '') =>
    Array.from(Buffer.from(bytes as Buffer), (byte) => before + byte.toString(16).padStart(2, '0')).join('');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const gbk = Buffer.from('c5b7d1f4d0a1c3f7', 'hex');
  const apart = (text: string, between: string) => [...text].join(between);
  const spellings: [string, string, string][] = [
    ['a number with brackets', '证 110105（1949)【1231】002X 有误', `证 ${masked} 有误`],
    ['a number with arrows', apart(ID_NUMBER, ' -> '), masked],
    ['a number as a JSON array', `证件${JSON.stringify([...ID_NUMBER])}`, `证件["${masked}"]`],
    ['a number as an array in JSON in lines', JSON.stringify([...ID_NUMBER], null, 2), `[   "${masked}" ]`],
    ['a name with four wide spaces', apart(name, '\u3000'.repeat(4)), '欧***'],
    ['a name with emoji', apart(name, '😀'), '欧***'],
    ['a name with line tags', `x${apart(name, '<br>')}`, 'x欧***'],
    ['a name in tags', [...name].map((letter) => `<span class="w">${letter}</span>`).join(''), ' 欧*** '],
    ['a name with escaped tags', apart(name, '&lt;br/&gt;'), '欧***'],
    ['a name in a tag', `<a title="${escaped(name)}">`, '<a title="欧***">'],
    ['a secret with spaces', 'a secret of the test', '…'],
    ['a number in base64', `id=${base64(ID_NUMBER)}`, 'id=…'],
    ['one with a small x in base64', `id=${base64(ID_NUMBER.toLowerCase())}`, 'id=…'],
    ['a name in base64', `${base64(name)} 有误`, '… 有误'],
    ['a name in base64 without padding', `xm:${base64(name).replace(/=+$/, '')}`, 'xm:…'],
    ['a secret in base64', base64(secret), '…'],
    ['a secret in base64 behind one character', base64(`:${secret}`), '…'],
    ['a secret in base64 between others', base64(`me:${secret},x`), '…'],
    ['a name in base64 in JSON', base64(JSON.stringify({ name })), '…'],
    ['a name in GBK and base64', gbk.toString('base64'), '…'],
    ['a name in GBK and base64 for a URL', gbk.toString('base64url'), '…'],
    ['a name in base64 in a URL', `x=${encodeURIComponent(base64(name))}`, 'x=…'],
    ['a name in UTF-16 and base64', Buffer.from(name, 'utf16le').toString('base64'), '…'],
    ['a name in hexadecimal', hex(name), '欧***'],
    ['a name in capital hexadecimal', hex(name, ' ').toUpperCase(), ' 欧***'],
    ['a name in GBK and hexadecimal', hex(gbk), '欧***'],
    ['a number in hexadecimal', hex(ID_NUMBER), masked],
    ['a secret in hexadecimal', hex(secret), '…'],
    ['a name as bytes of C', hex(name, ',0x'), ',欧***'],
    ['a name as a list of bytes', JSON.stringify([...Buffer.from(name)]), '[欧***]'],
    ['a name as Python shows its bytes', `b'${hex(name, '\\x')}'`, "b'欧***'"],
    ['a name as Python shows its bytes in GBK', `b'x${hex(gbk, '\\x')}'`, "b'x欧***'"],
    ['a name in octal', [...Buffer.from(name)].map((byte) => `\\${byte.toString(8)}`).join(''), '\\欧***'],
    ['a name in quoted-printable', hex(name, '='), '=欧***'],
    ['a name in GBK for a URL', 'xm=%C5%B7%D1%F4%D0%A1%C3%F7', 'xm=欧***'],
    ['a name in GBK for a URL twice', 'xm=%25C5%25B7%25D1%25F4%25D0%25A1%25C3%25F7', 'xm=欧***'],
    ['a name by the old escape()', 'xm=%u6b27%u9633%u5C0F%u660e', 'xm=欧***'],
    ['a name in Unicode', 'U+6B27 U+9633 U+5C0F U+660E', '欧***'],
    ['a name escaped for a URL three times', [1, 2, 3].reduce(encodeURIComponent as never, name), '欧***'],
    ['a name in two ways', `${name} %u6b27%u9633%u5c0f%u660e ${base64(name)}`, '欧*** 欧*** …'],
    ['what nobody knows', `${base64('another')} ${hex('another')}`, 'YW5vdGhlcg== 616e6f74686572'],
  ];
  for (const [what, text, expected] of spellings) {
    const known = { person: { name, idNumber: ID_NUMBER }, secrets: [secret] };
    it(what, () => assert.equal(conceal(text, known), expected));
  }

  it('a name of which GBK has a letter for a byte', () => {
    const known = { person: { name: '朱镕', idNumber: ID_NUMBER }, secrets: [] };
    assert.equal(conceal('xm=%D6%EC%E9F', known), 'xm=%朱*');
  });

  it('is not read to its end, and never shows the half of what was cut in two', () => {
    const known = { person: { name: '买买提·艾山', idNumber: ID_NUMBER }, secrets: ['a-secret/of+the test'] };
    const repeated = `买买提·艾山 ${ID_NUMBER} a-secret/of+the test `;
    // A photo in front of it takes one character of what is shown.
    for (let length = 200; length < 1_100; length++) {
      const concealed = conceal(`${'A'.repeat(length)} ${repeated.repeat(100)}`, known);
      assert.doesNotMatch(
        concealed.replaceAll('110105********002X', ''),
        /提|艾|山|1949|110105|secret|of\+/,
        concealed,
      );
    }
    const texts = ['1', ' ', '\\u0041', '%41', 'data:', '买', 'A', '&#65;', '买\u200b', '買', 'x'];
    for (const text of texts) {
      const stepsFor = (size: number) => stepsOf(() => conceal(text.repeat(size), known));
      assert.equal(stepsFor(400_000), stepsFor(10_000), text);
      assert.ok(conceal(text.repeat(10_000), known).length <= 201);
    }
  });

  it('is cut only after it was masked', () => {
    const text = `${'字'.repeat(195)}张三${ID_NUMBER}a-secret`;
    const concealed = conceal(text, { person: { name: '张三', idNumber: ID_NUMBER }, secrets: ['a-secret'] });
    assert.equal(concealed, `${'字'.repeat(195)}张*110…`);
  });

  it('leaves an id as it is, or leaves it out', () => {
    const known = { person: { name: '张三', idNumber: ID_NUMBER }, secrets: ['a-secret'] };
    for (const id of ['568753443590770688', 'c466-4e', ID_NUMBER.slice(0, -1), 7])
      assert.equal(harmlessId(id, known), String(id));
    assert.equal(harmlessId(' \u3000c466-4e\n', known), 'c466-4e');
    assert.equal(harmlessId(` ${ID_NUMBER} `, known), null);
    const harmful = [
      `x${ID_NUMBER}`,
      apart(ID_NUMBER, ':'),
      base64(ID_NUMBER),
      'x张三',
      'A-SECRET',
      'x'.repeat(201),
      // An address, which may be that of a photo with its signature.
      'https://oss.example.com/a.jpg',
      'oss.example.com/a.jpg?Signature=c2ln',
      'https%3A%2F%2Foss.example.com%2Fa.jpg',
      'a%253FSignature=c2ln',
      'order 7',
    ];
    for (const id of ['', null, {}, 1.5, 1e21, ...harmful]) assert.equal(harmlessId(id, known), null);
  });
});

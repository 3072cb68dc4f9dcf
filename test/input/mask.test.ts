import assert from 'node:assert/strict';
import { maskIdNumber, maskName, maskPerson, maskText } from '../../src/input/mask';

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
    ['a data URI', 'not data:image/png;base64,iVBORw0KGgo= here', 'not … here'],
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
    ['张', '张'],
    ['', ''],
    ['𠮷田', '𠮷*'],
  ] as const) {
    it(`of the name ${name}`, () => assert.equal(maskName(name), masked));
  }

  it('of an id number', () => {
    assert.equal(maskIdNumber('110101199001011237'), '110101********1237');
    assert.equal(maskIdNumber('110105491231002'), '110105********1002');
  });
});

describe("a person in a provider's words", () => {
  const rows: [string, string, string][] = [
    ['张三 与 11010519491231002X 不一致', '张三', '张* 与 110105********002X 不一致'],
    ['11010519491231002x 有误', '张三', '110105********002X 有误'],
    ['谭 不存在', '谭', '* 不存在'],
    ['照片见 https://example.com/a.jpg', '张三', '照片见 …'],
  ];
  for (const [text, name, masked] of rows) {
    it(`${masked}`, () => assert.equal(maskPerson(text, name, '11010519491231002X'), masked));
  }
});

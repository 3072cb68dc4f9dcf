import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, property } from 'fast-check';
import type { VerifyError } from '../../src/contract/errors';
import type { Environment } from '../../src/contract/result';
import { isAddress, readPhotoUrl } from '../../src/input/photo-url';
import { readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { jpg } from './pictures';
import { assertProblem } from './refusal';

const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg?x=1,2;3&y=中文';
const NOW = Date.parse('2026-11-30T00:00:00Z');

function read(value: unknown, environment: Environment | null = 'production') {
  const repaired = new Set<string>();
  const photos = atOnce(readPhotos(value, { field: 'photos', environment, now: NOW, store: null, repaired }));
  return [photos.map(({ photo }) => ('url' in photo ? photo.url : assert.fail())), [...repaired]];
}

describe('input: photo URL', () => {
  const given: [string, unknown, string[]][] = [
    ['one', A, [A]],
    ['a list', [A, B], [A, B]],
    ['one twice', [A, B, A], [A, B, A]],
    ['an object', { photoUrls: [A, B] }, [A, B]],
    ['an object with one', { photoUrls: A }, [A]],
    ['JSON of a list', JSON.stringify([A, B]), [A, B]],
    ['JSON of an object', ` ${JSON.stringify({ photoUrls: [A] })}\n`, [A]],
    ['JSON of one', JSON.stringify(A), [A]],
    ['JSON with brackets in it', JSON.stringify(`${A}?${'['.repeat(40)}`), [`${A}?${'['.repeat(40)}`]],
    ['capitals', 'HTTPS://P.EXAMPLE.COM/A.JPG', ['HTTPS://P.EXAMPLE.COM/A.JPG']],
    ['a public IPv4 address', 'http://203.0.113.7:8080/a', ['http://203.0.113.7:8080/a']],
    ['a public IPv6 address', 'http://[2400:3200::1]/a', ['http://[2400:3200::1]/a']],
    ['brackets of its own', 'https://p.example.com/a(1)', ['https://p.example.com/a(1)']],
    ['wide ones', 'https://p.example.com/照片（1）', ['https://p.example.com/照片（1）']],
    [
      'quotation marks of its own',
      "https://p.example.com/f('x')?y='z'",
      ["https://p.example.com/f('x')?y='z'"],
    ],
    ['a fragment', `${A}#top/1`, [`${A}#top/1`]],
    ['a fragment without a folder', 'https://p.example.com/a#top', ['https://p.example.com/a#top']],
    ["a page's route", 'https://p.example.com/#/a/b', ['https://p.example.com/#/a/b']],
    ['a Buffer that holds one', Buffer.from(A), [A]],
    ['a Buffer that holds JSON', Buffer.from(JSON.stringify([A, B])), [A, B]],
    [
      'what Feishu gives for a file',
      [{ file_token: 'x', tmp_download_url: A, url: 'https://open.feishu.cn/open-apis/x' }],
      [A],
    ],
    ['an address in an address', `https://i.example.com/w_1/${A}`, [`https://i.example.com/w_1/${A}`]],
  ];
  for (const [name, value, expected] of given)
    it(`takes ${name}`, () => assert.deepEqual(read(value), [expected, []]));

  const repairs: [string, unknown, string[]][] = [
    ['white space round it', ` ${A}\r\n`, [A]],
    ['a byte order mark', `\ufeff${A}`, [A]],
    ['the signs of a Chinese keyboard', 'ｈｔｔｐｓ：／／p。example．com/a.jpg', [A]],
    ['its scheme twice', `https://${A}`, [A]],
    ['all of it percent-encoded', encodeURIComponent(A), [A]],
    ['a line end that was escaped with it', `${A}%0D%0A`, [A]],
    ['quotation marks in its query', `${A}?x={"a":1}`, [`${A}?x={%22a%22:1}`]],
    ['a sign of less in its path', 'https://p.example.com/a<b.jpg', ['https://p.example.com/a%3Cb.jpg']],
    ['a zero-width space', `https://p.example.com/\u200ba.jpg`, [A]],
    ['two lines', `${A}\n${B}`, [A, B]],
    ['two with tabs and wide spaces', `${A}\t\u3000${B}`, [A, B]],
    ['an element with two', [A, `${A} ${B}`], [A, A, B]],
    ['in angle brackets', `<${A}>`, [A]],
    ['in quotation marks that are no JSON', `“${A}”`, [A]],
    ['in single ones', `'${A}'`, [A]],
    ['a stop behind it', `${A}。`, [A]],
    ['a bracket behind it', `${A})`, [A]],
    ['a wide bracket and a stop', `${A}）。`, [A]],
    ['a comma at the end', `${A},`, [A]],
    ['a wide comma at the end', `${A}，`, [A]],
    ['a quotation mark behind it', `${A}"`, [A]],
    ['the rest of a tag behind it', `${A}"/></p>`, [A]],
    ['the rest of an escaped tag', `${A}&quot;&gt;`, [A]],
    ['commas and spaces', `${A}, ${B}`, [A, B]],
    ['a dash between two', `${A} - ${B}`, [A, B]],
    ['slashes escaped for JSON', A.replaceAll('/', '\\/'), [A]],
    ['& escaped for HTML', `${A}?x=1&amp;y=2&#38;z=3`, [`${A}?x=1&y=2&z=3`]],
    ['& escaped twice', `${A}?x=1&amp;amp;y=2`, [`${A}?x=1&y=2`]],
    ['& and = escaped for JSON', `${A}?x\\u003d1\\u0026y=2`, [`${A}?x=1&y=2`]],
    [
      '% that begins no escape',
      'https://p.example.com/100%_a%20b%zz.jpg%',
      ['https://p.example.com/100%25_a%20b%25zz.jpg%25'],
    ],
    [
      '# in the name of a folder',
      'https://p.example.com/3#/1#楼/a.jpg?x=1',
      ['https://p.example.com/3%23/1%23楼/a.jpg?x=1'],
    ],
    ['# in the name of a photo', 'https://p.example.com/a/3#.JPG', ['https://p.example.com/a/3%23.JPG']],
  ];
  for (const [name, value, expected] of repairs)
    it(`repairs ${name}`, () => assert.deepEqual(read(value), [expected, ['photos']]));

  const refusals: [string, unknown, string][] = [
    ['nothing', undefined, 'no-photos'],
    ['null', null, 'no-photos'],
    ['an empty list', [], 'no-photos'],
    ['an object with none', { photoUrls: [] }, 'no-photos'],
    ['an empty text', '', 'not-a-url'],
    ['a hole', Object.assign([A, A], { length: 3 }), 'not-a-url'],
    ['a number', 5, 'not-a-url'],
    ['a Buffer of a photo', jpg(), 'photos-need-store'],
    ['a list in a list', [[A]], 'not-a-url'],
    ['another object', { urls: [A] }, 'not-a-url'],
    ['the name of a file', 'photo.jpg', 'not-a-url'],
    ['another scheme', 'ftp://p.example.com/a.jpg', 'not-a-url'],
    ['no host', 'https://', 'not-a-url'],
    ['no slashes', 'https:p.example.com/a.jpg', 'not-a-url'],
    ['three of them', 'https:///p.example.com/a.jpg', 'not-a-url'],
    ['backslashes', 'https:\\\\p.example.com\\a.jpg', 'not-a-url'],
    ['a blob of a page', 'blob:https://p.example.com/0f8fad5b', 'not-a-url'],
    ['a password', 'https://user:word@p.example.com/a.jpg', 'url-with-password'],
    ['a user name', 'https://user@p.example.com/a.jpg', 'url-with-password'],
    ['a line break inside', 'https://p.example.com/a\n.jpg', 'url-with-space'],
    ['a space inside', 'https://p.example.com/a b.jpg', 'url-with-space'],
    ['a control character inside', 'https://p.example.com/a\0b.jpg', 'text-control'],
    ['a damaged character', 'https://p.example.com/\ufffd.jpg', 'text-damaged'],
    ['commas', `${A},${B}`, 'urls-glued'],
    ['semicolons', `${A};${B}`, 'urls-glued'],
    ['wide commas', `${A}，${B}`, 'urls-glued'],
    ['wide semicolons', `${A}；${B}`, 'urls-glued'],
    ['bars', `${A}|${B}`, 'urls-glued'],
    ['nothing between them', `${A}${A}`, 'urls-glued'],
    ['a tag with another one', `<a href="${A}">${A}</a>`, 'url-with-space'],
    ['a quotation mark between two', `${A}"${B}`, 'urls-glued'],
    ['a stop between two', `${A}。${B}`, 'urls-glued'],
    ['a sentence that goes on', `${A}。请核验`, 'url-in-sentence'],
    ['a list of names', `${A}、b.jpg`, 'url-in-sentence'],
    ['a template', 'https://p.example.com/{{payload.name}}.jpg', 'url-template'],
    ['a template with spaces', 'https://p.example.com/{{ payload.name }}', 'url-template'],
    ['a template alone', '{{payload.url}}', 'url-template'],
    ['a template in a list', [A, '{{payload.url}}'], 'url-template'],
    ['a template of JavaScript', 'https://${host}/a.jpg', 'url-template'],
    ['a value that a program did not have', 'https://p.example.com/undefined', 'url-template'],
    ['one with an ending', 'https://p.example.com/null.jpg', 'url-template'],
    ['a sentence that goes on', `${A}请核验`, 'url-in-sentence'],
    ['a template, percent-encoded', 'https://p.example.com/%7B%7Bname%7D%7D.jpg', 'url-template'],
    ['JSON that is cut off', '["https://p.example.com/a.jpg', 'photos-not-json'],
    ['JSON that is nested deep', `${'['.repeat(17)}"${A}"${']'.repeat(17)}`, 'photos-not-json'],
    ['a very long one', `${A}?${'x'.repeat(20_000)}`, 'text-too-long'],
    ['1,001 in a list', Array(1001).fill(A), 'too-many-photos'],
    ['1,001 in a text', `${A}\n`.repeat(1001), 'too-many-photos'],
  ];
  for (const [name, value, problem] of refusals)
    it(`refuses ${name}: ${problem}`, () => assertProblem(() => read(value), problem));

  it('takes 1,000', () => assert.equal((read(Array(1000).fill(A))[0] as string[]).length, 1000));

  it('tells which one is wrong', () => {
    assert.throws(() => read([A, B, 'http://10.0.0.1/a']), {
      problem: 'url-unreachable',
      values: { position: 3 },
    });
    assert.throws(() => read(`${A}\n${B}\nhttps://me@p.example.com/`), { values: { position: 3 } });
  });

  const unreachable = `
    localhost localhost. a.localhost localhost.localdomain camera nvr.local nas.lan a.internal
    a.intranet a.corp a.home a.home.arpa a.private a.local. A.LOCAL 127.0.0.1 127.1 2130706433
    0x7f000001 0177.0.0.1 127.255.255.254 127.0.0.1. 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255
    192.168.1.10 0xC0A8010A 169.254.169.254 100.64.0.1 100.100.100.200 100.127.255.255 0.0.0.0 0
    198.18.0.1 224.0.0.1 255.255.255.255 photos.default.svc [::1] [::] [0:0:0:0:0:0:0:1] [fd00::1]
    [fc00::1] [fe80::1] [febf::1] [ff02::1] [::ffff:127.0.0.1] [::ffff:c0a8:10a] [::ffff:10.0.0.1]
    [::10.0.0.1] [64:ff9b::a00:1] [2002:c0a8:10a::1] [2002:a00:1::]
    b.oss-cn-beijing-internal.aliyuncs.com oss-cn-hangzhou-internal.aliyuncs.com
    b.s3.oss-cn-beijing-internal.aliyuncs.com b.oss-internal.aliyuncs.com
    b.vpc100-oss-cn-beijing.aliyuncs.com b-1250000000.cos-internal.ap-beijing.tencentcos.cn
    cos-internal.ap-beijing.tencentcos.cn b.tos-cn-beijing.ivolces.com
    b.ks3-cn-beijing-internal.ksyuncs.com b.obs.internal.example.com
    b.s3-internal.cn-north-1.jdcloud-oss.com www.internal-cn-gd-02.ufileos.com
    ks3-cn-beijing-internal.ksyuncs.com s3-internal.cn-north-1.jdcloud-oss.com`;
  for (const host of unreachable.trim().split(/\s+/))
    it(`refuses ${host}, but on the sandbox`, () => {
      const url = `http://${host}/a.jpg`;
      for (const environment of ['production', 'custom', null] as const)
        assertProblem(() => read(url, environment), 'url-unreachable');
      assert.deepEqual(read(url, 'sandbox'), [[url], []]);
    });

  const logins = [
    'https://open.feishu.cn/open-apis/drive/v1/medias/boxcn0123456789/download',
    'https://open.feishu.cn/open-apis/drive/v1/medias/batch_get_tmp_download_url?file_tokens=boxcn0123456789',
    'https://open.larksuite.com/open-apis/im/v1/images/img_0123456789',
    'https://team.feishu.cn/file/boxcn0123456789',
    'https://internal-api-drive-stream.feishu.cn/space/api/box/stream/download/all/boxcn0123456789',
    'https://alidocs.dingtalk.com/i/nodes/0123456789abcdef',
    'https://api.dingtalk.com/v1.0/robot/messageFiles/download',
    'https://api.weixin.qq.com/cgi-bin/media/get?access_token=0123456789&media_id=0123456789',
    'https://qyapi.weixin.qq.com/cgi-bin/media/get?access_token=0123456789&media_id=0123456789',
  ];
  for (const url of logins)
    it(`refuses ${new URL(url).host}${new URL(url).pathname}, but on the sandbox`, () => {
      assert.throws(
        () => read([A, url]),
        (error: VerifyError) => {
          const { position, service, call } = error.values;
          assert.deepEqual([error.problem, position], ['url-wants-login', 2]);
          assert.ok(service && /^(?:GET|POST) \//.test(String(call)));
          return true;
        },
      );
      assert.deepEqual(read(url, 'sandbox'), [[url], []]);
    });

  const withoutLogin = [
    'https://internal-api-drive-stream.feishu.cn/space/api/box/stream/download/authcode/?code=0123456789',
    'https://static.dingtalk.com/media/a.jpg',
    'https://mmbiz.qpic.cn/mmbiz_jpg/a/0?wx_fmt=jpeg',
    'https://open.feishu.cn.example.com/open-apis/a',
  ];
  for (const url of withoutLogin) it(`takes ${url}`, () => assert.deepEqual(read(url), [[url], []]));

  it("names Feishu's call for an address of a file", () => {
    assert.throws(() => read([{ name: 'a.jpg', tmp_url: logins[1], url: logins[0] }]), {
      values: {
        position: 1,
        service: '飞书 (Feishu, Lark)',
        call: 'GET /open-apis/drive/v1/medias/batch_get_tmp_download_url',
      },
    });
  });

  const reachable = `
    9.255.255.255 11.0.0.1 172.15.255.255 172.32.0.1 192.167.1.1 169.253.1.1 100.63.255.255 100.128.0.1
    126.255.255.255 128.0.0.1 198.17.0.1 [2400:3200::1] [::ffff:8.8.8.8] p.example.com local.example.com
    internal.example.com localhost.example.com b.oss-cn-beijing.aliyuncs.com
    acme-internal.oss-cn-beijing.aliyuncs.com b-1250000000.cos.ap-beijing.myqcloud.com
    international.example.com b.obs.cn-north-4.myhuaweicloud.com b.tos-cn-beijing.volces.com`;
  for (const host of reachable.trim().split(/\s+/))
    it(`takes ${host}`, () => assert.equal(read(`http://${host}/a.jpg`).length, 2));

  it('reads the one address of a photo', () => {
    const repaired = new Set<string>();
    const reading = { field: 'photo', environment: 'production', now: NOW, repaired } as const;
    assert.equal(readPhotoUrl(` ${A}\n`, reading), A);
    assert.deepEqual([...repaired], ['photo']);
    assertProblem(() => readPhotoUrl(`${A}\n${B}`, reading), 'text-control');
    assertProblem(() => readPhotoUrl(`${A} ${B}`, reading), 'url-with-space');
  });

  it('tells an address from a photo', () => {
    for (const text of [A, ` \ufeff${A}`, `"${A}"`, 'ftp://a', 'file:///a', 'blob:http://a', 'HTTP://'])
      assert.ok(isAddress(text), text);
    for (const text of [
      '',
      'data:image/png;base64,iVBO',
      '/9j/4AAQ',
      'iVBORw0KGgo',
      'base64://iVBO',
      'C:\\a.jpg',
      'image/png;base64,a',
      5,
      undefined,
    ])
      assert.ok(!isAddress(text), String(text));
  });

  it('an address that needs no repair is read as any other', () => {
    const pieces = [
      ...'https:// http:// HTTPS:// p.example.com a . 10.0.0.1 oss-internal :80 :99999 / // ? & = @ # - ~ + _'.split(
        ' ',
      ),
      ...'undefined null .jpg NaN &amp; %2F %20 %7B%7B % ； 中'.split(' '),
      ' ',
    ];
    const readOrRefuse = (value: string) => {
      try {
        return read(value)[0];
      } catch (error) {
        return (error as VerifyError).problem;
      }
    };
    check(
      property(array(constantFrom(...pieces), { minLength: 1, maxLength: 8 }), (chosen) => {
        const value = `https://p.example.com${chosen.join('')}`;
        // White space around an address has it read the long way.
        assert.deepEqual(readOrRefuse(value), readOrRefuse(` ${value}`));
        assert.deepEqual(readOrRefuse(chosen.join('')), readOrRefuse(` ${chosen.join('')}`));
      }),
      { numRuns: 2_000 },
    );
  });
});

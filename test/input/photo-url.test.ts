import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, property } from 'fast-check';
import type { VerifyError } from '../../src/contract/errors';
import type { Environment } from '../../src/contract/result';
import { isAddress, readPhotoUrl } from '../../src/input/photo-url';
import { readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { jpg } from './pictures';
import { assertProblem, itRefuses, shown } from './refusal';

const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg?x=1,2;3&y=中文';
const NOW = Date.parse('2026-11-30T00:00:00Z');

function read(value: unknown, environment: Environment | null = 'production') {
  const repaired = new Set<string>();
  const photos = atOnce(readPhotos(value, { field: 'photos', environment, now: NOW, store: null, repaired }));
  return [photos.map(({ photo }) => ('url' in photo ? photo.url : assert.fail())), [...repaired]];
}

describe('input: photo URL', () => {
  const dots = `${A}?${'['.repeat(40)}`;
  const feishu = { file_token: 'x', tmp_download_url: A, url: 'https://open.feishu.cn/open-apis/x' };
  const given: [urls: string[], values: unknown[]][] = [
    [
      [A],
      [
        A,
        [A],
        { photoUrls: A },
        JSON.stringify(A),
        ` ${JSON.stringify({ photoUrls: [A] })}\n`,
        Buffer.from(A),
      ],
    ],
    [
      [A, B],
      [[A, B], { photoUrls: [A, B] }, JSON.stringify([A, B]), Buffer.from(JSON.stringify([A, B]))],
    ],
    [[A, B, A], [[A, B, A]]],
    [[A], [[feishu]]],
    [[dots], [JSON.stringify(dots)]],
  ];
  for (const [urls, values] of given)
    for (const value of values) it(`takes ${shown(value)}`, () => assert.deepEqual(read(value), [urls, []]));

  const host = 'https://p.example.com';
  /** With brackets and quotation marks of its own, a fragment, a page's route, another address in it. */
  const whole = `
    HTTPS://P.EXAMPLE.COM/A.JPG http://203.0.113.7:8080/a http://[2400:3200::1]/a ${host}/a(1) ${host}/照片（1）
    ${host}/f('x')?y='z' ${A}#top/1 ${host}/a#top ${host}/#/a/b https://i.example.com/w_1/${A}`;
  for (const url of whole.trim().split(/\s+/))
    it(`leaves ${url} as it is`, () => assert.deepEqual(read(url), [[url], []]));

  const repairs: [urls: string[], values: unknown[]][] = [
    [
      [A],
      [` ${A}\r\n`, `\ufeff${A}`, `${host}/\u200ba.jpg`, `${A}%0D%0A`, encodeURIComponent(A), `https://${A}`],
    ],
    // A Chinese keyboard, angle brackets, quotation marks, the end of a sentence, the rest of a tag, JSON.
    [
      [A],
      [
        'ｈｔｔｐｓ：／／p。example．com/a.jpg',
        `<${A}>`,
        `“${A}”`,
        `'${A}'`,
        `${A}。`,
        `${A})`,
        `${A}）。`,
        `${A}】`,
        `${A}]`,
      ],
    ],
    [
      [A],
      [`${A},`, `${A}，`, `${A}"`, `${A}"/></p>`, `${A}&quot;&gt;`, `${A}&#39;>`, A.replaceAll('/', '\\/')],
    ],
    [
      [A, B],
      [`${A}\n${B}`, `${A}\t\u3000${B}`, `${A}, ${B}`, `${A} - ${B}`],
    ],
    [
      [A],
      [
        `${A}|`,
        `${A}*`,
        `**${A}**`,
        `| ${A} |`,
        `${A}」`,
        `${A}』`,
        `${A}》`,
        `${A}〉`,
        `${A}}`,
        `${A}</a>`,
        `${A}<br>`,
        `${A}<!--`,
        `${A}&lt;b`,
        `${A}%20`,
      ],
    ],
    [[A, A, B], [[A, `${A} ${B}`]]],
    [[`${A}?x={%22a%22:1}`], [`${A}?x={"a":1}`]],
    [[`${A}?x=%221%22`], [`${A}?x="1"`, `"${A}?x="1""`]],
    [[`${A}?x={%22a%22:%221%22,%22b%22:2}`], [`${A}?x={"a":"1","b":2}`]],
    // One address in a tag, an attribute or a property; line ends that were escaped for JSON twice.
    [
      [A],
      [`<img src="${A}">`, `<img alt='' src=${A} width=5>`, `<a href='${A}'>照片 1.jpg</a>`, `<p>${A}</p>`],
    ],
    [
      [A],
      [
        `<p><b> ${A} </b></p>`,
        `src="${A}"`,
        `"url":"${A}"`,
        `'url': '${A}'`,
        `"照片":"${A}",`,
        `<img data-src="${A}"/>\n`,
        `<source src='${A}'>`,
        `<img src=${A} />`,
        `<a target=_blank href=${A}>查看</a>`,
        `<span style="color:red">${A}</span>`,
        `<PhotoUrl>\n${A}\n</PhotoUrl>`,
      ],
    ],
    [[`${A}?x=1&y=2`], [`<img src="${A}?x=1&amp;y=2">`]],
    [
      [A],
      [
        `${A}\\n`,
        `${A}\\r\\n`,
        `${A}"\\n`,
        `${A}\\n"`,
        `${A}">照片</a>`,
        `${A}>照片</a>`,
        `${A}","name":"b.jpg"`,
      ],
    ],
    [[`${host}/a%3Cb.jpg`], [`${host}/a<b.jpg`]],
    [
      [`${A}?x=1&y=2&z=3`],
      [`${A}?x=1&amp;y=2&#38;z=3`, `${A}?x=1&amp;amp;y=2&z=3`, `${A}?x\\u003d1\\u0026y=2&z=3`],
    ],
    // % that begins no escape, # in the name of a folder and of a photo.
    [[`${host}/100%25_a%20b%25zz.jpg%25`], [`${host}/100%_a%20b%zz.jpg%`]],
    [[`${host}/3%23/1%23楼/a.jpg?x=1`], [`${host}/3#/1#楼/a.jpg?x=1`]],
    [[`${host}/a/3%23.JPG`], [`${host}/a/3#.JPG`]],
  ];
  for (const [urls, values] of repairs)
    for (const value of values)
      it(`repairs ${shown(value)}`, () => assert.deepEqual(read(value), [urls, ['photos']]));

  itRefuses(read, [
    ['no-photos', [undefined, null, [], { photoUrls: [] }]],
    ['not-a-url', ['', Object.assign([A, A], { length: 3 }), 5, [[A]], { urls: [A] }, 'photo.jpg']],
    [
      'not-a-url',
      ['ftp://p.example.com/a.jpg', 'https://', 'https:p.example.com/a.jpg', `https:///${A.slice(8)}`],
    ],
    ['not-a-url', ['https:\\\\p.example.com\\a.jpg', `blob:${host}/0f8fad5b`]],
    ['photos-need-store', [jpg()]],
    ['url-with-password', ['https://user:word@p.example.com/a.jpg', 'https://user@p.example.com/a.jpg']],
    [
      'url-in-sentence',
      [
        `${host}/a<b>.jpg`,
        `${host}/a>b.jpg`,
        `${host}/o'>x.jpg`,
        `${host}/1"/>.jpg`,
        `<img src="${A}?x=a&gt;b&sign=1">`,
        `${A}?x=a>b`,
        `${host}/a&lt;b&gt;.jpg`,
        `${host}/a</b>c.jpg`,
        `<p>${host}/a<b>.jpg</p>`,
        `${host}/a<br>b`,
      ],
    ],
    ['url-with-space', [`<img src="${host}/a b.jpg">`, `<p>${A} ${B}</p>`, `<img src="/a.jpg">照片 ${A}`]],
    ['url-with-space', [`${host}/a\n.jpg`, `${host}/a b.jpg`, `<a href="${A}">${A}</a>`]],
    // The address of a page or of a server's answer is not the photo's.
    [
      'not-a-url',
      [
        `<Error><Code>NoSuchKey</Code><RecommendDoc>${host}/troubleshoot?q=1</RecommendDoc></Error>`,
        `{"code":40001,"message":"token expired","doc":"${host}/doc/40001"}`,
        `"message":"${host}/doc/40001","code":5`,
        `<Error>${A}</Error>`,
        `<photo><url>${A}</url></photo>`,
        `xmlns="${A}"`,
        `<p>${A}</p>拒绝访问`,
      ],
    ],
    ['not-a-url', [[`{"doc":"${host}/doc/40001"}`], [`{"photo":"${A}"}`]]],
    [
      'url-with-space',
      [
        '<svg xmlns="http://www.w3.org/2000/svg">',
        '<html xmlns="http://www.w3.org/1999/xhtml"><body>403</body></html>',
        `<Error xmlns="${host}/doc/2006-03-01/"><Code>AccessDenied</Code></Error>`,
        `<html><body><a href="${host}">Tengine</a></body></html>`,
        `<html><script src="${host}/c.js"></script></html>`,
        `<script src="${host}/c.js"></script>`,
      ],
    ],
    [
      'url-with-space',
      [
        `<link href="${A}">`,
        `<iframe src="${A}"></iframe>`,
        `<a href="${host}/login">Found</a>.`,
        `<p><img src="${A}"></p>`,
        `<img src=${A}/>`,
        `<img src=${host}/a 1.jpg>`,
        `<img src="${A}"b.jpg">`,
        `照片：<img src="${A}"/>`,
        `"url" : "${A}","size":5`,
        `Error: "${A}"`,
        `Bearer realm="${A}"`,
      ],
    ],
    ['not-a-url', [`|${A}?sign=abc|`, `**${A}?sign=abc**`, `|${A}|照片|`, `*${host}/a*`]],
    ['text-control', [`${host}/a\0b.jpg`]],
    ['text-damaged', [`${host}/\ufffd.jpg`]],
    [
      'urls-glued',
      [`${A},${B}`, `${A};${B}`, `${A}，${B}`, `${A}；${B}`, `${A}|${B}`, `${A}${A}`, `${A}"${B}`],
    ],
    ['urls-glued', [`${A}。${B}`]],
    ['url-in-sentence', [`${A}。请核验`, `${A}、b.jpg`, `${A}请核验`]],
    ['url-template', [`${host}/{{payload.name}}.jpg`, `${host}/{{ payload.name }}`, '{{payload.url}}']],
    ['url-template', [[A, '{{payload.url}}'], 'https://${host}/a.jpg', `${host}/%7B%7Bname%7D%7D.jpg`]],
    [
      'url-template',
      [`${host}/undefined`, `${host}/null.jpg`, `${host}/?a=NaN&b`, `${host}/[object%20Object]`],
    ],
    [
      'url-template',
      [`${host}/None`, `${host}/a/None/?x`, `${host}/None.jpg`, `${host}/{photoId}.jpg`, `${host}/%7Bid%7D`],
    ],
    ['url-template', [`${host}/<id>`, `${host}/<filename>.jpg`, `${A}?x=<y>`]],
    ['url-template', [`${host}/%s.jpg`, `${host}/?f=%s`, `${host}/%d`]],
    ['not-a-url', ['https://p..example.com/a.jpg', 'https://.example.com/a.jpg', `${host}:0/a.jpg`]],
    ['not-a-url', [`https://${'a'.repeat(64)}.com/a.jpg`]],
    [
      'url-of-page',
      [
        'https://docs.qq.com/doc/a',
        'https://www.kdocs.cn/l/a',
        'https://www.yuque.com/a/b',
        'https://pan.baidu.com/s/1a',
      ],
    ],
    ['url-of-page', ['https://drive.google.com/file/d/a/view', 'https://a.sharepoint.com/:i:/s/b?e=c']],
    ['url-of-page', ['https://a.sharepoint.com/sites/b?p=/download.aspx']],
    ['photos-not-json', ['["https://p.example.com/a.jpg', `${'['.repeat(17)}"${A}"${']'.repeat(17)}`]],
    ['text-too-long', [`${A}?${'x'.repeat(20_000)}`, '\u200b'.repeat(20_000)]],
    ['too-many-photos', [Array(1001).fill(A), `${A}\n`.repeat(1001)]],
  ]);

  it('takes 1,000', () => assert.equal((read(Array(1000).fill(A))[0] as string[]).length, 1000));

  it('says which one is wrong', () => {
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
    'https://drive.google.com/uc?export=download&id=a',
    'https://a.sharepoint.com/:i:/s/b?e=c&download=1',
    'https://a.sharepoint.com/_layouts/15/download.aspx?UniqueId=b&tempauth=c',
    'https://a.sharepoint.com/sites/b/_layouts/15/Download.aspx?share=c',
    `${host}/uploads/None/2025/a.jpg`,
    `${A}?path=/None`,
    `${A}?x-expires=3600&x-signature=abcd`,
    'https://docimg1.docs.qq.com/image/a.jpg',
    'https://p.example.com/Nones/None-1.jpg?a=None',
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
      'ff:d8:ff:e0',
      'FF:D8:FF:E0',
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

/** Addresses that answer nobody without a login: docs/contract.md, "What an input may look like", Photo URL. */

/** Addresses of one service, and which of its calls gives another one that needs no login. */
export interface Login {
  host: RegExp;
  /** Of the path and the query. */
  path: RegExp;
  service: string;
  call: string;
}

const FEISHU = {
  service: '飞书 (Feishu, Lark)',
  call: 'GET /open-apis/drive/v1/medias/batch_get_tmp_download_url',
};
const DINGTALK = { service: '钉钉 (DingTalk)', call: 'POST /topapi/cspace/file/presignedurl/get' };
const WECHAT = { service: '微信 (WeChat)', call: 'POST /cgi-bin/media/uploadimg' };

/** By the manuals of open.feishu.cn, open.dingtalk.com, developers.weixin.qq.com and developer.work.weixin.qq.com. */
const LOGINS: readonly Login[] = [
  { ...FEISHU, host: /^open\.(?:feishu\.cn|larksuite\.com|larkoffice\.com)$/, path: /^\/open-apis\// },
  {
    ...FEISHU,
    // The pages of documents, and downloads but for those that the call gives.
    host: /\.(?:feishu\.cn|larksuite\.com|larkoffice\.com)$/,
    path: /^\/(?:base|docs|docx|drive|file|minutes|sheets|slides|wiki)\/|^\/space\/api\/box\/stream\/download\/(?!authcode)/,
  },
  { ...DINGTALK, host: /^(?:alidocs|docs|space|qr|api|oapi)\.dingtalk\.com$/, path: /^/ },
  // Whoever is given the token of such an address may do everything with the account.
  { ...WECHAT, host: /^(?:\w+\.)*(?:api\d?|qyapi)\.weixin\.qq\.com$/, path: /^\/(?:cgi-bin|wxa|tcb)\// },
];

/**
 * @param address of a photo
 * @returns which login it wants, or null where it is known to want none
 */
export function loginOf({ hostname, pathname, search }: URL): Login | null {
  return LOGINS.find(({ host, path }) => host.test(hostname) && path.test(pathname + search)) ?? null;
}

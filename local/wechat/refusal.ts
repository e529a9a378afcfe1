/** WeChat's refusals: errcodes with their texts (wechat-api.md part (a)). */

/** What follows the text: nothing of ours depends on it, and it differs by code on the wire (part (c)). */
type Tail = 'hint-rid' | 'empty-hint-rid' | 'rid'

const GET_STABLE = ', could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r'

const TEXTS: Record<number, string> = {
  [-1]: 'system error',
  40001: `invalid credential, access_token is invalid or not latest${GET_STABLE}`,
  40002: 'invalid grant_type',
  40004: 'invalid media type',
  40005: 'invalid file type',
  40006: 'invalid meida size',
  40007: 'invalid media_id',
  40009: 'invalid image size',
  40010: 'invalid voice size',
  40011: 'invalid video size',
  40012: 'invalid thumb size',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40066: 'invalid url',
  40097: 'invalid args',
  40113: 'unsupported file type',
  40114: 'invalid index value',
  40125: 'invalid appsecret',
  40164: 'invalid ip, not in whitelist',
  40243: 'AppSecret已被冻结，请登录MP解冻后再次调用',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41005: 'media data missing',
  41006: 'media_id missing',
  41039: 'invalid content_source_url',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  44001: 'empty media data',
  44002: 'empty post data',
  44003: 'empty news data',
  44004: 'empty content',
  45001: 'media size out of limit',
  45002: 'content size out of limit',
  45003: 'title size out of limit',
  45004: 'description size out of limit',
  45005: 'url size out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45034: 'media file count is out of limit',
  45103: 'This API has been unsupported',
  45106: 'This API has been unsupported',
  45110: 'author size out of limit',
  45166: 'invalid content',
  47001: 'data format error',
  48001: 'api unauthorized',
  48006: 'forbid to clear quota because of reaching the limit',
  49001: 'not same appid with appid of access_token',
  50002: 'user limited',
  53402: '封面裁剪失败,请检查裁剪参数后重试',
  76003: 'cgi_path is invalid',
  76021: 'cgi_path not found, please check',
  76022: 'could not use this cgi_path,no permission',
  88000: 'without comment privilege',
}

const TAILS: Record<number, Tail> = {
  40001: 'rid',
  40164: 'rid',
  41005: 'empty-hint-rid',
  42001: 'rid',
  45009: 'rid',
  45011: 'rid',
}

/** The text of an errcode, without its tail; "system error" for one that is not in the table. */
export const errmsgOf = (errcode: number): string => TEXTS[errcode] ?? 'system error'

/** Which tail an errcode carries. */
export const tailOf = (errcode: number): Tail => TAILS[errcode] ?? 'hint-rid'

/** Thrown wherever a call is refused: the caller gets `errcode` under HTTP 200. */
export class Refusal extends Error {
  readonly errcode: number
  /** The article at fault, shown as `-<index>` inside the hint. */
  readonly index: number | undefined

  constructor(errcode: number, options: { text?: string; index?: number | undefined } = {}) {
    super(options.text ?? errmsgOf(errcode))
    this.name = 'Refusal'
    this.errcode = errcode
    this.index = options.index
  }
}

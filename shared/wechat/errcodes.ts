/** The one classification of WeChat's errcodes: what to do, which error, which sentence (wechat-api.md part (a)). */
import type { ErrorCode } from '../core/errors.ts'
import type { Endpoint } from './endpoints.ts'

/**
 * `refresh-token`: repeat once with another token · `retry`: the same call later · `park`: not before `pause` is over ·
 * `reject`: never as it is · `gone`: the media does not exist · `misconfigured`: the operator must act ·
 * `unknown`: not in the table, an operator should look, no automatic retry.
 */
export type Action = 'refresh-token' | 'retry' | 'park' | 'reject' | 'gone' | 'misconfigured' | 'unknown'

/** How one errcode is treated; `pause` in seconds. */
export interface ErrcodeRule {
  action: Action
  code: ErrorCode
  /** One sentence for the caller. */
  remedy: string
  pause?: number | 'beijing-midnight'
  /** Of `misconfigured`: whether no call of the account can succeed, or only this one cannot, until the operator has acted. */
  stops?: 'account' | 'call'
}

/** A refusal with no longer pause than this passes by itself, often within a second. */
export const QUICK_PAUSE_SECONDS = 10
/** WeChat sometimes refuses a good token for so long (wechat-api.md §1.3, 6). */
const SPURIOUS_SECONDS = 30
/** 45011 counts by the minute. */
const MINUTE_PAUSE_SECONDS = 60
/** WeChat pushes a new component ticket every ten minutes. */
const TICKET_PAUSE_SECONDS = 600

const reject = (remedy: string, code: ErrorCode = 'WECHAT_REFUSED'): ErrcodeRule => ({ action: 'reject', code, remedy })
const operator = (remedy: string): ErrcodeRule => ({ action: 'misconfigured', code: 'ACCOUNT_MISCONFIGURED', remedy })
const stopped = (stops: 'account' | 'call', remedy: string): ErrcodeRule => ({ ...operator(remedy), stops })
const retry = (remedy: string, pause = QUICK_PAUSE_SECONDS): ErrcodeRule => ({
  action: 'retry',
  code: 'WECHAT_BUSY',
  remedy,
  pause,
})
const park = (pause: number | 'beijing-midnight', remedy: string): ErrcodeRule => ({
  action: 'park',
  code: 'WECHAT_QUOTA',
  remedy,
  pause,
})
const gone = (remedy: string): ErrcodeRule => ({ action: 'gone', code: 'MEDIA_NOT_FOUND', remedy })
const full = (remedy: string): ErrcodeRule => ({ action: 'misconfigured', code: 'LIBRARY_FULL', remedy })
const freshToken = (remedy: string): ErrcodeRule => ({
  action: 'refresh-token',
  code: 'ACCOUNT_MISCONFIGURED',
  remedy,
  pause: SPURIOUS_SECONDS,
})

/** The cloud platform made no call, or has no room for its answer: the account's own token opens it. */
const otherWay = (remedy: string): ErrcodeRule => ({ action: 'refresh-token', code: 'WECHAT_REFUSED', remedy })

const OTHER_HOLDER = 'a new access_token was refused too; does another system take tokens for this account?'
const OUR_BUG = 'the request was malformed; report request_id to the operator.'
const TOO_LARGE = 'the file is larger than WeChat takes for this type.'
const NOT_AN_IMAGE = 'the bytes are not an image WeChat can read.'
const IP_CONFIRMATION = 'an administrator of the account must confirm the calling address first'
const SHORTEN = 'is too long; shorten it.'
const AUTHORISE_AGAIN = 'the account must authorise the platform again.'
const THUMB = 'thumb_media_id must be a permanent image or thumb of this account; a new one needs some seconds.'

/** Every errcode of wechat-api.md part (a). */
export const ERRCODES: Readonly<Record<number, ErrcodeRule>> = {
  [-1]: retry('WeChat is busy; try again. If one file fails again and again, WeChat cannot take it.'),
  40001: freshToken(OTHER_HOLDER),
  40002: reject('an argument is not valid.'),
  40003: reject('the openid is not valid.'),
  40004: reject('the media type is not valid here.'),
  40005: reject('extension or bytes of the file do not fit the type.', 'FILE_TYPE_NOT_ALLOWED'),
  40006: reject('the file is too large or empty.', 'FILE_TOO_LARGE'),
  40007: gone('the media_id is unknown, expired, or of another account.'),
  40008: reject('the message type is not valid.'),
  40009: reject(TOO_LARGE, 'FILE_TOO_LARGE'),
  40010: reject(TOO_LARGE, 'FILE_TOO_LARGE'),
  40011: reject(TOO_LARGE, 'FILE_TOO_LARGE'),
  40012: reject(TOO_LARGE, 'FILE_TOO_LARGE'),
  40013: stopped('account', 'the app_id is not valid; correct the account.'),
  40014: freshToken(OTHER_HOLDER),
  40033: reject(OUR_BUG),
  40035: reject('an argument has a wrong size.'),
  40038: reject('the packaging type is not valid.'),
  40048: reject('the domain of a URL is not allowed.'),
  40059: reject('the message id is not valid.'),
  40060: reject('the article index is not valid.'),
  40066: reject('a URL is not valid.'),
  40091: operator('the component ticket is not valid.'),
  40097: reject('an argument is missing or not valid.'),
  40113: reject('the file name needs an extension that WeChat knows.', 'FILE_TYPE_NOT_ALLOWED'),
  40114: reject('there is no article with this index.'),
  40118: reject('the media_id is too long.'),
  40121: reject('the media type is not valid here.'),
  40125: stopped('account', 'the AppSecret is wrong; enter the current one.'),
  40128: reject('the media_id must come from permanent material.'),
  40137: reject('WeChat does not take this image format.', 'FILE_TYPE_NOT_ALLOWED'),
  40141: reject('an image URL is not valid.'),
  40155: reject('links to other home pages are not allowed.'),
  40160: reject(NOT_AN_IMAGE, 'FILE_CONTENT_MISMATCH'),
  40161: reject(NOT_AN_IMAGE, 'FILE_CONTENT_MISMATCH'),
  40164: stopped('account', 'add the calling address to the IP whitelist (IP白名单) of the account.'),
  40192: reject('the author is not valid.'),
  40229: reject('the video has no cover.'),
  40243: stopped('account', 'the AppSecret is frozen; unfreeze it in the WeChat console.'),
  41001: reject(OUR_BUG),
  41002: reject(OUR_BUG),
  41004: reject(OUR_BUG),
  41005: reject('no file arrived in the form; report request_id to the operator.'),
  41006: reject('the media_id is missing.'),
  41018: reject(OUR_BUG),
  41021: reject(OUR_BUG),
  41039: reject('content_source_url is not valid.'),
  42001: freshToken(OTHER_HOLDER),
  42006: retry('the platform’s own token has expired; try again.'),
  42007: stopped('account', AUTHORISE_AGAIN),
  43001: reject(OUR_BUG),
  43002: reject(OUR_BUG),
  43003: reject(OUR_BUG),
  44001: reject('the file is empty.', 'FILE_EMPTY'),
  44002: reject('the request body is empty.'),
  44003: reject('there is no article.'),
  44004: reject('the content is empty.'),
  45001: reject(TOO_LARGE, 'FILE_TOO_LARGE'),
  45002: reject(`content ${SHORTEN}`),
  45003: reject(`title ${SHORTEN}`),
  45004: reject(`digest ${SHORTEN}`),
  45005: reject(`a URL ${SHORTEN}`),
  45006: reject(`an image URL ${SHORTEN}`),
  45007: reject('the voice plays for more than 60 seconds.'),
  45008: reject('there are too many articles.'),
  45009: park('beijing-midnight', 'today’s quota of this call is used up; it is renewed at midnight in Beijing.'),
  45011: park(MINUTE_PAUSE_SECONDS, 'too many calls in this minute.'),
  45028: park('beijing-midnight', 'the quota for mass messages is used up.'),
  45034: full('the material library is full; delete material that is not needed.'),
  45035: operator('the calling address is not registered in the WeChat console.'),
  45040: park('beijing-midnight', 'this month’s quota of this call is used up.'),
  45060: reject('the media is used by a menu or an automatic answer and cannot be deleted.'),
  45061: retry('it was changed too often in a short time; try again later.', MINUTE_PAUSE_SECONDS),
  45062: reject('the content holds an agreement advertisement.'),
  45063: reject('WeChat does not allow this in a menu or mass message.'),
  45064: reject('a mini program in the menu or message is not allowed.'),
  45065: reject('this message was already sent.'),
  45066: retry('the same message was sent a moment ago; try again later.', MINUTE_PAUSE_SECONDS),
  45067: reject('the client message id is too long.'),
  45074: full('the list of material is too long; delete material that is not needed.'),
  45103: reject('WeChat retired this call; set the account’s `articles` to `draft`.'),
  45106: reject('WeChat retired this call; set the account’s `articles` to `draft`.'),
  45110: reject(`author ${SHORTEN}`),
  45157: reject('the tag name is not valid.'),
  45166: reject('the content holds markup or images that WeChat does not take.'),
  46001: gone('the media does not exist.'),
  47001: reject('WeChat could not read the body; report request_id to the operator.'),
  47003: reject('an argument is not valid.'),
  48001: stopped('call', 'the account has no permission for this call.'),
  48002: reject('the user refuses messages.'),
  48003: operator('the account has not agreed to the mass-message terms.'),
  48004: stopped('account', 'the account is banned for irregularities; see the WeChat console.'),
  48005: reject('the material is used by an automatic answer or a menu and cannot be deleted.'),
  48006: park('beijing-midnight', 'quotas were already cleared ten times this month.'),
  48008: operator('the account has no permission for this message type.'),
  48010: reject('this material cannot be modified.'),
  48021: reject('this automatically saved draft cannot be used.'),
  48022: reject('a video uploaded by this API cannot be mass-sent.'),
  49001: reject('the access_token belongs to another account.'),
  50001: operator('the account or its user is not authorised for this call.'),
  50002: stopped('account', 'the account is frozen or limited.'),
  50004: stopped('account', 'the account may not use access tokens.'),
  50007: stopped('account', 'the account is frozen.'),
  53402: reject('the cover could not be cropped; leave the crop fields out or choose another cover.'),
  53404: operator('the account is restricted.'),
  53405: operator('the product card in the article is not usable.'),
  53406: operator('the product card in the article is not usable.'),
  53500: operator('publishing is blocked for this account.'),
  53501: retry('published too often; try again in some minutes.', MINUTE_PAUSE_SECONDS),
  53502: reject('the publish id is not valid.'),
  53503: operator('the draft did not pass the publishing check; see the WeChat console.'),
  53504: operator('this draft must be used in the WeChat console.'),
  53505: operator('this draft must be saved by hand in the WeChat console first.'),
  53600: reject('the article id is not valid.'),
  61003: stopped('account', 'the account has not authorised the platform.'),
  61004: operator('the platform’s calling address is not registered.'),
  61005: retry('the component ticket has expired; WeChat pushes a new one soon.', TICKET_PAUSE_SECONDS),
  61006: retry('the component ticket is not valid; WeChat pushes a new one soon.', TICKET_PAUSE_SECONDS),
  61007: stopped('call', 'the account has not granted this permission to the platform.'),
  61009: stopped('account', AUTHORISE_AGAIN),
  61010: stopped('account', AUTHORISE_AGAIN),
  61011: reject(OUR_BUG),
  61014: reject(OUR_BUG),
  61015: reject(OUR_BUG),
  61023: stopped('account', AUTHORISE_AGAIN),
  61024: reject(OUR_BUG),
  61450: retry('WeChat has a fault; try again.'),
  61451: reject('an argument is not valid.'),
  63001: reject('an argument is empty.'),
  76001: reject('the rid is not valid.'),
  76002: reject('the rid is of another account.'),
  76003: reject('cgi_path is not valid.'),
  76004: reject('the rid is too old.'),
  76021: reject('there is no such cgi_path.'),
  76022: reject('cgi_path cannot be used here.'),
  88000: reject('the account has no comments; leave need_open_comment at 0.'),
  88001: reject('the message does not exist.'),
  89503: operator(`${IP_CONFIRMATION}.`),
  89506: operator(`${IP_CONFIRMATION}; it was refused for 24 hours.`),
  89507: operator(`${IP_CONFIRMATION}; it was refused for an hour.`),
  268487001: retry('WeChat is busy; try again.'),
  268487002: retry('WeChat is busy; try again.'),
  [-604001]: otherWay('the answer is too large for a cloud call.'),
  [-604100]: otherWay('the cloud call does not exist.'),
  [-604101]: operator(
    'the cloud function has no permission for this cloud call; list it in config.json and wait ten minutes.',
  ),
  [-604102]: retry('the cloud call timed out; try again.'),
  [-604103]: retry('the cloud call has a fault; try again.'),
  [-604104]: otherWay('the cloud call came from an illegal source.'),
}

/** Where an endpoint means something else by a code. */
const AT: Partial<Record<Endpoint, Readonly<Record<number, ErrcodeRule>>>> = {
  token: { 40001: operator('the AppSecret is wrong; enter the current one.') },
  stable_token: { 40001: operator('the AppSecret is wrong; enter the current one.') },
  'media/upload': { 40007: reject('WeChat did not take the file.') },
  'material/add_material': { 40007: reject('WeChat did not take the file.') },
  'material/add_news': { 40007: reject(THUMB) },
  'draft/add': { 40007: reject(THUMB) },
  'material/update_news': { 40007: gone(`the article does not exist; if it does, ${THUMB}`) },
  'draft/update': { 40007: gone(`the draft does not exist any more (published?); if it does, ${THUMB}`) },
  'draft/get': { 40007: gone('the draft does not exist; a published one has left the draft box.') },
  'draft/delete': { 40007: gone('the draft does not exist; a published one has left the draft box.') },
}

const UNKNOWN: ErrcodeRule = {
  action: 'unknown',
  code: 'WECHAT_REFUSED',
  remedy: 'this errcode is not known here; see wechat.errmsg.',
}

/** The rule for `errcode` at `endpoint`. */
export function classify(endpoint: Endpoint, errcode: number): ErrcodeRule {
  return AT[endpoint]?.[errcode] ?? ERRCODES[errcode] ?? UNKNOWN
}

/** Whether WeChat still has what an upload stored: others can delete it without our hearing of it. */
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { UploadData } from './uploadRow.ts'

const ASK_LATER: ReadonlySet<string> = new Set([
  'WECHAT_UNREACHABLE',
  'WECHAT_BUSY',
  'OUT_OF_TIME',
  'STORE_UNAVAILABLE',
  'SECRET_UNREADABLE',
  'ACCOUNT_MISCONFIGURED',
  // No word of WeChat's own about the media: an edge's error page, or an answer that breaks off.
  'WECHAT_BAD_ANSWER',
  'WECHAT_UNCLEAR',
])
/** The account may not fetch media: that will not change by waiting. */
const NOT_PERMITTED = 48001
/** Over within a minute, unlike the quota of a day. */
const MINUTE_RATE = 45011

/**
 * Whether it can be told later: WeChat is away, answers nothing readable or counts too many calls in this minute, the token
 * cannot be read, or the whole account is out of order, so that nothing could be sent either.
 */
export const tellsLater = ({ code, wechat }: AppError): boolean =>
  (ASK_LATER.has(code) && wechat?.errcode !== NOT_PERMITTED) || wechat?.errcode === MINUTE_RATE

/**
 * Begins to fetch the media and lets go at its first bytes. False by WeChat's own word only: that it is gone (40007), or
 * that this account will not be told (the day's quota, permission), for a second material is better than an id that leads
 * nowhere. Throws what {@link tellsLater} names, and the reason of a
 * caller that left.
 */
export async function isAtWeChat(
  { wechat, log }: PortsOf<'wechat'>,
  { app_id, permanent, media_id = '' }: UploadData,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const shelf = permanent ? wechat.material(app_id) : wechat.media(app_id)
    const found = await shelf.get(media_id, signal)
    if (found.kind === 'binary') found.body.destroy()
    return true
  } catch (error) {
    // What is no answer of WeChat, such as the end of the run, says nothing about the media.
    if (!(error instanceof AppError) || tellsLater(error)) throw error
    log.info('a stored media cannot be given out again', { app_id, media_id, error })
    return false
  }
}

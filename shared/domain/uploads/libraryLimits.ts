/** How much an account's library can hold. */
import type { Account } from '../../core/account.ts'
import { limitsFor } from '../../wechat/limits.ts'
import type { LibraryShelf } from './countsRow.ts'

/** The limits of the account's set, but where the account says its own. */
export function libraryLimits({ limits, library_limits: own = {} }: Account): Record<LibraryShelf, number> {
  const { imageAndNews, voice, video } = limitsFor(limits).library
  return {
    image_and_news: own.image_and_news ?? imageAndNews.max,
    voice: own.voice ?? voice.max,
    video: own.video ?? video.max,
  }
}

/** Videos, of which WeChat answers only where they are (wechat-api.md §2.2, §3.2). */
import { AppError } from '../core/errors.ts'
import type { BinaryMedia, VideoMedia } from '../ports/wechat.ts'
import { openFile } from './download.ts'
import type { Transport } from './transportPort.ts'

const MIB = 1024 * 1024
/** WeChat takes 10 MB; a little more for what it makes of a video. */
const MAX_VIDEO_BYTES = 12 * MIB
/** ms without progress */
const VIDEO_TIMEOUT_MS = 15_000
/** The address answers 404 in the first seconds after an upload. */
const NOT_YET_SECONDS = 10

/** What a judge makes of a video's answer. */
export type VideoFacts = Omit<VideoMedia, 'open'>

/** The video with its bytes within reach; `video` may be anything else that an answer can be. */
export function withBytes<T>(transport: Transport, video: T | VideoFacts): T | VideoMedia {
  return isVideo(video) ? { ...video, open: signal => openVideo(transport, video.url, signal) } : video
}

const isVideo = (value: unknown): value is VideoFacts =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'video'

async function openVideo(transport: Transport, url: string, signal: AbortSignal | undefined): Promise<BinaryMedia> {
  const answer = await transport.download({ url, maxBytes: MAX_VIDEO_BYTES, timeoutMs: VIDEO_TIMEOUT_MS, signal })
  const { status } = answer
  if (status === 404 || status >= 500) {
    answer.body.destroy()
    const cause = new Error(`HTTP ${status} at the video's address`)
    throw new AppError(
      'WECHAT_BUSY',
      'WeChat does not give the video out yet.',
      {},
      { cause, retryAfter: NOT_YET_SECONDS },
    )
  }
  const opened = await openFile(answer)
  if ('kind' in opened) return opened
  const cause = new Error(`HTTP ${status} without a file at the video's address`)
  throw new AppError('WECHAT_BAD_ANSWER', 'What WeChat gave as a video is no file.', {}, { cause })
}

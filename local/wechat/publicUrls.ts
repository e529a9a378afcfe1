/** The URLs that WeChat hands out for images and videos, and what they serve. */
import { type Answer, plainAnswer } from './answer.ts'
import type { Arrival } from './endpoint.ts'
import { contentTypeOf } from './fileFormats.ts'
import type { StoredFile } from './mutation.ts'
import type { AccountSettings } from './simulatedAccount.ts'
import type { Simulator } from './simulator.ts'

const MMBIZ_HOST = 'http://mmbiz.qpic.cn'
const IMAGE_PATH = /^\/mmbiz_[a-z]+\/([\w-]+)\/0$/
const VIDEO_PATH = /^\/video\/([\w-]+)\.mp4$/

/** An image's URL, such as `…/mmbiz_jpg/<key>/0?wx_fmt=jpeg`. */
export function imageUrl(simulator: Simulator, settings: AccountSettings, { format, urlKey }: StoredFile): string {
  const host = settings.mmbizUrls ? MMBIZ_HOST : simulator.baseUrl
  return `${host}/mmbiz_${format}/${urlKey}/0?wx_fmt=${format === 'jpg' ? 'jpeg' : format}`
}

/** A video's URL, always on the simulator itself so that it can be fetched. */
export const videoUrl = ({ baseUrl }: Simulator, { urlKey }: StoredFile): string => `${baseUrl}/video/${urlKey}.mp4`

/** The key in the URL of one of our images, under either host; `undefined` for any other URL. */
export function imageKey(simulator: Simulator, url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const hosts = [new URL(simulator.baseUrl).host, 'mmbiz.qpic.cn']
  const key = parsed && hosts.includes(parsed.host) ? IMAGE_PATH.exec(parsed.pathname)?.[1] : undefined
  return key !== undefined && simulator.state.publicFiles.has(key) ? key : undefined
}

/** The answer to a GET of such a URL; `undefined` for any other request. */
export function publicFileAnswer(simulator: Simulator, { method, path }: Arrival): Answer | undefined {
  if (method !== 'GET') return undefined
  const video = VIDEO_PATH.exec(path)?.[1]
  const key = video ?? IMAGE_PATH.exec(path)?.[1]
  if (key === undefined) return undefined
  const found = simulator.state.publicFiles.get(key)
  if (!found || (found.file.format === 'mp4') !== (video !== undefined)) return plainAnswer(404)
  const readyAfter = simulator.state.accounts.get(found.appId)?.settings.videoReadyAfterMs ?? 0
  if (video !== undefined && simulator.now() < found.createdAt + readyAfter) return plainAnswer(404)
  const body = simulator.bodies.read(found.file.sha256)
  const headers = { 'Content-Type': contentTypeOf(found.file.format), 'Content-Length': String(body.length) }
  return { status: 200, headers, body, errcode: 0 }
}

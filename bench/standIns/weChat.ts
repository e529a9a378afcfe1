/** Stands in for api.weixin.qq.com with as little work as possible: the simulator's checks would be part of every figure. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { chunksOf, listen, sampleFile, sendJson, sha256, type Tls } from './server.ts'

/** How it runs. */
export interface WeChatSettings {
  tls?: Tls
  /** bytes of the file that media/get answers */
  fileBytes: number
  /** ms before a JSON answer */
  latencyMs?: number
  /** entries of the library */
  libraryItems?: number
}

const PAGE = 20
const HEAD_END = Buffer.from('\r\n\r\n')

/** Starts it. */
export async function start({ tls, fileBytes, latencyMs = 0, libraryItems = 0 }: WeChatSettings) {
  const file = sampleFile(fileBytes)
  const posted: { type: string; chunks: Buffer[] }[] = []
  const counted = { fetches: 0, refused: 0, pages: 0 }
  const items = Array.from({ length: PAGE }, (_, index) => item(index))
  let token = 'token-1'

  const issue = (response: ServerResponse, isNew: boolean) => {
    counted.fetches++
    if (isNew) token = `token-${counted.fetches}-${'x'.repeat(120)}`
    sendJson(response, { access_token: token, expires_in: 7_200 })
  }

  const actions: Record<string, (request: IncomingMessage, response: ServerResponse, url: URL) => unknown> = {
    'material/add_material': async (request, response) => {
      if (request.headers['content-length'] === undefined) return sendJson(response, {}, 412)
      posted.push({ type: request.headers['content-type'] ?? '', chunks: await chunksOf(request) })
      sendJson(response, { media_id: `media-${posted.length}`, url: 'http://mmbiz.qpic.cn/x' })
    },
    'material/get_material': async (request, response) => {
      await chunksOf(request)
      actions['media/get']?.(request, response, new URL('http://localhost'))
    },
    'media/get': (_request, response) => {
      const disposition = 'attachment; filename="file.png"'
      const headers = { 'content-type': 'image/png', 'content-length': file.length, 'content-disposition': disposition }
      response.writeHead(200, headers).end(file)
    },
    'material/batchget_material': async (request, response) => {
      await chunksOf(request)
      counted.pages++
      await wait(latencyMs)
      sendJson(response, { total_count: libraryItems, item_count: PAGE, item: items })
    },
    'material/get_materialcount': async (_request, response, url) => {
      await wait(latencyMs)
      if (url.searchParams.get('access_token') !== token) {
        counted.refused++
        return sendJson(response, { errcode: 40001, errmsg: 'invalid credential, access_token is invalid' })
      }
      sendJson(response, { voice_count: 1, video_count: 1, image_count: 1, news_count: 0 })
    },
    stable_token: async (request, response) => {
      await chunksOf(request)
      await wait(latencyMs)
      issue(response, counted.fetches === 0 || token === '')
    },
    // The classic call: each answer is a new token, and the one before is refused from now on.
    token: async (_request, response) => {
      await wait(latencyMs)
      issue(response, true)
    },
  }

  const url = await listen(tls, async (request, response) => {
    const asked = new URL(request.url ?? '/', 'http://localhost')
    const action = actions[asked.pathname.replace('/cgi-bin/', '')]
    if (!action) return sendJson(response, { errcode: 47001, errmsg: 'unknown' }, 404)
    await action(request, response, asked)
  })

  return {
    /** Where it is and what file it gives. */
    facts: () => ({ url, sha256: sha256(file) }),
    /** SHA-256 of each file that was posted since the last question. */
    posted: () => posted.splice(0).map(({ type, chunks }) => sha256(filePart(type, Buffer.concat(chunks)))),
    /** Counts since the last question. */
    counted: () => {
      const seen = { ...counted }
      Object.assign(counted, { fetches: 0, refused: 0, pages: 0 })
      return seen
    },
    /** Every token given out so far is refused from now on. */
    endTokens: () => {
      token = ''
    },
  }
}

/** Its actions. */
export type WeChatActions = Awaited<ReturnType<typeof start>>

/** The bytes of the first part (RFC 2046 §5.1.1). */
function filePart(contentType: string, body: Buffer): Buffer {
  const boundary = /boundary=(.*)$/.exec(contentType)?.[1] ?? ''
  const start = body.indexOf(HEAD_END) + HEAD_END.length
  return body.subarray(start, body.indexOf(`\r\n--${boundary}`, start))
}

const item = (index: number) => ({
  media_id: `${'m'.repeat(40)}${index}`,
  name: `海边的图片 ${index}.png`,
  update_time: 1_700_000_000 + index,
  url: `https://mmbiz.qpic.cn/mmbiz_png/${'u'.repeat(80)}/0?wx_fmt=png`,
})

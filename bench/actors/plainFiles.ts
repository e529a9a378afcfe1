/** The limit: plain node:https, one stream piped into the next, nothing checked, nothing signed. */
import { createReadStream } from 'node:fs'
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import type { FileTask } from './ourFiles.ts'

/** Where the file comes from and goes to. */
export interface PlainSettings {
  storeUrl: string
  weChatUrl: string
}

/** As many as the mirror has under way at once. */
const LANES = 20
const READ_BYTES = 256 * 1_024
const HEAD = Buffer.from(
  '--bench\r\nContent-Disposition: form-data; name="media"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n',
)
const TAIL = Buffer.from('\r\n--bench--\r\n')

/** Its actions. */
export type PlainFileActions = ReturnType<typeof start>

/** Makes the agents. */
export function start({ storeUrl, weChatUrl }: PlainSettings) {
  const agents = { 'http:': new PlainAgent({ keepAlive: true }), 'https:': new TlsAgent({ keepAlive: true }) }
  const open = (url: string, options: RequestOptions) => {
    const tls = url.startsWith('https:')
    return (tls ? tlsRequest : plainRequest)(url, { ...options, agent: agents[tls ? 'https:' : 'http:'] })
  }

  const get = async (url: string): Promise<IncomingMessage> => {
    const answer = Promise.withResolvers<IncomingMessage>()
    open(url, {}).once('response', answer.resolve).once('error', answer.reject).end()
    return answer.promise
  }

  const post = async (source: NodeJS.ReadableStream, size: number): Promise<void> => {
    const url = `${weChatUrl}/cgi-bin/material/add_material?access_token=token-1&type=image`
    const headers = {
      'content-type': 'multipart/form-data; boundary=bench',
      'content-length': HEAD.length + size + TAIL.length,
    }
    const answer = Promise.withResolvers<IncomingMessage>()
    const outgoing = open(url, { method: 'POST', headers })
      .once('response', answer.resolve)
      .once('error', answer.reject)
    outgoing.write(HEAD)
    await pipeline(source, outgoing, { end: false })
    outgoing.end(TAIL)
    await ended(await answer.promise)
  }

  const mirror = async (size: number): Promise<void> => {
    const source = await get(`${weChatUrl}/cgi-bin/media/get?access_token=token-1&media_id=x`)
    const answer = Promise.withResolvers<IncomingMessage>()
    const headers = { 'content-type': 'image/png', 'content-length': size }
    const outgoing = open(`${storeUrl}/bucket/store/x.png`, { method: 'PUT', headers })
      .once('response', answer.resolve)
      .once('error', answer.reject)
    await pipeline(source, outgoing)
    await ended(await answer.promise)
  }

  const times = (files: number, one: () => Promise<void>) =>
    Promise.all(Array.from({ length: files }, one)).then(() => undefined)
  return {
    relay: ({ size, files }: FileTask) =>
      times(files, async () => post(await get(`${storeUrl}/bucket/in/x.png`), size)),
    upload: ({ size, files, path = '' }: FileTask) =>
      times(files, () => post(createReadStream(path, { highWaterMark: READ_BYTES }), size)),
    mirror: ({ size, files }: FileTask) => times(files, () => mirror(size)),
    mirrorMany: ({ size, files }: FileTask) => {
      let left = files
      return times(LANES, async () => {
        while (left-- > 0) await mirror(size)
      })
    },
  }
}

async function ended(answer: IncomingMessage): Promise<void> {
  answer.resume()
  await new Promise((resolve, reject) => answer.once('end', resolve).once('error', reject))
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
}

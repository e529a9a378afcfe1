/** Video addresses as an attacker would choose them. "Public" is what a test says, for there is only loopback here. */
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import type { VideoMedia } from '../../../shared/ports/wechat.ts'
import { weChatClient } from '../../../shared/wechat/client.ts'
import type { Lookup } from '../../../shared/wechat/guardedAgent.ts'
import { type SafeDownloadOptions, safeDownloader } from '../../../shared/wechat/safeDownload.ts'
import { undiciTransport } from '../../../shared/wechat/transport.ts'
import { fileBytes, sha256 } from '../../support/files.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'
import { APP_ID, everythingIn, fakeTokens, noQuotas, rejection } from './fakes.ts'
import { httpAnswer, type Respond, type WireServer, wireServer } from './wireServer.ts'

const MAX_BYTES = 100_000
const HOST = 'mpvideo.qpic.cn'
const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

async function serverOf(respond: Respond): Promise<WireServer & { port: string }> {
  const server = await wireServer(respond)
  opened.push(server)
  return { ...server, port: new URL(server.url).port }
}

const file = (bytes = fileBytes('mp4', 5_000)): Buffer => httpAnswer(bytes, ['Content-Type: video/mp4'])
const redirect = (location: string, status = 302): Buffer => httpAnswer('', [`Location: ${location}`], status)
const always =
  (answer: Buffer): Respond =>
  socket =>
    void socket.write(answer)

/** A resolver that answers one address after the other, and counts. */
function resolver(...answers: string[][]): Lookup & { asked: string[] } {
  const asked: string[] = []
  const lookup: Lookup = (hostname, _options, callback) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(hostname)
    callback(
      null,
      answer.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return Object.assign(lookup, { asked })
}

const LOOPBACK_IS_PUBLIC = { isPublic: (address: string) => address === '127.0.0.1' }

function download(url: string, options: Partial<SafeDownloadOptions> = {}, signal?: AbortSignal) {
  const downloader = safeDownloader({ trustedOrigin: 'https://api.weixin.qq.com', ...options })
  opened.push(downloader)
  return downloader.download({ url, maxBytes: MAX_BYTES, timeoutMs: 5_000, signal })
}

describe('a file is fetched', () => {
  it('byte for byte, without credentials, cookies or referrer, unencoded', async () => {
    const { port, requests } = await serverOf(always(file()))
    const lookup = resolver(['127.0.0.1'])
    const answer = await download(`http://${HOST}:${port}/v.mp4?k=1&n=%E7%89%87`, { lookup, ...LOOPBACK_IS_PUBLIC })
    expect(sha256(await buffer(answer.body))).toBe(sha256(fileBytes('mp4', 5_000)))
    expect(lookup.asked).toEqual([HOST])
    expect(requests[0]?.head).toMatch(/^GET \/v\.mp4\?k=1&n=%E7%89%87 HTTP\/1\.1\r\n/)
    const names = requests[0]?.head.match(/^[\w-]+(?=:)/gm)?.map(name => name.toLowerCase())
    expect(names?.sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host'])
    expect(requests[0]?.head).toMatch(/^accept-encoding: identity$/im)
  })

  it('from the origin of WECHAT_API_BASE_URL whatever its address', async () => {
    const { url } = await serverOf(always(file()))
    const answer = await download(`${url}/video/1.mp4`, { trustedOrigin: url })
    expect((await buffer(answer.body)).length).toBe(5_000)
  })

  it('over two redirects, each checked', async () => {
    const { port } = await serverOf((socket, { head }) => {
      const hop = /^GET \/(\d)/.exec(head)?.[1]
      socket.write(hop === '2' ? file() : redirect(hop === '0' ? '/1' : `http://v.qq.com:${port}/2`))
    })
    const lookup = resolver(['127.0.0.1'])
    const answer = await download(`http://${HOST}:${port}/0`, { lookup, ...LOOPBACK_IS_PUBLIC })
    expect((await buffer(answer.body)).length).toBe(5_000)
    expect(lookup.asked).toEqual([HOST, HOST, 'v.qq.com'])
  })
})

describe('an address is refused before anything connects', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/',
    'https://[::1]:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://0x7f.1:PORT/',
    'https://2130706433:PORT/',
    'https://127.1:PORT/',
    'https://127.0.0.1.:PORT/',
    'https://169.254.169.254/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'https://[fd00:ec2::254]/',
    'https://user:password@mpvideo.qpic.cn:PORT/',
    'http://example.com:PORT/',
    'http://evilqq.com:PORT/',
    'http://qpic.cn.example.com:PORT/',
    'ftp://mpvideo.qpic.cn/',
    'file:///etc/passwd',
    'data:video/mp4;base64,AAAA',
    'video.mp4',
    '',
  ])('%s', async address => {
    const { port, connections } = await serverOf(always(file()))
    const lookup = resolver(['127.0.0.1'])
    const error = await rejection(download(address.replace('PORT', port), { lookup }))
    expect(error).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(connections()).toBe(0)
    expect(lookup.asked).toEqual([])
  })

  it.each([
    ['loopback', ['127.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['mapped loopback', ['::ffff:127.0.0.1']],
    ['a private one beside a public one', ['1.1.1.1', '10.0.0.1']],
    ['nothing', []],
  ])('because its name stands for %s', async (_what, answer) => {
    const { port, connections } = await serverOf(always(file()))
    const error = await rejection(download(`http://${HOST}:${port}/`, { lookup: resolver(answer) }))
    expect(error).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(connections()).toBe(0)
  })

  it('because the name of this machine stands for loopback', async () => {
    const { port, connections } = await serverOf(always(file()))
    expect(await rejection(download(`https://localhost:${port}/`))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(connections()).toBe(0)
  })
})

describe('a name that changes its address', () => {
  it('is connected to at the address that was checked: one question, one connection', async () => {
    const { port, connections } = await serverOf(always(file()))
    const lookup = resolver(['127.0.0.1'], ['127.0.0.2'])
    const answer = await download(`http://${HOST}:${port}/`, { lookup, ...LOOPBACK_IS_PUBLIC })
    expect((await buffer(answer.body)).length).toBe(5_000)
    expect(lookup.asked).toHaveLength(1)
    expect(connections()).toBe(1)
  })

  it('is refused at the next hop', async () => {
    const { port, requests } = await serverOf(always(redirect('/again')))
    const lookup = resolver(['127.0.0.1'], ['10.0.0.1'])
    const error = await rejection(download(`http://${HOST}:${port}/`, { lookup, ...LOOPBACK_IS_PUBLIC }))
    expect(error).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(requests).toHaveLength(1)
  })
})

describe('a redirect', () => {
  it.each([
    ['to loopback', 'https://127.0.0.1:PORT/'],
    ['to metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['to http elsewhere', 'http://example.com/'],
    ['to a file', 'file:///etc/passwd'],
    ['to WeChat’s API, where only we may begin', 'http://127.0.0.1:PORT/cgi-bin/token'],
  ])('%s is refused', async (_what, location) => {
    const victim = await serverOf(always(file()))
    const { port } = await serverOf(always(redirect(location.replace('PORT', victim.port))))
    const options = {
      lookup: resolver(['127.0.0.1']),
      isPublic: LOOPBACK_IS_PUBLIC.isPublic,
      trustedOrigin: victim.url,
    }
    const literal = location.startsWith('https://127.')
    const checked = literal ? { ...options, isPublic: refusingLiterals() } : options
    expect(await rejection(download(`http://${HOST}:${port}/`, checked))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(victim.connections()).toBe(0)
  })

  it('from the trusted origin may lead to it again', async () => {
    const { url, requests } = await serverOf((socket, { head }) => {
      socket.write(/^GET \/2/.test(head) ? file() : redirect('/2'))
    })
    const answer = await download(`${url}/1`, { trustedOrigin: url })
    expect((await buffer(answer.body)).length).toBe(5_000)
    expect(requests).toHaveLength(2)
  })

  it('for the third time is refused', async () => {
    const { port, requests } = await serverOf(always(redirect('/again')))
    const options = { lookup: resolver(['127.0.0.1']), ...LOOPBACK_IS_PUBLIC }
    expect(await rejection(download(`http://${HOST}:${port}/`, options))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(requests).toHaveLength(3)
  })
})

describe('a body', () => {
  const options = { lookup: resolver(['127.0.0.1']), ...LOOPBACK_IS_PUBLIC }

  it('that says it is too large is not read', async () => {
    const { port } = await serverOf(always(file(fileBytes('mp4', MAX_BYTES + 1))))
    expect(await rejection(download(`http://${HOST}:${port}/`, options))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
  })

  it('that becomes too large without saying so is cut off', async () => {
    const { port } = await serverOf(socket => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
      socket.end(fileBytes('mp4', MAX_BYTES + 1))
    })
    const { body } = await download(`http://${HOST}:${port}/`, options)
    expect(await rejection(buffer(body))).toMatchObject({ code: 'WECHAT_BAD_ANSWER', details: { limit: MAX_BYTES } })
  })

  it('of exactly the limit is whole', async () => {
    const { port } = await serverOf(always(file(fileBytes('mp4', MAX_BYTES))))
    const { body } = await download(`http://${HOST}:${port}/`, options)
    expect((await buffer(body)).length).toBe(MAX_BYTES)
  })

  it('that is compressed is refused', async () => {
    const { port } = await serverOf(always(httpAnswer('x', ['Content-Encoding: gzip'])))
    expect(await rejection(download(`http://${HOST}:${port}/`, options))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
  })

  it('that nobody wants frees its connection', async () => {
    const server = await serverOf(socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n')
    })
    const { body } = await download(`http://${HOST}:${server.port}/`, options)
    body.destroy()
    await server.quiet()
  })
})

describe('a failure', () => {
  it('to connect is 503 and names no address', async () => {
    const server = await serverOf(socket => socket.destroy())
    const options = { lookup: resolver(['127.0.0.1']), ...LOOPBACK_IS_PUBLIC }
    const error = await rejection(download(`http://${HOST}:${server.port}/v?auth=canary`, options))
    expect(error).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
    expect(everythingIn(error)).not.toContain('canary')
  })

  it('of the signal is out of time', async () => {
    const stop = new AbortController()
    const { port } = await serverOf(() => stop.abort())
    const options = { lookup: resolver(['127.0.0.1']), ...LOOPBACK_IS_PUBLIC }
    const error = await rejection(download(`http://${HOST}:${port}/`, options, stop.signal))
    expect(error).toMatchObject({ code: 'OUT_OF_TIME' })
  })
})

describe('a video that WeChat says lies inside', () => {
  it.each(['http://169.254.169.254/latest/meta-data/', 'https://localhost/', 'https://[::1]/'])(
    '%s is not fetched',
    async address => {
      const { url, requests } = await serverOf(always(httpAnswer(JSON.stringify({ title: '题', down_url: address }))))
      const transport = undiciTransport({ baseUrl: url })
      opened.push(transport)
      const ports = { transport, tokens: fakeTokens(), quotas: noQuotas, clock: virtualClock(), random: seededRandom() }
      const video = await weChatClient(ports).material(APP_ID).get('M')
      expect(video.kind).toBe('video')
      expect(await rejection(openVideo(video))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
      expect(requests).toHaveLength(1)
    },
  )
})

const openVideo = async (video: VideoMedia | { kind: 'binary' | 'news' }): Promise<unknown> =>
  video.kind === 'video' ? video.open() : undefined

/** Names may lead to loopback, written addresses may not. */
function refusingLiterals(): (address: string) => boolean {
  let asked = 0
  return () => ++asked === 1
}

/** Uploads over a real socket: the exact bytes, and what each way of failing means. */
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/core/errors.ts'
import type { MediaFile } from '../../../shared/ports/wechat.ts'
import { weChatClient } from '../../../shared/wechat/client.ts'
import { undiciTransport } from '../../../shared/wechat/transport.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'
import {
  APP_ID,
  everythingIn,
  fakeFile,
  fakeTokens,
  jpegBytes,
  NOW,
  noQuotas,
  rejection,
  sha256,
  TOKEN,
} from './fakes.ts'
import { httpAnswer, type Respond, wireServer } from './wireServer.ts'

const STORED = '{"media_id":"M-1","url":"http:\\/\\/mmbiz.qpic.cn\\/a\\/0?wx_fmt=jpeg","item":[]}'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A client whose WeChat is a bare socket. */
async function clientOf(respond: Respond, baseUrl?: string) {
  const server = await wireServer(respond)
  const transport = undiciTransport({ baseUrl: baseUrl ?? server.url })
  closing.push(
    () => transport.close(),
    () => server.close(),
  )
  const tokens = fakeTokens()
  const client = weChatClient({
    transport,
    tokens,
    quotas: noQuotas,
    clock: virtualClock(NOW),
    random: seededRandom(7),
  })
  const add = (file: MediaFile, signal?: AbortSignal) => client.material(APP_ID).add('image', file, undefined, signal)
  return { server, tokens, client, add }
}

const afterBody =
  (answer: string | Buffer): Respond =>
  async (socket, request) => {
    await request.body()
    socket.write(Buffer.isBuffer(answer) ? answer : httpAnswer(answer))
  }

/** The parts of a multipart body, cut by its boundary. */
function partsOf(body: Buffer, head: string) {
  const boundary = /boundary=(\S+)/.exec(head)?.[1] ?? ''
  const text = body.toString('latin1')
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map(part => {
      const split = part.indexOf('\r\n\r\n')
      return { head: part.slice(2, split), content: Buffer.from(part.slice(split + 4, -2), 'latin1') }
    })
}

describe('the upload on the wire', () => {
  it('carries a token under the name that its credential kind gives it, and asks for one by endpoint and size', async () => {
    const { server, tokens, add } = await clientOf(afterBody(STORED))
    const asked: unknown[] = []
    tokens.current = async (_appId, _signal, call) => {
      asked.push(call)
      return { value: TOKEN, parameter: 'cloudbase_access_token', generation: 1, expiresAt: NOW + 1_000 }
    }
    await add(fakeFile(jpegBytes(10)))
    expect(server.requests[0]?.head).toContain(`add_material?cloudbase_access_token=${TOKEN}&type=image`)
    expect(asked).toEqual([{ endpoint: 'material/add_material', bytes: server.requests[0]?.body.length }])
  })

  it('carries a Chinese file name as raw UTF-8 and the bytes unchanged, with their exact length and never chunked', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    const bytes = jpegBytes(700_001)
    const stored = await add(fakeFile(bytes, { filename: '猫的图片.jpg', sha256: sha256(bytes) }))
    expect(stored).toEqual({ media_id: 'M-1', url: 'http://mmbiz.qpic.cn/a/0?wx_fmt=jpeg' })
    const [request] = server.requests
    if (!request) throw new Error('no request')
    expect(request.head).toMatch(
      /^POST \/cgi-bin\/material\/add_material\?access_token=75_canary-token-0&type=image HTTP/,
    )
    expect(request.head).toMatch(/^content-type: multipart\/form-data; boundary=[-\w]+$/im)
    expect(request.head).toMatch(new RegExp(`^content-length: ${request.body.length}$`, 'im'))
    expect(request.head).not.toMatch(/transfer-encoding/i)
    const [part, ...others] = partsOf(request.body, request.head)
    expect(others).toEqual([])
    expect(Buffer.from(part?.head ?? '', 'latin1').toString('utf8')).toBe(
      'Content-Disposition: form-data; name="media"; filename="猫的图片.jpg"\r\nContent-Type: image/jpeg',
    )
    expect(sha256(part?.content ?? Buffer.alloc(0))).toBe(sha256(bytes))
    expect(request.body.toString('latin1')).toMatch(/\r\n--[-\w]+--\r\n$/)
  })

  it('replaces what would break out of the quoted file name', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    await add(
      fakeFile(jpegBytes(10), { filename: 'a"b\\c\r\nX-Evil: 1\u0000猫.jpg', contentType: 'image/jpeg\r\nX: y' }),
    )
    const [request] = server.requests
    const [part] = partsOf(request?.body ?? Buffer.alloc(0), request?.head ?? '')
    expect(Buffer.from(part?.head ?? '', 'latin1').toString('utf8')).toBe(
      'Content-Disposition: form-data; name="media"; filename="a_b_c__X-Evil: 1_猫.jpg"\r\nContent-Type: application/octet-stream',
    )
  })

  it('sends a video’s description as raw UTF-8 JSON', async () => {
    const { server, client } = await clientOf(afterBody('{"media_id":"V-1","url":""}'))
    const file = fakeFile(Buffer.from('0000001866747970', 'hex'), { filename: '片.mp4', contentType: 'video/mp4' })
    const description = { title: '标题"😀', introduction: '简介\n<b>' }
    expect(await client.material(APP_ID).add('video', file, description)).toEqual({ media_id: 'V-1', url: '' })
    const [request] = server.requests
    const [, part] = partsOf(request?.body ?? Buffer.alloc(0), request?.head ?? '')
    expect(part?.head).toBe(
      'Content-Disposition: form-data; name="description"\r\nContent-Type: text/plain; charset=utf-8',
    )
    expect(part?.content.toString('utf8')).toBe('{"title":"标题\\"😀","introduction":"简介\\n<b>"}')
    expect(request?.head).toMatch(new RegExp(`^content-length: ${request?.body.length}$`, 'im'))
  })

  it('reuses its connections', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    for (let count = 0; count < 6; count++) await add(fakeFile(jpegBytes(100)))
    expect(server.requests).toHaveLength(6)
    // undici may open a second one while the first is being released.
    expect(server.connections()).toBeLessThanOrEqual(2)
  })
})

describe('a token that WeChat refuses', () => {
  it('is replaced once and the call repeated with the file opened again', async () => {
    const { server, tokens, add } = await clientOf(async (socket, request, count) => {
      await request.body()
      socket.write(httpAnswer(count === 1 ? '{"errcode":42001,"errmsg":"access_token expired rid: 1"}' : STORED))
    })
    const bytes = jpegBytes(300_000)
    const file = fakeFile(bytes)
    await add(file)
    expect(tokens.replaced.map(token => token.value)).toEqual([TOKEN])
    expect(file.opened).toHaveLength(2)
    expect(server.requests.map(request => /access_token=([^& ]+)/.exec(request.head)?.[1])).toEqual([
      TOKEN,
      '75_canary-token-1',
    ])
    const sent = server.requests.map(request => partsOf(request.body, request.head)[0]?.content ?? Buffer.alloc(0))
    expect(sent.map(sha256)).toEqual([sha256(bytes), sha256(bytes)])
  })

  it('is thrown when the second one is refused too', async () => {
    const { server, tokens, add } = await clientOf(afterBody('{"errmsg":"not latest","errcode":40001}'))
    const error = await rejection(add(fakeFile(jpegBytes(10))))
    expect(error).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED', wechat: { errcode: 40001 } })
    expect([server.requests.length, tokens.replaced.length]).toEqual([2, 1])
  })

  it('is not replaced for any other refusal', async () => {
    const { server, tokens, add } = await clientOf(afterBody('{"errcode":-1,"errmsg":"system error"}'))
    expect(await rejection(add(fakeFile(jpegBytes(10))))).toMatchObject({
      code: 'WECHAT_BUSY',
      wechat: { errcode: -1 },
    })
    expect([server.requests.length, tokens.replaced.length]).toEqual([1, 0])
  })
})

describe('an upload whose outcome is definite', () => {
  it('answers WECHAT_UNREACHABLE when the connection is refused', async () => {
    const { server, client } = await clientOf(() => undefined)
    await server.close()
    const file = fakeFile(jpegBytes(10))
    const error = await rejection(client.material(APP_ID).add('image', file, undefined))
    expect(error).toMatchObject({ code: 'WECHAT_UNREACHABLE', retryAfter: 10 })
    expect(file.opened.every(stream => stream.destroyed)).toBe(true)
  })

  it('answers WECHAT_UNREACHABLE when the TLS handshake fails', async () => {
    const plain = await wireServer(() => undefined, { accept: socket => socket.destroy() })
    closing.push(() => plain.close())
    const { add } = await clientOf(() => undefined, plain.url.replace('http:', 'https:'))
    expect(await rejection(add(fakeFile(jpegBytes(10))))).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
  })

  it('uses a new connection when the idle one closes while the file is being opened', async () => {
    const { server, add } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(httpAnswer(STORED))
    })
    await add(fakeFile(jpegBytes(10)))
    const file = fakeFile(jpegBytes(10))
    const open = async () => {
      await server.hangUp()
      return file.open()
    }
    await add({ ...file, open })
    expect([server.requests.length, server.connections()]).toEqual([2, 2])
  })

  it('never lets WeChat have the end of a file with another hash', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    const bytes = jpegBytes(8_000_000)
    const error = await rejection(add(fakeFile(bytes, { sha256: sha256(Buffer.from('other')) })))
    expect(error).toMatchObject({ code: 'FILE_CONTENT_MISMATCH' })
    await server.quiet()
    const [request] = server.requests
    const announced = Number(/^content-length: (\d+)$/im.exec(request?.head ?? '')?.[1])
    expect(request?.body.length).toBeLessThan(announced)
  })

  it.each([
    ['shorter', 200_001],
    ['longer', 199_999],
  ])('refuses a file that is %s than declared', async (_how, size) => {
    const { add } = await clientOf(afterBody(STORED))
    expect(await rejection(add(fakeFile(jpegBytes(200_000), { size })))).toMatchObject({
      code: 'FILE_CONTENT_MISMATCH',
    })
  })

  it('passes the store’s own error on when the file cannot be opened', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    const open = async () => {
      throw new AppError('OBJECT_CHANGED', 'changed')
    }
    expect(await rejection(add(fakeFile(jpegBytes(10), { open })))).toMatchObject({ code: 'OBJECT_CHANGED' })
    expect(server.requests).toEqual([])
  })

  it('answers STORE_UNAVAILABLE when the file breaks off', async () => {
    const { add } = await clientOf(afterBody(STORED))
    const open = async () =>
      Readable.from(
        (async function* () {
          yield jpegBytes(5)
          throw new Error('ECONNRESET from the store')
        })(),
      )
    expect(await rejection(add(fakeFile(jpegBytes(10), { open })))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('answers OUT_OF_TIME when it was stopped before it was sent', async () => {
    const { server, add } = await clientOf(afterBody(STORED))
    expect(await rejection(add(fakeFile(jpegBytes(10)), AbortSignal.abort()))).toMatchObject({ code: 'OUT_OF_TIME' })
    expect(server.requests).toEqual([])
  })

  it.each([411, 412])('answers WECHAT_REFUSED to HTTP %i, which comes before anything is stored', async status => {
    const { add } = await clientOf(afterBody(httpAnswer('', ['Content-Type: text/html'], status)))
    expect(await rejection(add(fakeFile(jpegBytes(10))))).toMatchObject({ code: 'WECHAT_REFUSED' })
  })
})

describe('an upload whose outcome is unclear', () => {
  it.each<[string, Respond]>([
    [
      'the connection is reset after the body',
      (socket, request) => request.body().then(() => socket.resetAndDestroy()),
    ],
    ['the connection is closed without an answer', (socket, request) => request.body().then(() => socket.end())],
    ['an HTML page comes', afterBody(httpAnswer('<html>维护中</html>', ['Content-Type: text/html']))],
    ['an empty answer comes', afterBody('')],
    ['the JSON is cut off', afterBody('{"media_id":"M-1","ur')],
    ['no media_id and no errcode comes', afterBody('{"url":"http://x/0"}')],
    ['errcode is no number', afterBody('{"errcode":"oops","media_id":"M"}')],
    ['success comes under a 502', afterBody(httpAnswer(STORED, ['Content-Type: application/json'], 502))],
    ['a 502 comes', afterBody(httpAnswer('<html>Bad Gateway</html>', ['Content-Type: text/html'], 502))],
    [
      'the answer is shorter than its Content-Length',
      async (socket, request) => {
        await request.body()
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"media_id":"M-1"}')
      },
    ],
    ['the answer is larger than 2 MiB', afterBody(`{"media_id":"M-1","x":"${'y'.repeat(2 * 1024 * 1024)}"}`)],
  ])('answers WECHAT_UNCLEAR when %s', async (_when, respond) => {
    const { server, tokens, add } = await clientOf(respond)
    const error = await rejection(add(fakeFile(jpegBytes(70_000))))
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'WECHAT_UNCLEAR', wechat: undefined, details: {} })
    expect(everythingIn(error)).not.toContain(TOKEN)
    expect([server.requests.length, tokens.replaced.length]).toEqual([1, 0])
  })

  it('answers WECHAT_UNCLEAR when it is stopped while it waits for the answer, and closes the file', async () => {
    const stop = new AbortController()
    const { add } = await clientOf(async (_socket, request) => {
      await request.body()
      stop.abort()
    })
    const file = fakeFile(jpegBytes(10))
    expect(await rejection(add(file, stop.signal))).toMatchObject({ code: 'WECHAT_UNCLEAR' })
    expect(file.opened[0]?.destroyed).toBe(true)
  })

  it('closes the file when the answer comes before its end', async () => {
    const { add } = await clientOf(socket => socket.write(httpAnswer('{"errcode":45009,"errmsg":"quota"}')))
    let source: Readable | undefined
    const open = async () => {
      source = new Readable({ read: () => undefined })
      source.push(jpegBytes(1_000))
      return source
    }
    expect(await rejection(add(fakeFile(jpegBytes(2_000), { open })))).toMatchObject({ code: 'WECHAT_QUOTA' })
    await expect.poll(() => source?.destroyed).toBe(true)
  })

  it('closes the file when the connection breaks in the middle of it', async () => {
    const { add } = await clientOf(socket => socket.resetAndDestroy())
    const file = fakeFile(jpegBytes(8_000_000))
    expect(await rejection(add(file))).toMatchObject({ code: 'WECHAT_UNCLEAR' })
    expect(file.opened[0]?.destroyed).toBe(true)
  })
})

describe('a definite answer in an odd form', () => {
  it.each([
    ['as text/plain', httpAnswer(STORED, ['Content-Type: text/plain'])],
    ['with encoding= in the content type', httpAnswer(STORED, ['Content-Type: application/json; encoding=utf-8'])],
    [
      'with errcode 0',
      httpAnswer('{"errcode":0,"errmsg":"ok","media_id":"M-1","url":"http://mmbiz.qpic.cn/a/0?wx_fmt=jpeg"}'),
    ],
  ])('is understood %s', async (_how, answer) => {
    const { add } = await clientOf(afterBody(answer))
    expect(await add(fakeFile(jpegBytes(10)))).toEqual({ media_id: 'M-1', url: 'http://mmbiz.qpic.cn/a/0?wx_fmt=jpeg' })
  })

  it('is a refusal when errcode says so, also under HTTP 500 and text/html', async () => {
    const refused =
      '{"errmsg":"media file count is out of limit hint: [x] rid: 60dee549-5a2d6284-2af53adb","errcode":45034}'
    const { add } = await clientOf(afterBody(httpAnswer(refused, ['Content-Type: text/html'], 500)))
    expect(await rejection(add(fakeFile(jpegBytes(10))))).toMatchObject({
      code: 'LIBRARY_FULL',
      wechat: { errcode: 45034, rid: '60dee549-5a2d6284-2af53adb' },
    })
  })

  it('keeps a token that WeChat echoes out of the error', async () => {
    const { add } = await clientOf(afterBody(`{"errcode":40113,"errmsg":"bad token ${TOKEN} access_token=${TOKEN}"}`))
    const error = await rejection(add(fakeFile(jpegBytes(10))))
    expect(error).toMatchObject({ code: 'FILE_TYPE_NOT_ALLOWED' })
    expect(everythingIn(error)).not.toContain(TOKEN)
  })
})

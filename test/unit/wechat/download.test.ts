/** Downloads over a real socket: which answers are files, and that a file is whole or an error. */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/core/errors.ts'
import { openFile } from '../../../shared/wechat/download.ts'
import { APP_ID, everythingIn, jpegBytes, rejection, sha256, TOKEN } from './fakes.ts'
import { wireClient } from './wireClient.ts'
import { httpAnswer, type Respond } from './wireServer.ts'

const ATTACHMENT = 'Content-disposition: attachment; filename="MEDIA_ID.jpg"'
async function clientOf(respond: Respond) {
  const { server, tokens, client } = await wireClient(respond)
  return { server, tokens, media: client.media(APP_ID), material: client.material(APP_ID) }
}

const always =
  (answer: Buffer): Respond =>
  async (socket, request) => {
    await request.body()
    socket.write(answer)
  }

/** The body of an answer that must be a file. */
function bodyOf(answer: object): Readable {
  if (!('body' in answer)) throw new Error(`no file: ${JSON.stringify(answer)}`)
  return answer.body as Readable
}

describe('a file', () => {
  it('keeps its bytes, type, size and name', async () => {
    const bytes = jpegBytes(1_500_000)
    const { server, media } = await clientOf(always(httpAnswer(bytes, ['Content-Type: image/jpeg', ATTACHMENT])))
    const got = await media.get('M 1+/')
    expect(got).toMatchObject({ kind: 'binary', contentType: 'image/jpeg', size: 1_500_000, filename: 'MEDIA_ID.jpg' })
    expect(sha256(await buffer(bodyOf(got)))).toBe(sha256(bytes))
    expect(server.requests[0]?.head).toMatch(
      /^GET \/cgi-bin\/media\/get\?access_token=75_canary-token-0&media_id=M\+1%2B%2F /,
    )
  })

  it.each([
    ['JPEG', 'ffd8ffe0'],
    ['PNG', '89504e470d0a1a0a'],
    ['GIF', '474946383961'],
    ['BMP', '424d3600'],
    ['AMR', '2321414d520a'],
    ['SILK', '0223215349'],
    ['MP3 with ID3', '49443303'],
    ['MP3 without ID3', 'fffb906400'],
    ['WAV', '52494646'],
    ['MP4', '0000001866747970'],
    ['WMA', '3026b275'],
  ])('is recognised by the bytes of %s also under text/plain without a disposition', async (_format, start) => {
    const bytes = Buffer.concat([Buffer.from(start, 'hex'), Buffer.from([0x80, 0xff])])
    const { media } = await clientOf(always(httpAnswer(bytes, ['Content-Type: text/plain'])))
    expect(sha256(await buffer(bodyOf(await media.get('M'))))).toBe(sha256(bytes))
  })

  it('may come from get_material with a Chinese name in raw UTF-8', async () => {
    const bytes = jpegBytes(70_000)
    const header = 'Content-disposition: attachment; filename="猫的图片.jpg"'
    const { server, material } = await clientOf(always(httpAnswer(bytes, [header])))
    const got = await material.get('M')
    expect(got).toMatchObject({ kind: 'binary', filename: '猫的图片.jpg' })
    expect(sha256(await buffer(bodyOf(got)))).toBe(sha256(bytes))
    expect(server.requests[0]?.body.toString()).toBe('{"media_id":"M"}')
  })

  it('of no known format is believed to be an attachment when the header says so', async () => {
    const { media } = await clientOf(always(httpAnswer('raw speex', ['Content-Type: text/plain', ATTACHMENT])))
    expect(String(await buffer(bodyOf(await media.get('M'))))).toBe('raw speex')
  })

  it('is none although the header says so when the bytes are JSON: an error, or a video’s address', async () => {
    const refusal = await clientOf(always(httpAnswer('{"errcode":40007,"errmsg":"invalid media_id"}', [ATTACHMENT])))
    expect(await rejection(refusal.media.get('M'))).toMatchObject({
      code: 'MEDIA_NOT_FOUND',
      wechat: { errcode: 40007 },
    })
    const video = await clientOf(always(httpAnswer('{"video_url":"http://127.0.0.1:1/v.mp4"}', [ATTACHMENT])))
    expect(await video.media.get('M')).toMatchObject({ kind: 'video', url: 'http://127.0.0.1:1/v.mp4' })
  })

  it('takes the extended file name when there is one', async () => {
    const header = `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent('猫.amr')}; filename="x.amr"`
    const { media } = await clientOf(always(httpAnswer(jpegBytes(20), [header])))
    const got = await media.get('M')
    expect(got).toMatchObject({ filename: '猫.amr' })
    bodyOf(got).destroy()
  })

  it('that breaks off is an error of its body', async () => {
    const { media } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(`HTTP/1.1 200 OK\r\n${ATTACHMENT}\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n`)
      socket.end(jpegBytes(300_000))
    })
    const error = await rejection(buffer(bodyOf(await media.get('M'))))
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    expect(everythingIn(error)).not.toContain(TOKEN)
  })

  it.each([
    ['ends', (socket: Socket) => socket.end()],
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('whose connection %s while nobody reads is an error of its body and ends no process', async (_how, leave) => {
    const { server, media } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(`HTTP/1.1 200 OK\r\n${ATTACHMENT}\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n`)
      socket.write(jpegBytes(65_536 + 512), () => leave(socket))
    })
    const body = bodyOf(await media.get('M'))
    await server.quiet()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(await rejection(buffer(body))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
  })

  it('of no declared length whose connection is reset is an error of its body, whatever came until then', async () => {
    let reset = () => undefined as unknown
    const { media } = await clientOf(async (socket, request) => {
      await request.body()
      reset = () => socket.resetAndDestroy()
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n${ATTACHMENT}\r\nConnection: close\r\n\r\n`)
      socket.write(jpegBytes(100_000))
    })
    const body = bodyOf(await media.get('M'))
    reset()
    expect(await rejection(buffer(body))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
  })

  it.each([299_999, 300_001])(
    'of other length than announced (%i) is an error of its body, whatever the transport',
    async size => {
      const headers = { 'content-type': 'image/jpeg', 'content-length': String(size) }
      const opened = await openFile({ status: 200, headers, body: Readable.from([jpegBytes(300_000)]) })
      expect(await rejection(buffer(bodyOf(opened)))).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    },
  )

  it('closes its connection when it is not read to its end', async () => {
    const { server, media } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(`HTTP/1.1 200 OK\r\n${ATTACHMENT}\r\nContent-Length: 50000000\r\n\r\n`)
      socket.write(jpegBytes(600_000))
    })
    bodyOf(await media.get('M')).destroy()
    await server.quiet()
  })
})

describe('an answer that is no file', () => {
  it('is the address of a temporary video', async () => {
    const { media } = await clientOf(
      always(httpAnswer('{"video_url":"http:\\/\\/v.example\\/猫"}', ['Content-Type: text/plain'])),
    )
    expect(await media.get('M')).toMatchObject({
      kind: 'video',
      title: '',
      description: '',
      url: 'http://v.example/猫',
    })
  })

  it('is a permanent video with its title, raw control characters included', async () => {
    const json = '{"title":"标\u0001题","description":"","down_url":"http:\\/\\/v.example\\/1"}'
    const { material } = await clientOf(always(httpAnswer(json)))
    expect(await material.get('M')).toMatchObject({
      kind: 'video',
      title: '标\u0001题',
      description: '',
      url: 'http://v.example/1',
    })
  })

  it('is the articles of a news material, with fields that the port does not know', async () => {
    const json =
      '{"news_item":[{"title":"标题","content":"<p>","show_cover_pic":1,"is_deleted":false}],"create_time":"5"}'
    const { material } = await clientOf(always(httpAnswer(json)))
    expect(await material.get('M')).toEqual({
      kind: 'news',
      create_time: 5,
      news_item: [
        {
          title: '标题',
          content: '<p>',
          show_cover_pic: 1,
          is_deleted: false,
          thumb_media_id: '',
          author: '',
          digest: '',
          content_source_url: '',
          url: '',
        },
      ],
    })
  })

  it.each([
    ['image/jpeg', '{"errcode":40007,"errmsg":"invalid media_id"}'],
    ['text/plain', ' \r\n{"errmsg":"invalid media_id","errcode":40007}'],
    ['application/octet-stream', '\ufeff{"errcode":40007}'],
    ['', '{"errcode":"40007"}'],
  ])('is an error when JSON says so, even as %s', async (type, json) => {
    const { media } = await clientOf(always(httpAnswer(json, [`Content-Type: ${type}`])))
    expect(await rejection(media.get('M'))).toMatchObject({ code: 'MEDIA_NOT_FOUND', wechat: { errcode: 40007 } })
  })

  it.each([
    ['an HTML page', httpAnswer('<html>维护中', ['Content-Type: text/html']), 'WECHAT_BAD_ANSWER'],
    ['plain text', httpAnswer('try later', ['Content-Type: text/plain']), 'WECHAT_BAD_ANSWER'],
    ['nothing', httpAnswer('', ['Content-Type: image/jpeg', ATTACHMENT]), 'WECHAT_BAD_ANSWER'],
    ['half an error', httpAnswer('{"errcode":40', ['Content-Type: image/jpeg']), 'WECHAT_BAD_ANSWER'],
    ['JSON without a video', httpAnswer('{"errcode":0}'), 'WECHAT_BAD_ANSWER'],
    ['an image under HTTP 500', httpAnswer(jpegBytes(9), [ATTACHMENT], 500), 'WECHAT_BUSY'],
  ])('is never a file: %s', async (_what, answer, code) => {
    const { media } = await clientOf(always(answer))
    expect(await rejection(media.get('M'))).toMatchObject({ code })
  })

  it('is a refused token: replaced once, then the file comes', async () => {
    const bytes = jpegBytes(3_000)
    const { tokens, material } = await clientOf(async (socket, request, count) => {
      await request.body()
      socket.write(count === 1 ? httpAnswer('{"errcode":40014,"errmsg":"x"}') : httpAnswer(bytes, [ATTACHMENT]))
    })
    expect(sha256(await buffer(bodyOf(await material.get('M'))))).toBe(sha256(bytes))
    expect(tokens.replaced).toHaveLength(1)
  })
})

describe('a read', () => {
  it('gives up an answer that does not end, and closes its connection', async () => {
    const { server, material } = await clientOf(socket => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n${' '.repeat(3 * 1024 * 1024)}`)
    })
    expect(await rejection(material.count())).toMatchObject({ code: 'WECHAT_BAD_ANSWER' })
    await server.quiet()
  })

  it('is tried once more when its connection is reset before an answer', async () => {
    const { server, material } = await clientOf((socket, _request, count) =>
      count === 1
        ? socket.resetAndDestroy()
        : socket.write(httpAnswer('{"voice_count":1,"video_count":2,"image_count":3,"news_count":4}')),
    )
    expect(await material.count()).toEqual({ voice_count: 1, video_count: 2, image_count: 3, news_count: 4 })
    expect(server.requests).toHaveLength(2)
  })

  it('answers WECHAT_UNREACHABLE when its connection is always reset', async () => {
    const { material } = await clientOf((socket, request) => request.body().then(() => socket.resetAndDestroy()))
    expect(await rejection(material.count())).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
    expect(await rejection(material.list('image', 0, 20))).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
  })

  it.each([
    ['WECHAT_BAD_ANSWER', httpAnswer('<html>', ['Content-Type: text/html'])],
    ['WECHAT_BUSY', httpAnswer('<html>', ['Content-Type: text/html'], 503)],
    ['WECHAT_BAD_ANSWER', httpAnswer('{"voice_count":1}')],
  ])('answers %s to what it cannot understand', async (code, answer) => {
    const { material } = await clientOf(always(answer))
    expect(await rejection(material.count())).toMatchObject({ code })
  })
})

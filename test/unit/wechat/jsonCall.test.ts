/** Calls of JSON over a real socket: the exact bytes, and what each way of failing means. */
import { describe, expect, it } from 'vitest'
import { APP_ID, rejection, TOKEN } from './fakes.ts'
import { wireClient } from './wireClient.ts'
import { httpAnswer, type Respond } from './wireServer.ts'

const DONE = '{"errcode":0,"errmsg":"ok"}'
const ARTICLE = { title: '猫与“图片” 🐈', content: '<p>内容\u0007</p>', thumb_media_id: 'M-1' }
/** `update` changes something at WeChat, `list` does not. */
async function clientOf(respond: Respond) {
  const { server, client } = await wireClient(respond)
  const update = (signal?: AbortSignal) => client.draft(APP_ID).update('M-1', 0, ARTICLE, signal)
  const list = (signal?: AbortSignal) => client.material(APP_ID).list('image', 0, 20, signal)
  return { server, update, list }
}

const stoppedAt = (stop: AbortController): Respond => {
  return async (_socket, request) => {
    await request.body()
    stop.abort()
  }
}

describe('a call of JSON', () => {
  it('leaves as raw UTF-8 under its length in bytes, once, and is never chunked', async () => {
    const { server, update } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(httpAnswer(DONE))
    })
    await update()
    const [{ head, body } = { head: '', body: Buffer.alloc(0) }] = server.requests
    expect(head).toContain(`/cgi-bin/draft/update?access_token=${TOKEN}`)
    expect(head.match(/^(content-length|transfer-encoding):.*$/gim)).toEqual([`content-length: ${body.length}`])
    expect(body.toString('utf8')).toContain('"title":"猫与“图片” 🐈"')
    expect(body.toString('utf8')).not.toContain('\\u')
  })

  it('goes over one connection, call after call', async () => {
    const { server, update } = await clientOf(async (socket, request) => {
      await request.body()
      socket.write(httpAnswer(DONE))
    })
    await update()
    // undici gives a connection one turn to close after an answer, before it is used again.
    await new Promise(setImmediate)
    await update()
    expect([server.requests.length, server.connections()]).toEqual([2, 1])
  })

  it('that changes something answers WECHAT_UNCLEAR when the connection breaks after it was sent, and is sent once', async () => {
    const { server, update } = await clientOf(async (socket, request) => {
      await request.body()
      socket.resetAndDestroy()
    })
    expect(await rejection(update())).toMatchObject({ code: 'WECHAT_UNCLEAR', details: {} })
    expect(server.requests).toHaveLength(1)
  })

  it('that changes something answers WECHAT_UNREACHABLE when nothing was sent', async () => {
    const { server, update } = await clientOf(() => undefined)
    await server.close()
    expect(await rejection(update())).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
  })

  it('that changes something answers WECHAT_UNCLEAR when it is stopped while it waits', async () => {
    const stop = new AbortController()
    const { update } = await clientOf(stoppedAt(stop))
    expect(await rejection(update(stop.signal))).toMatchObject({ code: 'WECHAT_UNCLEAR' })
  })

  it('that was stopped before it was sent answers OUT_OF_TIME', async () => {
    const { server, update } = await clientOf(() => undefined)
    expect(await rejection(update(AbortSignal.abort()))).toMatchObject({ code: 'OUT_OF_TIME' })
    expect(server.requests).toEqual([])
  })

  it('that only reads answers WECHAT_UNREACHABLE when it is stopped or cut off, for nothing changed', async () => {
    const stop = new AbortController()
    const stopped = await clientOf(stoppedAt(stop))
    expect(await rejection(stopped.list(stop.signal))).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
    const cut = await clientOf(socket => socket.resetAndDestroy())
    expect(await rejection(cut.list())).toMatchObject({ code: 'WECHAT_UNREACHABLE' })
  })
})

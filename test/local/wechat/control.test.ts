import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { controlAnswer } from '../../../local/wechat/controlHttp.ts'
import { startSimulator } from '../../../local/wechat/startSimulator.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'
import { FILES, fileForm } from './forms.ts'
import { caller, exchange, jsonOf, startWire, type Wire } from './wire.ts'

let wire: Wire
beforeEach(async () => {
  wire = await startWire()
})
afterEach(() => wire.close())

const control = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const sent = body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }
  const reply = await exchange(`${wire.url}/_control/${path}`, { method, ...sent })
  return { status: reply.status, ...jsonOf(reply) }
}

describe('the ledger', () => {
  it('names every accepted change in order, and no refused one', async () => {
    const { appId } = wire.account
    await wire.calls.send('material/add_material?type=image', fileForm('坏.txt'))
    const media_id = await wire.calls.id('material/add_material?type=thumb', fileForm('封面.jpg'))
    await wire.calls.id('media/upload?type=voice', fileForm('声.amr', FILES.amr))
    await wire.calls.send('media/uploadimg', fileForm('图.png', FILES.png))
    const article = { title: '题', content: '文', thumb_media_id: media_id }
    const draft = await wire.calls.post('draft/add', { articles: [article] })
    await wire.calls.post('draft/update', { media_id: draft['media_id'], index: 0, articles: article })
    await wire.calls.post('draft/delete', { media_id: draft['media_id'] })
    await wire.calls.post('material/del_material', { media_id })
    const { ledger } = await control('GET', `ledger?app_id=${appId}`)
    const entries = Array.isArray(ledger) ? ledger : []
    expect(entries.map(entry => entry.kind)).toEqual([
      'stable_token',
      'material/add_material',
      'media/upload',
      'media/uploadimg',
      'draft/add',
      'draft/update',
      'draft/delete',
      'material/del_material',
    ])
    expect(entries[1]).toEqual({
      seq: 2,
      time: '2026-11-23T04:00:00.000Z',
      app_id: appId,
      kind: 'material/add_material',
      media_id,
      filename: '封面.jpg',
      type: 'thumb',
      size: FILES.jpg.length,
      sha256: createHash('sha256').update(FILES.jpg).digest('hex'),
    })
    expect(await control('GET', 'ledger?app_id=other')).toMatchObject({ ledger: [] })
  })
})

describe('the call log', () => {
  it('counts every call by path and keeps no token or secret', async () => {
    const token = await wire.calls.accessToken()
    await wire.calls.get('draft/count')
    await wire.calls.get('media/get?media_id=x')
    await exchange(
      `${wire.url}/cgi-bin/token?grant_type=client_credential&appid=${wire.account.appId}&secret=wrong-one`,
    )
    const report = await control('GET', 'calls')
    expect(report).toMatchObject({
      total: 4,
      counts: { '/cgi-bin/stable_token': 1, '/cgi-bin/draft/count': 1, '/cgi-bin/media/get': 1, '/cgi-bin/token': 1 },
      calls: [
        { seq: 1, path: '/cgi-bin/stable_token', method: 'POST', app_id: wire.account.appId, errcode: 0, status: 200 },
        { path: '/cgi-bin/draft/count', app_id: wire.account.appId, errcode: 0 },
        { path: '/cgi-bin/media/get', errcode: 40007, time: '2026-11-23T04:00:00.000Z' },
        { path: '/cgi-bin/token', app_id: wire.account.appId, errcode: 40001 },
      ],
    })
    const everything = JSON.stringify([report, await control('GET', 'ledger')])
    for (const secret of [token, wire.account.secret, 'wrong-one']) expect(everything).not.toContain(secret)
  })
})

describe('the clock', () => {
  it('moves forward on request, and never back', async () => {
    const token = await wire.calls.accessToken()
    const before = await control('GET', 'clock')
    const after = await control('POST', 'clock', { advance_ms: 7_200_000 })
    expect(Number(after['now_ms']) - Number(before['now_ms'])).toBe(7_200_000)
    const count = await exchange(`${wire.url}/cgi-bin/draft/count?access_token=${token}`)
    expect(jsonOf(count)).toMatchObject({ errcode: 42001 })
    expect(await control('POST', 'clock', { advance_ms: -1 })).toMatchObject({ status: 400 })
    expect(await control('POST', 'clock', {})).toMatchObject({ status: 400 })
  })
})

describe('faults', () => {
  it('are added, listed and cleared', async () => {
    const rule = { path: '/cgi-bin/draft/count', kind: 'errcode', errcode: 45009, times: 3 }
    expect(await control('POST', 'faults', rule)).toMatchObject({ status: 200, id: 1, ...rule })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 45009 })
    expect(await control('GET', 'faults')).toMatchObject({ faults: [{ ...rule, struck: 1 }] })
    expect(await control('DELETE', 'faults')).toEqual({ status: 200, faults: [] })
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
    expect(await control('POST', 'faults', { path: '*', kind: 'nothing' })).toMatchObject({ status: 400 })
    expect(await control('POST', 'faults', { path: '*', kind: 'hang', tiems: 1 })).toMatchObject({ status: 400 })
  })
})

describe('accounts', () => {
  it('are added with their secret, which is not shown', async () => {
    const added = await control('PUT', 'accounts/wxcccccccccccccccc', { secret: 'new-secret', kind: 'test' })
    expect(added).toMatchObject({ status: 200, appId: 'wxcccccccccccccccc', kind: 'test' })
    expect(JSON.stringify(added)).not.toContain('new-secret')
    const calls = caller(wire.url, { appId: 'wxcccccccccccccccc', secret: 'new-secret' })
    expect(await calls.get('draft/count')).toEqual({ total_count: 0 })
    expect(await control('PUT', 'accounts/wxdddddddddddddddd', { kind: 'test' })).toMatchObject({ status: 400 })
  })

  it('change field by field, in snake_case', async () => {
    const { appId } = wire.account
    await control('PUT', `accounts/${appId}`, { legacy_news: true, limits: { library_images: 5 } })
    const quotas = { '/cgi-bin/draft/count': 0 }
    const after = await control('PUT', `accounts/${appId}`, { limits: { image: 7 }, quotas })
    expect(after).toMatchObject({ legacyNews: true, limits: { libraryImages: 5, image: 7, voice: 2_097_152 }, quotas })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 45009 })
    expect(await control('PUT', `accounts/${appId}`, { legacynews: true })).toMatchObject({ status: 400 })
    expect(await control('PUT', `accounts/${appId}`, { app_id: 'wxdddddddddddddddd' })).toMatchObject({ appId })
  })

  it('lose all their tokens at once', async () => {
    const { appId } = wire.account
    await wire.calls.accessToken()
    expect(await control('POST', `accounts/${appId}/expire-tokens`)).toMatchObject({ status: 200 })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 42001 })
    wire.calls.forgetToken()
    await wire.calls.accessToken()
    await control('POST', `accounts/${appId}/expire-tokens`, { errcode: 40001 })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: 40001 })
    expect(await control('POST', 'accounts/unknown/expire-tokens')).toMatchObject({ status: 400 })
  })

  it('receive media from fans', async () => {
    const { appId } = wire.account
    const fans = await control(
      'POST',
      `accounts/${appId}/media?type=image&filename=${encodeURIComponent('粉丝.png')}`,
      FILES.png,
    )
    const media_id = String(fans['media_id'])
    const reply = await wire.calls.raw(`media/get?media_id=${media_id}`)
    expect(reply.headers['content-type']).toBe('image/png')
    expect(reply.body.equals(FILES.png)).toBe(true)
    expect(wire.control.ledger(appId)).toContainEqual(
      expect.objectContaining({ kind: 'fan', media_id, filename: '粉丝.png', type: 'image' }),
    )
    expect(await control('POST', `accounts/${appId}/media?type=image`, Buffer.alloc(0))).toMatchObject({ status: 400 })
    expect(await control('POST', `accounts/${appId}/media?type=x`, FILES.png)).toMatchObject({ status: 400 })
    expect(await control('POST', 'accounts/unknown/media?type=image', FILES.png)).toMatchObject({ status: 400 })
  })
})

describe('a console user', () => {
  it('deletes media by its id', async () => {
    const media_id = await wire.calls.id('material/add_material?type=image', fileForm())
    expect(await control('DELETE', `media/${media_id}`)).toMatchObject({ status: 200, media_id })
    expect(await wire.calls.post('material/get_material', { media_id })).toMatchObject({ errcode: 40007 })
    expect(wire.control.ledger().at(-1)).toMatchObject({ kind: 'console/delete', media_id })
    expect(await control('DELETE', `media/${media_id}`)).toMatchObject({ status: 400 })
  })
})

describe('the control API', () => {
  it('answers 404, 405 and 400 as JSON', async () => {
    expect(await control('GET', 'nothing')).toMatchObject({ status: 404 })
    expect(await control('PUT', 'ledger')).toMatchObject({ status: 405 })
    const broken = await exchange(`${wire.url}/_control/faults`, { method: 'POST', body: '{' })
    expect(broken.status).toBe(400)
    expect(await control('DELETE', 'media/%E5')).toMatchObject({ status: 400 })
  })

  it('is for this machine only', async () => {
    const arrival = {
      method: 'GET',
      path: '/_control/clock',
      query: new URLSearchParams(),
      headers: {},
      tooLarge: false,
    }
    const from = async (ip: string) =>
      (await controlAnswer(wire.control, { ...arrival, body: Buffer.alloc(0), ip })).status
    expect(await from('10.0.0.7')).toBe(403)
    expect(await from('::ffff:127.0.0.1')).toBe(200)
  })
})

describe('the server', () => {
  const options = { clock: virtualClock(), random: seededRandom(), accounts: [] }

  it('rejects with EADDRINUSE when the port is taken', async () => {
    await expect(startSimulator({ ...options, port: wire.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('rejects accounts that make no sense, and frees the port', async () => {
    const accounts = [{ appId: 'wxaaaaaaaaaaaaaaaa', secret: '' }]
    await wire.close()
    await expect(startSimulator({ ...options, port: wire.port, accounts })).rejects.toThrow()
    const again = await startSimulator({ ...options, port: wire.port })
    await again.close()
  })

  it('ends an idle keep-alive connection when it closes', async () => {
    const socket = connect(wire.port, '127.0.0.1')
    socket.write('GET /_control/clock HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise(resolve => socket.once('data', resolve))
    const ended = new Promise(resolve => socket.once('close', resolve))
    await wire.close()
    await ended
    await wire.close()
  })
})

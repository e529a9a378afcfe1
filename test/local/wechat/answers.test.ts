import { Agent, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileForm } from './forms.ts'
import { exchange, jsonOf, startWire, type Wire } from './wire.ts'

let wire: Wire
beforeEach(async () => {
  wire = await startWire()
})
afterEach(() => wire.close())

const HINT_RID = / hint: \[[\w.]{14}\] rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/
const RID = / rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/

describe('every answer', () => {
  it('says encoding, not charset, and its length in bytes', async () => {
    const reply = await wire.calls.raw('material/get_materialcount')
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('application/json; encoding=utf-8')
    expect(reply.headers['content-length']).toBe(String(reply.body.length))
  })

  it('carries Chinese as raw UTF-8', async () => {
    wire.control.putAccount({ appId: wire.account.appId, secretFrozen: true })
    const { appId, secret } = wire.account
    const query = `grant_type=client_credential&appid=${appId}&secret=${secret}`
    const reply = await exchange(`${wire.url}/cgi-bin/token?${query}`)
    expect(reply.body.includes(Buffer.from('已被冻结'))).toBe(true)
    expect(reply.headers['content-length']).toBe(String(reply.body.length))
  })

  it('ends a refusal in hint and rid, a token refusal in rid alone', async () => {
    expect((await wire.calls.get('media/get?media_id=x'))['errmsg']).toMatch(
      new RegExp(`^invalid media_id${HINT_RID.source}`),
    )
    const stale = await exchange(`${wire.url}/cgi-bin/draft/count?access_token=75_${'A'.repeat(136)}`)
    const { errmsg } = jsonOf(stale)
    expect(errmsg).toMatch(/^invalid credential, access_token is invalid or not latest, could get access_token by /)
    expect(errmsg).toMatch(RID)
    expect(errmsg).not.toMatch(/hint/)
    expect(stale.body.toString()).toContain('https:\\/\\/mmbizurl.cn\\/s\\/')
  })

  it('puts errmsg first, or ok into payloads, when told', async () => {
    wire.control.putAccount({ appId: wire.account.appId, errmsgFirst: true, okInPayloads: true })
    expect(Object.keys(await wire.calls.get('media/get?media_id=x'))).toEqual(['errmsg', 'errcode'])
    expect(await wire.calls.get('draft/count')).toEqual({ errcode: 0, errmsg: 'ok', total_count: 0 })
  })
})

describe('the order of checks', () => {
  it.each([
    ['a path that does not exist', 'GET', 'nothing', 40066],
    ['GET where POST is needed', 'GET', 'material/batchget_material', 43002],
    ['POST where GET is needed', 'POST', 'material/get_materialcount', 43001],
    ['PUT', 'PUT', 'draft/add', 43002],
    ['a missing token before a missing body', 'POST', 'draft/add', 41001],
  ])('%s', async (_, method, path, errcode) => {
    expect(jsonOf(await exchange(`${wire.url}/cgi-bin/${path}`, { method }))).toMatchObject({ errcode })
  })

  it('asks for standing, permission, quota and body in this order', async () => {
    const { appId } = wire.account
    const trouble = { frozen: true, revoked: true, quotas: { '/cgi-bin/draft/add': 0 } }
    await wire.calls.accessToken()
    const ask = async () => (await wire.calls.post('draft/add', ''))['errcode']
    wire.control.putAccount({ appId, ...trouble })
    expect(await ask()).toBe(50002)
    wire.control.putAccount({ appId, frozen: false })
    expect(await ask()).toBe(48001)
    wire.control.putAccount({ appId, revoked: false })
    expect(await ask()).toBe(45009)
    wire.control.putAccount({ appId, quotas: { '/cgi-bin/draft/add': 100 } })
    expect(await ask()).toBe(44002)
  })

  it('looks at the form before the type, and at the name before the bytes', async () => {
    expect(await wire.calls.send('media/upload', { body: 'x' })).toMatchObject({ errcode: 41005 })
    expect(await wire.calls.send('media/upload', fileForm('a.txt'))).toMatchObject({ errcode: 40004 })
    expect(await wire.calls.send('media/upload?type=image', fileForm('a.txt', Buffer.from('x')))).toMatchObject({
      errcode: 40113,
    })
  })
})

describe('connections', () => {
  it('serve several calls, even after a 412', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    const ask = (headers: Record<string, string>, body?: string) =>
      new Promise<number>((resolve, reject) => {
        const outgoing = request(`${wire.url}/cgi-bin/draft/add`, { method: 'POST', headers, agent }, incoming => {
          ports.add(incoming.socket.localPort)
          incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0))
        })
        outgoing.on('error', reject).end(body)
      })
    expect(await ask({ 'Transfer-Encoding': 'chunked' }, '{}')).toBe(412)
    expect(await ask({ 'Content-Length': '2' }, '{}')).toBe(200)
    expect(ports.size).toBe(1)
    agent.destroy()
  })
})

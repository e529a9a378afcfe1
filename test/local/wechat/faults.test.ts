import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILES, fileForm } from './forms.ts'
import { caller, exchange, jsonOf, startWire, type Wire } from './wire.ts'

const OTHER = { appId: 'wxbbbbbbbbbbbbbbbb', secret: 'secret-of-account-b' }
const PATH = '/cgi-bin/material/add_material'

let wire: Wire
beforeEach(async () => {
  wire = await startWire({}, { others: [OTHER] })
  await wire.calls.accessToken()
})
afterEach(() => wire.close())

type Rule = Parameters<Wire['control']['addFault']>[0]
const fault = (rule: Omit<Rule, 'path'> & { path?: string }) => wire.control.addFault({ path: PATH, times: 1, ...rule })
const upload = () => wire.calls.raw('material/add_material?type=image', { method: 'POST', ...fileForm() })
const accepted = () => wire.control.ledger().filter(entry => entry.kind === 'material/add_material').length

/** Lets the server take in what was sent, until `done`. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => setImmediate(resolve))
}

describe('a fault', () => {
  it('of kind errcode refuses and nothing is accepted', async () => {
    fault({ kind: 'errcode', errcode: 45011 })
    expect(jsonOf(await upload())).toMatchObject({ errcode: 45011, errmsg: expect.stringMatching(/^api minute-quota/) })
    fault({ kind: 'errcode' })
    expect(jsonOf(await upload())).toMatchObject({ errcode: -1, errmsg: expect.stringMatching(/^system error hint: /) })
    fault({ kind: 'errcode', errcode: 53404, errmsg: '账号受限' })
    expect(jsonOf(await upload())['errmsg']).toMatch(/^账号受限 hint: /)
    expect(accepted()).toBe(0)
  })

  it('of kind errcode may refuse what was accepted', async () => {
    fault({ kind: 'errcode', executed: true })
    expect(jsonOf(await upload())).toMatchObject({ errcode: -1 })
    expect(accepted()).toBe(1)
  })

  it.each([
    ['reset-before', 0],
    ['accept-then-reset', 1],
  ] as const)('of kind %s cuts the connection and leaves %i materials', async (kind, materials) => {
    fault({ kind })
    await expect(upload()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(accepted()).toBe(materials)
    expect(wire.control.calls().calls.at(-1)).toMatchObject({ path: PATH, fault: kind, status: undefined })
  })

  it('of kind delay answers late by the clock port, not by the simulator’s own time', async () => {
    fault({ kind: 'delay', delay_ms: 5_000 })
    let reply: unknown
    const answered = upload().then(received => (reply = received))
    await until(() => wire.clock.sleepers() === 1)
    expect(accepted()).toBe(1)
    wire.control.advance(10_000)
    await wire.clock.advance(4_999)
    expect(reply).toBeUndefined()
    await wire.clock.advance(1)
    expect(jsonOf(await answered)).toHaveProperty('media_id')
  })

  it('of kind delay may accept late as well', async () => {
    fault({ kind: 'delay', delay_ms: 5_000, executed: false })
    const answered = upload()
    await until(() => wire.clock.sleepers() === 1)
    expect(accepted()).toBe(0)
    await wire.clock.advance(5_000)
    expect(jsonOf(await answered)).toHaveProperty('media_id')
  })

  it('of kind delay ends with the simulator, its sleeper too', async () => {
    fault({ kind: 'delay', delay_ms: 5_000 })
    const outcome = expect(upload()).rejects.toMatchObject({ code: 'ECONNRESET' })
    await until(() => wire.clock.sleepers() === 1)
    await wire.close()
    await outcome
    expect(wire.clock.sleepers()).toBe(0)
  })

  it('of kind status answers it without a body', async () => {
    fault({ kind: 'status', status: 502 })
    expect(await upload()).toMatchObject({ status: 502, body: Buffer.alloc(0) })
    expect(accepted()).toBe(0)
    fault({ kind: 'status', status: 504, executed: true })
    expect((await upload()).status).toBe(504)
    expect(accepted()).toBe(1)
  })

  it('of kind html answers a page where JSON belongs', async () => {
    fault({ kind: 'html' })
    const reply = await upload()
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('text/html')
    expect(reply.body.toString()).toMatch(/^<!DOCTYPE html>.*系统繁忙/)
    expect(accepted()).toBe(0)
  })

  it('of kind truncate ends within the body', async () => {
    fault({ kind: 'truncate' })
    await expect(upload()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(accepted()).toBe(1)
  })

  it('of kind text-plain hides JSON and files alike', async () => {
    fault({ kind: 'text-plain' })
    const reply = await upload()
    expect(reply.headers['content-type']).toBe('text/plain')
    expect(jsonOf(reply)).toHaveProperty('media_id')
    const { media_id } = jsonOf(reply)
    fault({ kind: 'text-plain', path: '/cgi-bin/material/get_material' })
    const file = await wire.calls.raw('material/get_material', { method: 'POST', body: JSON.stringify({ media_id }) })
    expect(file.headers['content-type']).toBe('text/plain')
    expect(file.headers).not.toHaveProperty('content-disposition')
    expect(file.body.equals(FILES.jpg)).toBe(true)
  })

  it('of kind spurious-40001 refuses a token that works again at once', async () => {
    fault({ kind: 'spurious-40001' })
    expect(jsonOf(await upload())).toMatchObject({ errcode: 40001 })
    expect(accepted()).toBe(0)
    expect(jsonOf(await upload())).toHaveProperty('media_id')
  })

  it('of kind empty answers 200 and nothing, though it was accepted', async () => {
    fault({ kind: 'empty' })
    expect(await upload()).toMatchObject({ status: 200, body: Buffer.alloc(0) })
    expect(accepted()).toBe(1)
  })

  it('of kind hang accepts and never answers', async () => {
    fault({ kind: 'hang' })
    const answer = upload()
    const outcome = expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
    await until(() => accepted() === 1)
    await wire.clock.advance(3_600_000)
    await wire.close()
    await outcome
  })
})

describe('the rules', () => {
  it('strike as often as they say, the earliest first', async () => {
    fault({ kind: 'errcode', errcode: 45009, times: 2 })
    fault({ kind: 'errcode', errcode: 45011, times: 1 })
    const codes: unknown[] = []
    for (let call = 0; call < 4; call++) codes.push(jsonOf(await upload())['errcode'])
    expect(codes).toEqual([45009, 45009, 45011, undefined])
    expect(wire.control.faults()).toEqual([])
    expect(wire.control.calls().faults).toEqual({ errcode: 3 })
  })

  it('are for one account, or for every call', async () => {
    wire.control.addFault({ path: '*', kind: 'errcode', app_id: OTHER.appId })
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
    await expect(
      caller(wire.url, OTHER)
        .accessToken()
        .then(token => token),
    ).resolves.toBe('undefined')
    wire.control.addFault({ path: '*', kind: 'errcode' })
    expect(await wire.calls.get('draft/count')).toMatchObject({ errcode: -1 })
    wire.control.clearFaults()
    expect(await wire.calls.get('draft/count')).toEqual({ total_count: 0 })
  })

  it('strike the fetching of files by a prefix', async () => {
    const answer = await wire.calls.send('media/uploadimg', fileForm())
    const url = String(answer['url'])
    wire.control.addFault({ path: '/mmbiz_jpg/*', kind: 'status', status: 404, times: 1 })
    expect((await exchange(url)).status).toBe(404)
    expect((await exchange(url)).body.equals(FILES.jpg)).toBe(true)
    expect(wire.control.calls().counts).toMatchObject({ '/mmbiz_jpg/*/0': 2 })
  })

  it('strike by chance, repeatably for a seed', async () => {
    wire.control.addFault({ path: '/cgi-bin/draft/count', kind: 'errcode', probability: 0.5 })
    let struck = 0
    for (let call = 0; call < 100; call++) struck += (await wire.calls.get('draft/count'))['errcode'] === -1 ? 1 : 0
    expect(struck).toBeGreaterThan(30)
    expect(struck).toBeLessThan(70)
    expect(wire.control.faults()).toMatchObject([{ struck }])
  })

  it('refuse what makes no sense', () => {
    expect(() => fault({ kind: 'delay', delay_ms: -1 })).toThrow()
    expect(() => fault({ kind: 'status', status: 99 })).toThrow()
  })
})

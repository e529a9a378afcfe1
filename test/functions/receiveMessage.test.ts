import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { putAccount } from '../../functions/putAccount.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import { AppError } from '../../shared/core/errors.ts'
import { pushSignature } from '../../shared/core/push/pushSignature.ts'
import type { Table } from '../../shared/ports/table.ts'
import {
  CALLBACK,
  type HandMade,
  handMade,
  imageXml,
  mediaRows,
  messageRows,
  setUpCallback,
  writeCallback,
} from '../support/callbacks.ts'
import { fileBytes } from '../support/files.ts'
import { APP_ID, type Ask, type World, world } from '../support/world.ts'

const IMAGE = { type: 'image', body: fileBytes('jpg'), filename: '海边.jpg' } as const
const OTHER_KEY = 'canaryAesKeyzyxwvutsrqponmlkjihgfedcba98765'

/** Sends a fan's message as WeChat would; answers what the callback answered first. */
async function fan(service: World, message: Parameters<World['control']['sendMessage']>[1], times = 1) {
  const sent = await service.drive(service.control.sendMessage(APP_ID, message, { times }))
  return { ...sent, answers: sent.deliveries.map(attempts => attempts.map(({ answer }) => answer)) }
}

const answers = async (service: World, ask: Ask) => {
  const { status, json } = await service.drive(service.request(receiveMessage, ask))
  return [status, json]
}
const TAKEN = [200, 'success']

describe.each(['xml', 'json'] as const)('a push in %s', format => {
  describe.each(['safe', 'compatible', 'plain'] as const)('in %s mode', mode => {
    it.each([
      ['image', { MsgType: 'image' }, ['image']],
      ['voice', {}, ['voice', 'voice']],
      ['video', {}, ['video', 'thumb']],
      ['shortvideo', {}, ['video', 'thumb']],
    ] as const)('of a fan’s %s is acknowledged, and its files are tracked', async (type, _, kinds) => {
      await using service = await world()
      await setUpCallback(service, { mode }, { mode, format })
      const body = fileBytes(type === 'image' ? 'jpg' : type === 'voice' ? 'amr' : 'mp4')
      const { answers, media_ids: mediaIds, msg_id: msgId } = await fan(service, { type, body, extra: { Neu: '新' } })
      expect(answers).toEqual([['success']])
      await service.settled()
      const media = await mediaRows(service)
      expect(media.map(({ sk }) => sk).sort()).toEqual([...mediaIds].sort())
      const kindOf = new Map(media.map(({ sk, data }) => [sk, data['type']]))
      expect(mediaIds.map(id => kindOf.get(id))).toEqual(kinds)
      for (const { data } of media) expect(data).toMatchObject({ source: 'fan', state: expect.any(String) })
      const [row] = await messageRows(service)
      expect(row).toMatchObject({ sk: `m-${msgId}`, data: { type, message_id: `m-${msgId}` } })
      expect(row?.due).toBeUndefined()
      expect(JSON.stringify(row)).not.toContain('o6_bmjrPTlm6')
    })
  })

  it('that means nothing here is acknowledged, and writes nothing', async () => {
    await using service = await world()
    await setUpCallback(service, {}, { format })
    for (const message of [
      { type: 'text', content: '你好 ]] <!DOCTYPE' },
      { type: 'event', event: 'subscribe' },
      { type: 'event', event: 'PUBLISHJOBFINISH', extra: { PublishEventInfo: '1' } },
    ] as const) {
      expect((await fan(service, message)).answers).toEqual([['success']])
    }
    expect(await messageRows(service)).toEqual([])
  })
})

describe('the same message', () => {
  it('delivered three times at once is one row, one archive, and three times success', async () => {
    await using service = await world()
    await setUpCallback(service)
    const { answers } = await fan(service, IMAGE, 3)
    expect(answers).toEqual([['success'], ['success'], ['success']])
    await service.settled()
    expect(await messageRows(service)).toHaveLength(1)
    expect(await mediaRows(service)).toHaveLength(1)
    expect(service.metrics('FanMedia')).toEqual([1])
  })

  it('is told by its MsgId, to the last of 64 bits', async () => {
    await using service = await world()
    await setUpCallback(service)
    for (const msgId of ['9223372036854775807', '9223372036854775806', '9223372036854775807']) {
      expect(await answers(service, handMade(service, { message: imageXml('m1', msgId) }))).toEqual(TAKEN)
    }
    expect((await messageRows(service)).map(({ sk }) => sk)).toEqual(['m-9223372036854775806', 'm-9223372036854775807'])
  })

  it('without MsgId is told by sender, time, event and key', async () => {
    await using service = await world()
    await setUpCallback(service, { forward_url: 'https://consumer.test/', mode: 'safe' })
    const event = (key: string, time = 1714112445) =>
      `<xml><FromUserName>a</FromUserName><CreateTime>${time}</CreateTime><MsgType>event</MsgType><Event>CLICK</Event><EventKey><![CDATA[${key}]]></EventKey></xml>`
    for (const [index, message] of [event('k'), event('k'), event('k2'), event('k', 1714112446)].entries()) {
      await answers(service, handMade(service, { message, nonce: String(index) }))
    }
    expect(await messageRows(service)).toHaveLength(3)
  })

  it('seen again within the window does no work, also after it was archived', async () => {
    await using service = await world()
    await setUpCallback(service)
    const ask = handMade(service, { message: imageXml('m1') })
    expect(await answers(service, ask)).toEqual(TAKEN)
    await service.settled()
    const before = await messageRows(service)
    expect(await answers(service, ask)).toEqual(TAKEN)
    await service.settled()
    expect(await messageRows(service)).toEqual(before)
  })
})

describe('what is not WeChat’s', () => {
  it('is refused whatever bit of it is flipped', async () => {
    await using service = await world()
    await setUpCallback(service)
    const { body, query, ...rest } = handMade(service, { message: imageXml('m1') })
    if (typeof body !== 'string' || typeof query !== 'object') throw new Error('no push')
    const start = body.indexOf('CDATA[', body.indexOf('<Encrypt>')) + 6
    const end = body.lastIndexOf(']]>')
    const flipped = fc.record({ at: fc.integer({ min: start, max: end - 1 }), bit: fc.integer({ min: 0, max: 5 }) })
    await fc.assert(
      fc.asyncProperty(flipped, async ({ at, bit }) => {
        const other = String.fromCharCode(body.charCodeAt(at) ^ (1 << bit))
        const changed = `${body.slice(0, at)}${other}${body.slice(at + 1)}`
        const { status } = await service.request(receiveMessage, { ...rest, query, body: changed })
        expect([400, 403]).toContain(status)
      }),
      { numRuns: 300 },
    )
    for (const name of ['timestamp', 'nonce', 'msg_signature']) {
      const value = query[name] ?? ''
      const changed = { ...query, [name]: `${value.slice(0, -1)}${value.endsWith('1') ? '2' : '1'}` }
      expect(await service.fails(receiveMessage, { ...rest, body, query: changed })).toMatchObject({ status_code: 403 })
    }
    expect(await messageRows(service)).toEqual([])
    expect(service.metrics('PushRefused').length).toBeGreaterThan(3)
  })

  it.each([
    ['with the plain signature only', (ask: Ask) => without(ask, 'msg_signature')],
    ['that says it is not encrypted', (ask: Ask) => ({ ...ask, query: { ...queryOf(ask), encrypt_type: 'raw' } })],
    ['that says nothing of encryption', (ask: Ask) => without(ask, 'encrypt_type')],
    ['encrypted in a way nobody knows', (ask: Ask) => ({ ...ask, query: { ...queryOf(ask), encrypt_type: 'rsa' } })],
    ['without its encrypted part', (ask: Ask) => ({ ...ask, body: '<xml><ToUserName>a</ToUserName></xml>' })],
  ])('is refused %s', async (_case, change) => {
    await using service = await world()
    await setUpCallback(service)
    const problem = await service.fails(receiveMessage, change(handMade(service, { message: imageXml('m1') })))
    expect(problem).toMatchObject({ status_code: 403, code: 'CALLBACK_REFUSED' })
  })

  it.each([
    ['another token', { callback: { ...CALLBACK, token: 'canaryToken8' } }],
    ['another key', { callback: { ...CALLBACK, aes_key: OTHER_KEY } }],
    ['another account’s envelope', { appId: 'wxba5fad812f8e6fb9' }],
    ['a time ten minutes ago', { shift: -601 }],
    ['a time in ten minutes', { shift: 601 }],
    ['a plain message', { mode: 'plain' as const }],
  ])('is refused with %s', async (_case, { shift = 0, ...change }: Partial<HandMade> & { shift?: number }) => {
    await using service = await world()
    await setUpCallback(service)
    const timestamp = Math.floor(service.clock.now() / 1000) + shift
    const ask = handMade(service, { message: imageXml('m1'), timestamp, ...change })
    expect(await service.fails(receiveMessage, ask)).toMatchObject({ status_code: 403, code: 'CALLBACK_REFUSED' })
    expect(await messageRows(service)).toEqual([])
  })

  it('is refused in the mode that has a plain copy, unless the account allows it', async () => {
    await using service = await world()
    await setUpCallback(service, {}, { mode: 'compatible' })
    const { deliveries } = await fan(service, IMAGE)
    expect(deliveries[0]?.map(({ status }) => status)).toEqual([403, 403, 403])
    await writeCallback(service, { ...CALLBACK, mode: 'compatible' })
    expect((await fan(service, IMAGE)).answers).toEqual([['success']])
    const lie = handMade(service, { message: imageXml('true'), nonce: '2' })
    const body = String(lie.body).replace('<Encrypt>', '<MsgType>image</MsgType><MediaId>lie</MediaId><Encrypt>')
    expect(await answers(service, { ...lie, body })).toEqual(TAKEN)
    await service.settled()
    expect((await mediaRows(service)).map(({ sk }) => sk)).toEqual(expect.arrayContaining(['true']))
    expect((await mediaRows(service)).map(({ sk }) => sk)).not.toContain('lie')
  })

  it('is refused without telling whether the account exists', async () => {
    await using service = await world()
    const refused = async (appId: string) => {
      const ask = { ...handMade(service, { message: imageXml('m1') }), params: { appId } }
      return { ...(await service.fails(receiveMessage, ask)), request_id: '' }
    }
    expect(await refused(APP_ID)).toEqual(await refused('wx0000000000000000'))
    await setUpCallback(service)
    expect(await refused('wx0000000000000000')).toMatchObject({ code: 'CALLBACK_REFUSED' })
  })

  it.each([
    ['nothing', ''],
    ['a page', '<html><p>a<br></html>'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><xml><Encrypt>&b;</Encrypt></xml>'],
    ['JSON cut short', '{"Encrypt":"'],
    ['JSON nested deeply', `{"Encrypt":"a","a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['XML nested deeply', `<xml><Encrypt>a</Encrypt>${'<a>'.repeat(9_000)}${'</a>'.repeat(9_000)}</xml>`],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ])('is 400 with a body of %s', async (_case, body) => {
    await using service = await world()
    await setUpCallback(service)
    const ask = { ...handMade(service, { message: imageXml('m1') }), body }
    expect(await service.fails(receiveMessage, ask)).toMatchObject({ status_code: 400, code: 'INVALID_REQUEST' })
  })

  it('is 413 above 64 KiB, and taken just below', async () => {
    await using service = await world()
    await setUpCallback(service, { mode: 'plain' })
    const message = (length: number) => imageXml('m1', '1', `<A>${'a'.repeat(length)}</A>`)
    const padding = 64 * 1024 - message(0).length - 2
    const ask = (length: number) => handMade(service, { message: message(length), mode: 'plain' })
    expect(await service.fails(receiveMessage, ask(padding + 1))).toMatchObject({ code: 'BODY_TOO_LARGE' })
    expect(await answers(service, ask(padding))).toEqual(TAKEN)
  })
})

const queryOf = ({ query }: Ask): Record<string, string> => (typeof query === 'object' ? query : {})
const without = (ask: Ask, name: string): Ask => ({
  ...ask,
  query: Object.fromEntries(Object.entries(queryOf(ask)).filter(([key]) => key !== name)),
})

describe('a signature in plain mode, which does not cover its message', () => {
  it('counts for one message only', async () => {
    await using service = await world()
    await setUpCallback(service, { mode: 'plain' })
    const ask = (mediaId: string, msgId: string) =>
      handMade(service, { message: imageXml(mediaId, msgId), mode: 'plain' })
    expect(await answers(service, ask('mine', '1'))).toEqual(TAKEN)
    expect(await answers(service, ask('forged', '2'))).toEqual(TAKEN)
    expect((await messageRows(service)).map(({ sk }) => sk)).toEqual(['m-1'])
    expect(service.metrics('PushRefused')).toEqual([1])
  })

  it('is no reason to drop a message whose first delivery died before its row was written', async () => {
    await using service = await world()
    await setUpCallback(service, { mode: 'plain' })
    const ask = handMade(service, { message: imageXml('mine', '1'), mode: 'plain' })
    const table = failingFor(service.table, 'MSG#')
    expect(await service.fails(receiveMessage, { ...ask, ports: { table } })).toMatchObject({ status_code: 503 })
    expect(await answers(service, ask)).toEqual(TAKEN)
    expect(await messageRows(service)).toHaveLength(1)
  })
})

describe('a change of the AES key', () => {
  it('loses nothing: the old and the new key are taken, and no third one', async () => {
    await using service = await world()
    await setUpCallback(
      service,
      { aes_key: OTHER_KEY, previous_aes_key: CALLBACK.aes_key },
      { aesKey: CALLBACK.aes_key },
    )
    expect((await fan(service, IMAGE)).answers).toEqual([['success']])
    await setUpCallback(service, { aes_key: OTHER_KEY, previous_aes_key: CALLBACK.aes_key })
    expect((await fan(service, IMAGE)).answers).toEqual([['success']])
    const third = handMade(service, {
      message: imageXml('m1'),
      callback: { ...CALLBACK, aes_key: `B${OTHER_KEY.slice(1)}` },
    })
    expect(await service.fails(receiveMessage, third)).toMatchObject({ code: 'CALLBACK_REFUSED' })
  })

  it('does not mind what a later version keeps beside the keys', async () => {
    await using service = await world()
    await writeCallback(service, { ...CALLBACK, ...{ field_of_tomorrow: true } })
    expect(await answers(service, handMade(service, { message: imageXml('m1') }))).toEqual(TAKEN)
  })

  it('takes effect with the next push, and is set by PUT', async () => {
    await using service = await world()
    await setUpCallback(service)
    expect((await fan(service, IMAGE)).answers).toEqual([['success']])
    const callback = { ...CALLBACK, aes_key: OTHER_KEY }
    const { data } = await service.ok(putAccount, { params: { appId: APP_ID }, body: { callback } })
    expect(data.callback).toBe(true)
    expect((await fan(service, IMAGE)).deliveries[0]?.at(-1)).toMatchObject({ status: 403 })
  })
})

describe('a message', () => {
  it('is kept before WeChat hears success, and 503 makes WeChat deliver it again', async () => {
    await using service = await world()
    await setUpCallback(service)
    let left = 2
    const { pushed } = service
    service.pushed = async request => {
      if (left-- <= 0) return pushed(request)
      const ports = { table: failingFor(service.table, 'MSG#') }
      const { status } = await service.send(receiveMessage, request, { ports })
      return { status, body: '' }
    }
    const { deliveries } = await fan(service, IMAGE)
    expect(deliveries[0]?.map(({ status }) => status)).toEqual([503, 503, 200])
    await service.settled()
    expect(await mediaRows(service)).toHaveLength(1)
  })

  it('whose archiver was never told is archived by the schedule', async () => {
    await using service = await world()
    await setUpCallback(service)
    service.loseSends = true
    expect((await fan(service, IMAGE)).answers).toEqual([['success']])
    expect(await mediaRows(service)).toEqual([])
    expect((await messageRows(service))[0]?.due).toMatchObject({ queue: 'message' })
  })

  it('is answered at once although the archiver cannot be reached, or never answers', async () => {
    await using service = await world()
    await setUpCallback(service)
    const ask = handMade(service, { message: imageXml('m1') })
    const started = service.clock.now()
    const silent = { ...service.invoker, send: () => new Promise<never>(() => undefined) }
    const slow = await service.drive(service.request(receiveMessage, { ...ask, ports: { invoker: silent } }))
    expect(slow.json).toBe('success')
    expect(service.clock.now() - started).toBeLessThan(1_000)
    const broken = { ...service.invoker, send: async () => Promise.reject(new AppError('INTERNAL', 'no')) }
    const next = handMade(service, { message: imageXml('m2', '2'), nonce: '2' })
    const { json } = await service.drive(service.request(receiveMessage, { ...next, ports: { invoker: broken } }))
    expect(json).toBe('success')
    expect(await messageRows(service)).toHaveLength(2)
  })

  it('that WeChat signed and nobody can read is acknowledged and counted', async () => {
    await using service = await world()
    await setUpCallback(service)
    const message = '<!DOCTYPE a><xml><MsgType>image</MsgType></xml>'
    expect(await answers(service, handMade(service, { message }))).toEqual(TAKEN)
    expect(service.metrics('PushUnreadable')).toEqual([1])
    expect(await messageRows(service)).toEqual([])
  })

  it('with a media_id that is none is acknowledged and not tracked', async () => {
    await using service = await world()
    await setUpCallback(service)
    expect(await answers(service, handMade(service, { message: imageXml('../../in/x') }))).toEqual(TAKEN)
    expect(await messageRows(service)).toEqual([])
  })
})

describe('WeChat Cloud’s check of the container’s path', () => {
  it.each(['{"action":"CheckContainerPath"}', '<xml><action><![CDATA[CheckContainerPath]]></action></xml>'])(
    'is answered: %s',
    async body => {
      await using service = await world()
      const now = String(Math.floor(service.clock.now() / 1000))
      const query = { timestamp: now, nonce: '1', signature: pushSignature(['', now, '1']) }
      expect(await answers(service, { params: { appId: APP_ID }, appId: null, key: null, query, body })).toEqual(TAKEN)
    },
  )
})

/** A table that cannot write rows of one kind. */
const failingFor = (table: Table, prefix: string): Table => ({
  ...table,
  put: (draft, expected, signal) =>
    draft.pk.startsWith(prefix)
      ? Promise.reject(new AppError('STORE_UNAVAILABLE', 'The table is not reachable.'))
      : table.put(draft, expected, signal),
})

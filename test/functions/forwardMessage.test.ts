import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { forwardMessage } from '../../functions/forwardMessage.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import type { OutboundRequest } from '../../shared/ports/outbound.ts'
import { CALLBACK, handMade, imageXml, messageRows, setUpCallback, writeCallback } from '../support/callbacks.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const SECRET = 'canary-forward-secret-of-the-test'
const FORWARD = { forward_url: 'https://consumer.test/wx?tenant=7', forward_secret: SECRET }
const TEXT = '<xml><FromUserName>a</FromUserName><MsgType>text</MsgType><Content>你好</Content><MsgId>7</MsgId></xml>'
const DAY_MS = 86_400_000

/** The consumer, taking everything until told otherwise. */
function consumer(service: World, answer: () => { status: number } | { failure: string } = () => ({ status: 200 })) {
  const taken: OutboundRequest[] = []
  service.consumer = async request => {
    taken.push(request)
    return answer()
  }
  return taken
}

const sweep = (service: World) => service.drive(service.run(forwardMessage, { trigger: 'schedule' }))

describe('a push', () => {
  it('is handed on as it came, and signed', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service)
    const ask = handMade(service, { message: TEXT })
    expect(await service.ok(receiveMessage, ask)).toBe('success')
    await service.settled()
    const query = new URLSearchParams(ask.query).toString()
    expect(taken).toHaveLength(1)
    const [{ url = '', headers = {}, body = Buffer.of() } = {}] = taken
    expect(url).toBe(`https://consumer.test/wx?tenant=7&${query}`)
    expect(Buffer.from(body).toString()).toBe(ask.body)
    const time = String(Math.floor(service.clock.now() / 1000))
    expect(headers).toEqual({
      'content-type': 'text/xml',
      'x-sucai-app-id': APP_ID,
      'x-sucai-timestamp': time,
      'x-sucai-signature': `v1=${createHmac('sha256', SECRET).update(`${time}\n${APP_ID}\n${query}\n${ask.body}`).digest('hex')}`,
    })
    expect(JSON.stringify(await messageRows(service))).not.toContain('Encrypt')
  })

  it('of a media is archived first, and then handed on', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const tracked: number[][] = []
    service.consumer = async () => {
      tracked.push(service.metrics('FanMedia'))
      return { status: 200 }
    }
    await service.ok(receiveMessage, handMade(service, { message: imageXml('m1') }))
    await service.settled()
    expect(tracked).toEqual([[1]])
  })

  it('is signed by nobody without a secret', async () => {
    await using service = await world()
    await setUpCallback(service, { forward_url: 'https://consumer.test/' })
    const taken = consumer(service)
    await service.ok(receiveMessage, handMade(service, { message: TEXT }))
    await service.settled()
    expect(Object.keys(taken[0]?.headers ?? {})).not.toContain('x-sucai-signature')
  })

  it('that comes three times is handed on once', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service)
    const ask = handMade(service, { message: TEXT })
    await Promise.all([1, 2, 3].map(() => service.ok(receiveMessage, ask)))
    await service.settled()
    expect(taken).toHaveLength(1)
  })

  it('that nobody can read is handed on all the same', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service)
    await service.ok(receiveMessage, handMade(service, { message: 'no message at all' }))
    await service.settled()
    expect(taken).toHaveLength(1)
  })

  it.each([[{ status: 500 }], [{ status: 302 }], [{ failure: 'ECONNREFUSED' }]])(
    'answered %o is repeated with growing pauses until it is taken',
    async failure => {
      await using service = await world()
      await setUpCallback(service, FORWARD)
      let failures = 3
      const taken = consumer(service, () => (failures-- > 0 ? failure : { status: 204 }))
      await service.ok(receiveMessage, handMade(service, { message: TEXT }))
      await service.settled()
      const tried: number[] = []
      for (let minute = 1; minute <= 10; minute++) {
        await service.clock.advance(60_000)
        const before = taken.length
        await sweep(service)
        if (taken.length > before) tried.push(minute)
      }
      expect(tried).toEqual([1, 3, 7])
      expect((await messageRows(service))[0]?.due).toBeUndefined()
    },
  )

  it('that is never taken is given up after a day, and counted', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service, () => ({ status: 404 }))
    await service.ok(receiveMessage, handMade(service, { message: TEXT }))
    await service.settled()
    for (let hour = 0; hour < 30; hour++) {
      await service.clock.advance(DAY_MS / 24)
      await sweep(service)
    }
    expect(taken.length).toBeGreaterThan(20)
    expect(taken.length).toBeLessThan(40)
    expect(service.metrics('ForwardGivenUp')).toEqual([1])
    const [row] = await messageRows(service)
    expect([row?.due, row?.data['push']]).toEqual([undefined, undefined])
  })

  it('whose run dies while it is sent is sent again', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service)
    service.loseSends = true
    await service.ok(receiveMessage, handMade(service, { message: TEXT }))
    let sent: () => void = () => undefined
    const sending = new Promise<void>(resolve => {
      sent = resolve
    })
    const outbound = {
      post: () => {
        sent()
        return new Promise<never>(() => undefined)
      },
    }
    const payload = { app_id: APP_ID, message_id: 'm-7' }
    void service.run(forwardMessage, { trigger: 'call', payload }, { ports: { outbound } })
    await sending
    expect(await service.run(forwardMessage, { trigger: 'call', payload })).toEqual({ outcome: 'nothing' })
    await service.clock.advance(60_000)
    await sweep(service)
    expect(taken).toHaveLength(1)
    expect((await messageRows(service))[0]?.due).toBeUndefined()
  })

  it('of an account whose consumer was taken away is kept from nobody', async () => {
    await using service = await world()
    await setUpCallback(service, FORWARD)
    const taken = consumer(service)
    service.loseSends = true
    await service.ok(receiveMessage, handMade(service, { message: TEXT }))
    await writeCallback(service, CALLBACK)
    await service.clock.advance(30_000)
    await sweep(service)
    expect(taken).toEqual([])
    expect((await messageRows(service))[0]?.due).toBeUndefined()
  })
})

it('a consumer that fails holds up neither its own archive nor other accounts', async () => {
  await using service = await world()
  const other = 'wxaaaaaaaaaaaaaaaa'
  await service.addAccount(other)
  await setUpCallback(service, FORWARD)
  await writeCallback(service, { ...CALLBACK, forward_url: 'https://other.test/' }, other)
  service.loseSends = true
  for (let n = 0; n < 30; n++) {
    const message = TEXT.replace('<MsgId>7', `<MsgId>${n}`)
    await service.ok(receiveMessage, handMade(service, { message, nonce: String(n) }))
  }
  const mine = handMade(service, { message: TEXT, appId: other })
  await service.ok(receiveMessage, { ...mine, params: { appId: other } })
  const tried: string[] = []
  service.consumer = async ({ url }) => {
    tried.push(new URL(url).host)
    return url.includes('other') ? { status: 200 } : { failure: 'UND_ERR_HEADERS_TIMEOUT' }
  }
  await service.clock.advance(30_000)
  await sweep(service)
  expect(tried.filter(host => host === 'other.test')).toHaveLength(1)
  expect(tried.filter(host => host === 'consumer.test').length).toBeLessThanOrEqual(10)
})

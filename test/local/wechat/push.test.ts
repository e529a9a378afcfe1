/** The simulator as a sender of messages, seen from the server that gets them (wechat-api.md §6). */
import { createDecipheriv, createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Control } from '../../../local/wechat/control.ts'
import type { PushRequest } from '../../../local/wechat/push/pushRequest.ts'
import { type RunningSimulator, startSimulator } from '../../../local/wechat/startSimulator.ts'
import { fileBytes, sha256 } from '../../support/files.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { type VirtualClock, virtualClock } from '../../support/virtualClock.ts'
import { caller, exchange, jsonOf } from './wire.ts'

const APP_ID = 'wxaaaaaaaaaaaaaaaa'
const SECRET = 'secret-of-the-simulated-account'
const TOKEN = 'tokenOfThePush'
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'

let clock: VirtualClock
let simulator: RunningSimulator
let control: Control
let got: PushRequest[]
let answer: (nth: number) => Promise<{ status: number; body: string }>

beforeEach(async () => {
  clock = virtualClock()
  got = []
  answer = async () => ({ status: 200, body: 'success' })
  simulator = await startSimulator({
    port: 0,
    clock,
    random: seededRandom(7),
    accounts: [{ appId: APP_ID, secret: SECRET }],
    pushPort: async request => {
      got.push(request)
      return answer(got.length)
    },
  })
  control = simulator.control
})
afterEach(() => simulator.close())

const setUp = (push: Record<string, unknown> = {}): void =>
  void control.putAccount({
    appId: APP_ID,
    push: { url: 'https://service.test/callback', token: TOKEN, aesKey: AES_KEY, ...push },
  })

const query = ({ url }: PushRequest): Record<string, string> => Object.fromEntries(new URL(url).searchParams)
const sign = (...parts: string[]): string => createHash('sha1').update(parts.sort().join('')).digest('hex')

/** The message inside, read with nothing of the service's own code. */
function opened(encrypted: string): string {
  const key = Buffer.from(`${AES_KEY}=`, 'base64')
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const bytes = Buffer.concat([decipher.update(Buffer.from(encrypted, 'base64')), decipher.final()])
  const length = bytes.readUInt32BE(16)
  expect(bytes.subarray(20 + length, bytes.length - (bytes.at(-1) ?? 0)).toString()).toBe(APP_ID)
  return bytes.subarray(20, 20 + length).toString()
}

const inXml = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(xml)?.[1]

describe('a message of a fan', () => {
  it('is signed and encrypted in safe mode, with nothing readable beside', async () => {
    setUp()
    const { msg_id: msgId, media_ids } = await control.sendMessage(APP_ID, { type: 'image', body: fileBytes('jpg') })
    const [request] = got
    if (!request) throw new Error('nothing came')
    const { timestamp = '', nonce = '', signature, msg_signature: own, encrypt_type, openid } = query(request)
    const encrypted = inXml(request.body, 'Encrypt') ?? ''
    expect(signature).toBe(sign(TOKEN, timestamp, nonce))
    expect(own).toBe(sign(TOKEN, timestamp, nonce, encrypted))
    expect([encrypt_type, request.headers['content-type']]).toEqual(['aes', 'text/xml'])
    expect(request.body).not.toContain('MsgType')
    const message = opened(encrypted)
    expect(inXml(message, 'MediaId')).toBe(media_ids[0])
    expect(inXml(message, 'FromUserName')).toBe(openid)
    expect([inXml(message, 'MsgType'), inXml(message, 'MsgId')]).toEqual(['image', msgId])
    expect(inXml(message, 'CreateTime')).toBe(String(Math.floor(clock.now() / 1000)))
    expect(BigInt(msgId ?? 0)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))
  })

  it('has a plain copy in compatible mode, and is plain in plain mode', async () => {
    setUp({ mode: 'compatible' })
    await control.sendMessage(APP_ID, { type: 'text', content: '你好 <b>' })
    setUp({ mode: 'plain' })
    await control.sendMessage(APP_ID, { type: 'text', content: '你好 <b>' })
    const [compatible, plain] = got
    expect(compatible?.body).toContain('<Content><![CDATA[你好 <b>]]></Content>')
    expect(opened(inXml(compatible?.body ?? '', 'Encrypt') ?? '')).toContain('你好 <b>')
    expect(plain?.body).toContain('你好 <b>')
    expect(plain?.body).not.toContain('Encrypt')
    if (plain) expect(Object.keys(query(plain)).sort()).toEqual(['nonce', 'openid', 'signature', 'timestamp'])
  })

  it('has bare 64-bit numbers in JSON', async () => {
    setUp({ mode: 'plain', format: 'json' })
    const { msg_id: msgId } = await control.sendMessage(APP_ID, { type: 'text', content: '"引号"' })
    expect(got[0]?.body).toContain(`"MsgId":${msgId}`)
    expect(got[0]?.body).toContain('"Content":"\\"引号\\""')
    expect(got[0]?.headers['content-type']).toBe('application/json')
  })

  it('of type voice has a second media in better quality and an empty Recognition', async () => {
    setUp({ mode: 'plain' })
    const { media_ids: ids } = await control.sendMessage(APP_ID, {
      type: 'voice',
      body: fileBytes('amr'),
      extra: { Unbekannt: '1' },
    })
    expect(new Set(ids).size).toBe(2)
    const body = got[0]?.body ?? ''
    expect(inXml(body, 'MediaId16K')).toBe(ids[1])
    expect(body).toContain('<Recognition><![CDATA[]]></Recognition>')
    expect(inXml(body, 'Unbekannt')).toBe('1')
  })

  it('names media that media/get hands out for three days, byte for byte', async () => {
    setUp()
    const body = fileBytes('png', 4_000)
    const { media_ids: ids } = await control.sendMessage(APP_ID, { type: 'image', body })
    const wechat = caller(simulator.url, { appId: APP_ID, secret: SECRET })
    const get = () => wechat.raw(`media/get?media_id=${ids[0]}`)
    expect(sha256((await get()).body)).toBe(sha256(body))
    control.advance(3 * 86_400_000)
    control.expireTokens(APP_ID)
    const later = caller(simulator.url, { appId: APP_ID, secret: SECRET })
    expect(jsonOf(await later.raw(`media/get?media_id=${ids[0]}`))).toMatchObject({ errcode: 40007 })
  })

  it('has neither MsgId nor media when it is an event', async () => {
    setUp({ mode: 'plain' })
    expect(await control.sendMessage(APP_ID, { type: 'event', event: 'CLICK', content: '菜单' })).toMatchObject({
      media_ids: [],
    })
    expect(inXml(got[0]?.body ?? '', 'MsgId')).toBeUndefined()
    expect(inXml(got[0]?.body ?? '', 'EventKey')).toBe('菜单')
  })
})

describe('a delivery', () => {
  it.each([
    ['success', [{ status: 200, answer: 'success', ms: 0 }]],
    ['', [{ status: 200, answer: '', ms: 0 }]],
  ])('answered %j is the only one', async (body, attempts) => {
    setUp()
    answer = async () => ({ status: 200, body })
    expect((await control.sendMessage(APP_ID, { type: 'text', content: 'a' })).deliveries).toEqual([attempts])
  })

  it('refused is made three times, of the same message', async () => {
    setUp({ mode: 'plain' })
    answer = async () => ({ status: 503, body: 'no' })
    const { deliveries } = await control.sendMessage(APP_ID, { type: 'text', content: 'a' })
    expect(deliveries[0]?.map(({ status }) => status)).toEqual([503, 503, 503])
    expect(new Set(got.map(({ body }) => body)).size).toBe(1)
  })

  it('that nobody answers is given up after five seconds, and made again', async () => {
    setUp()
    answer = nth => (nth < 3 ? new Promise(() => undefined) : Promise.resolve({ status: 200, body: 'success' }))
    const sending = control.sendMessage(APP_ID, { type: 'text', content: 'a' })
    await clock.advance(5_000)
    await clock.advance(5_000)
    expect((await sending).deliveries).toEqual([
      [{ ms: 5_000 }, { ms: 5_000 }, { status: 200, answer: 'success', ms: 0 }],
    ])
  })

  it('may come many times at once', async () => {
    setUp({ mode: 'plain' })
    const { deliveries } = await control.sendMessage(APP_ID, { type: 'text', content: 'a' }, { times: 3 })
    expect(deliveries).toHaveLength(3)
    expect(new Set(got.map(({ body }) => body)).size).toBe(1)
    expect(new Set(got.map(({ url }) => url)).size).toBeGreaterThan(1)
  })
})

describe('over HTTP', () => {
  const post = (path: string, body: Buffer | string = '') =>
    exchange(`${simulator.url}/_control/${path}`, { method: 'POST', body })

  it('a message is sent by one call', async () => {
    const push = { url: 'https://service.test/callback', token: TOKEN, aes_key: AES_KEY, gh_id: 'gh_1' }
    const put = await exchange(`${simulator.url}/_control/accounts/${APP_ID}`, {
      method: 'PUT',
      body: JSON.stringify({ push }),
    })
    expect(put.status).toBe(200)
    expect(put.body.toString()).not.toMatch(new RegExp(`${TOKEN}|${AES_KEY}`))
    const sent = await post(`accounts/${APP_ID}/messages?type=image&filename=%E6%B5%B7.jpg&times=2`, fileBytes('jpg'))
    expect(jsonOf(sent)).toMatchObject({ media_ids: [expect.any(String)], deliveries: [[{ status: 200 }], [{}]] })
    expect(inXml(got[0]?.body ?? '', 'ToUserName')).toBe('gh_1')
  })

  it.each([
    [`accounts/${APP_ID}/messages?type=image`, 'bytes'],
    [`accounts/${APP_ID}/messages?type=carrier-pigeon`, 'type'],
    [`accounts/${APP_ID}/messages?type=text&times=1000`, 'times'],
    ['accounts/wx0000000000000000/messages?type=text', 'no account'],
  ])('%s is 400', async (path, named) => {
    setUp()
    const refused = await post(path)
    expect(refused.status).toBe(400)
    expect(refused.body.toString()).toContain(named)
  })

  it('an account without push settings sends nothing', async () => {
    expect(await post(`accounts/${APP_ID}/messages?type=text`, 'a')).toMatchObject({ status: 400 })
    expect(got).toEqual([])
  })
})

/** WeChat's own examples (wechat-api.md §6.3) through everything but the table. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readPushBody } from '../../../shared/core/push/pushBody.ts'
import { readPushFields } from '../../../shared/core/push/pushFields.ts'
import { type CallbackSettings, PushQuery, VerificationQuery } from '../../../shared/core/schemas/callback.ts'
import { checkVerification, openPush } from '../../../shared/domain/messages/openPush.ts'
import { HttpEvent, toRequest } from '../../../shared/hosts/lambda/httpEvent.ts'

const APP_ID = 'wxba5fad812f8e6fb9'
const SETTINGS: CallbackSettings = { token: 'AAAAA', aes_key: 'A'.repeat(43) }

/** A recorded event, at the time when it was sent. */
async function arrived(path: string) {
  const event: unknown = JSON.parse(readFileSync(new URL(`../../../events/${path}`, import.meta.url), 'utf8'))
  const request = toRequest(HttpEvent.parse(event))
  const query = Object.fromEntries(new URL(request.url).searchParams)
  const { body } = await readPushBody(request)
  const fields = readPushFields(Buffer.from(body).toString()) ?? new Map()
  return { query, body, fields, appId: APP_ID, now: Number(query['timestamp']) * 1000 }
}

describe('an example of WeChat', () => {
  it('verifies the address', async () => {
    const { query, now } = await arrived('verifyCallback/ok.apigw.json')
    expect(() => checkVerification(SETTINGS, { query: VerificationQuery.parse(query), now })).not.toThrow()
  })

  it.each(['ok', 'xml'])('in safe mode is opened: %s', async name => {
    const { query, ...push } = await arrived(`receiveMessage/${name}.apigw.json`)
    const { fields, covered } = openPush(SETTINGS, { ...push, query: PushQuery.parse(query) })
    expect(covered).toBe(true)
    expect(Object.fromEntries(fields ?? [])).toEqual({
      ToUserName: 'gh_97417a04a28d',
      FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
      CreateTime: '1714112445',
      MsgType: 'event',
      Event: 'debug_demo',
      debug_str: 'hello world',
    })
  })

  it('in plain mode is read where the account allows it, and says that nothing covers it', async () => {
    const { query, ...push } = await arrived('receiveMessage/plain.apigw.json')
    const plain = { ...push, query: PushQuery.parse(query) }
    const { fields, covered } = openPush({ ...SETTINGS, mode: 'plain' }, plain)
    expect([covered, fields?.get('Content'), fields?.get('MsgId')]).toEqual([
      false,
      '你好，素材 😀',
      '24538563426234567',
    ])
    for (const mode of ['safe', 'compatible'] as const) {
      expect(() => openPush({ ...SETTINGS, mode }, plain)).toThrow('no call of WeChat')
    }
  })
})

/** Which credential a call takes on WeChat Cloud: the real client and the simulator's open interface service. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { accountRow, findAccount } from '../../shared/core/account.ts'
import { callQuotas } from '../../shared/domain/quotas/callQuotas.ts'
import { type CloudTokenSource, cloudTokens } from '../../shared/domain/tokens/cloudTokens.ts'
import { weChatClient } from '../../shared/wechat/client.ts'
import { isCloudCall } from '../../shared/wechat/cloudCall.ts'
import { withCloudKinds } from '../../shared/wechat/credentials.ts'
import { fileBytes } from '../support/files.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const TOKEN = 'cloud-token-1'
const DRAFT = { title: '海边', thumb_media_id: '', content: '<p>日出</p>' }

/** WeChat as a function of WeChat Cloud has it, `source` being the platform's token. */
function cloudClient(service: World, source: CloudTokenSource) {
  const { table, clock, transport } = service
  return weChatClient({
    transport,
    tokens: cloudTokens({ rows: service.newReader(), source, isCloudCall, table, clock }),
    quotas: callQuotas({ table, clock, log: service.ports.log, metrics: service.ports.metrics }),
    clock,
    random: service.ports.random,
  })
}

async function useCloudCredential(service: World): Promise<void> {
  const row = await findAccount(service.table, APP_ID)
  if (!row) throw new Error('the world has no account')
  Object.assign(service.ports, { credentials: withCloudKinds(service.ports.credentials) })
  await service.table.put(accountRow({ ...row.data, credential: 'cloudbase' }), row.version)
}

const given = (value = TOKEN) => ({ value, expiresAt: Number.MAX_SAFE_INTEGER })

const image = (bytes: Buffer) => ({
  filename: '海边.jpg',
  contentType: 'image/jpeg',
  size: bytes.length,
  open: async () => Readable.from([bytes]),
})

describe('an account with the credential of the cloud', () => {
  it('sends files and asks for lists under the platform’s token, and needs no token of its own', async () => {
    await using service = await world()
    await useCloudCredential(service)
    service.control.setSidecar({ appId: APP_ID, token: TOKEN, open: false })
    const wechat = cloudClient(service, given)
    const added = await wechat.material(APP_ID).add('image', image(fileBytes('jpg', 600)), undefined)
    expect(await wechat.material(APP_ID).count()).toMatchObject({ image_count: 1 })
    expect(added.media_id).not.toBe('')
    expect(service.calls('stable_token')).toBe(0)
  })

  it('takes the token row for drafts, which the cloud does not open', async () => {
    await using service = await world()
    await useCloudCredential(service)
    service.control.setSidecar({ appId: APP_ID, token: TOKEN, open: false })
    const wechat = cloudClient(service, given)
    const { media_id: thumb } = await wechat.material(APP_ID).add('image', image(fileBytes('jpg', 600)), undefined)
    expect(await wechat.draft(APP_ID).add([{ ...DRAFT, thumb_media_id: thumb }])).toHaveProperty('media_id')
    expect(service.calls('stable_token')).toBe(1)
  })

  it('takes the token row while the platform gives no token', async () => {
    await using service = await world()
    await useCloudCredential(service)
    expect(
      await cloudClient(service, () => undefined)
        .material(APP_ID)
        .count(),
    ).toHaveProperty('image_count')
    expect(service.calls('stable_token')).toBe(1)
  })

  it('follows a token of the platform that was renewed meanwhile', async () => {
    await using service = await world()
    await useCloudCredential(service)
    service.control.setSidecar({ appId: APP_ID, token: 'cloud-token-2', open: false })
    const values = ['cloud-token-1', 'cloud-token-2']
    const wechat = cloudClient(service, () => given(values.shift() ?? 'cloud-token-2'))
    expect(await wechat.material(APP_ID).count()).toHaveProperty('image_count')
    expect(service.calls('stable_token')).toBe(0)
  })

  it('falls back on the token row when the platform’s token is refused for good', async () => {
    await using service = await world()
    await useCloudCredential(service)
    expect(await cloudClient(service, given).material(APP_ID).count()).toHaveProperty('image_count')
    expect(service.calls('stable_token')).toBe(1)
  })
})

it('another account never gets the platform’s token, which is not its own', async () => {
  await using service = await world()
  service.control.setSidecar({ appId: APP_ID, token: TOKEN, open: false })
  let asked = 0
  const wechat = cloudClient(service, () => {
    asked++
    return given()
  })
  await wechat.material(APP_ID).count()
  expect([service.calls('stable_token'), asked > 0]).toEqual([1, true])
})

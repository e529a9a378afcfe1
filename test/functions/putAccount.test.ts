import { describe, expect, it } from 'vitest'
import { getAccount } from '../../functions/getAccount.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { putAccount } from '../../functions/putAccount.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { AccountData, callbackContext } from '../../shared/core/account.ts'
import { fileBytes } from '../support/files.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const NEW_APP_ID = 'wxcccccccccccccccc'
const SECRET = 'canary-of-a-new-account'
const CALLBACK = { token: 'canaryToken9', aes_key: 'canaryAesKeyABCDEFGHIJKLMNOPQRSTUVWXYZ01234' }
const FORM = multipartBody([{ name: 'f', filename: '图.jpg', contentType: 'image/jpeg', bytes: fileBytes('jpg') }])

const rowOf = async ({ table }: World, appId: string): Promise<AccountData> =>
  AccountData.parse((await table.get({ pk: 'ACCOUNT', sk: appId }))?.data)

const put = (appId: string, body: unknown) => ({ params: { appId }, body, appId: null })

/** A world where WeChat knows one more account than the service. */
async function withNewAccount(): Promise<World> {
  const service = await world()
  service.control.putAccount({ appId: NEW_APP_ID, secret: SECRET })
  return service
}

describe('a new account', () => {
  it('is checked, sealed, and usable at once', async () => {
    await using service = await withNewAccount()
    const { data } = await service.ok(putAccount, put(NEW_APP_ID, { secret: SECRET, name: '城市日落' }))
    expect(data).toEqual({
      app_id: NEW_APP_ID,
      name: '城市日落',
      kind: 'official',
      articles: 'draft',
      limits: 'current',
      credential: 'stable_token',
      callback: false,
      secret_fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
      updated_at: Math.floor(service.clock.now() / 1000),
    })
    expect(service.calls('stable_token')).toBe(1)
    await service.ok(getMaterialStats, { appId: NEW_APP_ID })
    const row = await rowOf(service, NEW_APP_ID)
    expect(JSON.stringify(row)).not.toContain(SECRET)
    expect(await service.ports.secrets.open(row.sealed_secret, NEW_APP_ID)).toBe(SECRET)
    expect(JSON.stringify(service.lines())).not.toContain(SECRET)
  })

  it('seals its callback under a context of its own', async () => {
    await using service = await withNewAccount()
    const { data } = await service.ok(putAccount, put(NEW_APP_ID, { secret: SECRET, callback: CALLBACK }))
    expect(data.callback).toBe(true)
    const { sealed_callback = '' } = await rowOf(service, NEW_APP_ID)
    const opened = await service.ports.secrets.open(sealed_callback, callbackContext(NEW_APP_ID))
    expect(JSON.parse(opened)).toEqual(CALLBACK)
    await expect(service.ports.secrets.open(sealed_callback, NEW_APP_ID)).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    })
    expect(JSON.stringify([service.lines(), await rowOf(service, NEW_APP_ID)])).not.toContain('canary')
    await service.ok(putAccount, put(NEW_APP_ID, { callback: null }))
    expect((await rowOf(service, NEW_APP_ID)).sealed_callback).toBeUndefined()
  })

  it('needs a secret', async () => {
    await using service = await withNewAccount()
    const problem = await service.fails(putAccount, put(NEW_APP_ID, { name: '无' }))
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ in: 'body', field: 'secret' }] } })
  })

  it('with a wrong secret is not kept, and the answer has WeChat’s words', async () => {
    await using service = await withNewAccount()
    const problem = await service.fails(putAccount, put(NEW_APP_ID, { secret: 'canary-wrong' }))
    expect(problem).toMatchObject({
      code: 'ACCOUNT_MISCONFIGURED',
      status_code: 424,
      details: { remedy: expect.stringContaining('AppSecret') },
      wechat: { errcode: 40125, rid: expect.any(String) },
    })
    expect(await service.table.get({ pk: 'ACCOUNT', sk: NEW_APP_ID })).toBeUndefined()
    expect(JSON.stringify([problem, service.lines()])).not.toContain('canary-wrong')
  })

  it('from an address that is not whitelisted says which one to add', async () => {
    await using service = await withNewAccount()
    service.control.putAccount({ appId: NEW_APP_ID, ipBlocked: true })
    const problem = await service.fails(putAccount, put(NEW_APP_ID, { secret: SECRET }))
    expect(problem).toMatchObject({ details: { ip: '127.0.0.1' }, wechat: { errcode: 40164 } })
  })

  it('is not kept while WeChat cannot be asked', async () => {
    await using service = await withNewAccount()
    service.weChatIsDown = true
    expect(await service.fails(putAccount, put(NEW_APP_ID, { secret: SECRET }))).toMatchObject({ status_code: 503 })
    expect(await service.table.get({ pk: 'ACCOUNT', sk: NEW_APP_ID })).toBeUndefined()
  })

  it('of a mini program has temporary media and nothing else', async () => {
    await using service = await withNewAccount()
    service.control.putAccount({ appId: NEW_APP_ID, kind: 'miniprogram' })
    await service.ok(putAccount, put(NEW_APP_ID, { secret: SECRET, kind: 'mini_program' }))
    await service.ok(uploadTemporaryMedia, { appId: NEW_APP_ID, form: FORM })
    const permanent = { appId: NEW_APP_ID, params: { type: 'image' }, form: FORM }
    expect(await service.fails(uploadMaterial, permanent)).toMatchObject({
      code: 'NOT_FOR_MINI_PROGRAM',
      status_code: 424,
    })
  })
})

describe('a change', () => {
  it('of other settings asks nothing of WeChat and keeps what is not named', async () => {
    await using service = await world()
    const before = await rowOf(service, APP_ID)
    const { data } = await service.ok(putAccount, put(APP_ID, { articles: 'news', limits: '2015' }))
    expect(data).toMatchObject({ articles: 'news', limits: '2015', name: before.name })
    expect(service.calls('stable_token')).toBe(0)
    expect(await rowOf(service, APP_ID)).toMatchObject({ sealed_secret: before.sealed_secret })
  })

  it('to a wrong secret changes nothing', async () => {
    await using service = await world()
    const before = await rowOf(service, APP_ID)
    await service.fails(putAccount, put(APP_ID, { secret: 'wrong', name: '新名' }))
    expect(await rowOf(service, APP_ID)).toEqual(before)
  })

  it('to the right secret ends a standing failure of the token', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, secret: SECRET })
    expect(await service.fails(getMaterialStats)).toMatchObject({ wechat: { errcode: 40125 } })
    expect(await service.fails(getMaterialStats)).toMatchObject({ code: 'ACCOUNT_MISCONFIGURED' })
    const ask = { params: { appId: APP_ID }, appId: null }
    expect((await service.ok(getAccount, ask)).data.health).toMatchObject({ state: 'DEGRADED' })
    await service.ok(putAccount, put(APP_ID, { secret: SECRET }))
    await service.ok(getMaterialStats)
    expect((await service.ok(getAccount, ask)).data.health).toMatchObject({ state: 'OK', last_error: null })
  })

  it('lifts parked calls within a minute', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/draft/count', kind: 'errcode', errcode: 45009, times: 1 })
    expect(await service.fails(getMaterialStats)).toMatchObject({ status_code: 429 })
    await service.ok(putAccount, put(APP_ID, {}))
    await service.clock.advance(60_000)
    await service.ok(getMaterialStats)
  })

  it('of the credential is tried with the secret that is kept', async () => {
    await using service = await world()
    await service.ok(putAccount, put(APP_ID, { credential: 'token' }))
    expect(service.calls('token')).toBe(1)
    await service.ok(getMaterialStats)
    expect(service.calls('token')).toBe(2)
    expect(service.calls('stable_token')).toBe(0)
  })

  it('at the same time as another one is told so', async () => {
    await using service = await world()
    const table: typeof service.table = {
      ...service.table,
      put: async (draft, expected, signal) => {
        const row = await service.table.get(draft)
        if (row && draft.pk === 'ACCOUNT') await service.table.put(row, row.version)
        return service.table.put(draft, expected, signal)
      },
    }
    const problem = await service.fails(putAccount, { ...put(APP_ID, { name: '晚' }), ports: { table } })
    expect(problem).toMatchObject({ code: 'WRITE_CONFLICT' })
  })
})

describe('is refused', () => {
  it.each([
    ['an unknown field', { secrets: 'x' }],
    ['a credential that is not supported', { credential: 'authorizer' }],
    ['a callback key of another length', { callback: { ...CALLBACK, aes_key: 'short' } }],
    ['a secret that is no text', { secret: 7 }],
  ])('%s', async (_what, body) => {
    await using service = await world()
    expect(await service.fails(putAccount, put(APP_ID, body))).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('a malformed app_id', async () => {
    await using service = await world()
    expect(await service.fails(putAccount, put('wx1', { secret: 'x' }))).toMatchObject({ code: 'INVALID_APP_ID' })
  })

  it('an admin of other accounts', async () => {
    await using service = await withNewAccount()
    const key = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
    expect(await service.fails(putAccount, { ...put(NEW_APP_ID, { secret: SECRET }), key })).toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})

describe('the callback of an account', () => {
  it.each([
    'http://consumer.test/',
    'https://',
    'https://user:word@consumer.test/',
    'https://a b/',
    'http://127.0.0.1.evil.test/',
    'http://localhost@evil.test/',
    'ftp://consumer.test/',
    'https://consumer.test/#part',
  ])('is handed on to no address like %s', async forward_url => {
    await using service = await world()
    const problem = await service.fails(putAccount, put(APP_ID, { callback: { ...CALLBACK, forward_url } }))
    expect(problem).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: expect.arrayContaining([expect.objectContaining({ field: 'callback.forward_url' })]) },
    })
  })

  it.each(['https://consumer.test', 'https://消费者.test/推送?a=1', 'http://127.0.0.1:8080/wx', 'http://localhost'])(
    'may be handed on to %s',
    async forward_url => {
      await using service = await world()
      const { data } = await service.ok(putAccount, put(APP_ID, { callback: { ...CALLBACK, forward_url } }))
      expect(data.callback).toBe(true)
    },
  )
})

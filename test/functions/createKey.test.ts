import { describe, expect, it } from 'vitest'
import { createKey } from '../../functions/createKey.ts'
import { listKeys } from '../../functions/listKeys.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { APP_ID, world } from '../support/world.ts'

const OTHER_APP_ID = 'wxaaaaaaaaaaaaaaaa'
const DAY_S = 24 * 3600

const ask = (body: Record<string, unknown>, key?: string) => ({ body, appId: null, ...(key !== undefined && { key }) })

describe('a new key', () => {
  it('is shown once and works in its role on its accounts', async () => {
    await using service = await world()
    await service.addAccount(OTHER_APP_ID)
    const { data } = await service.ok(createKey, ask({ role: 'read', app_ids: [APP_ID], name: '排版系统' }))
    expect(data).toMatchObject({
      role: 'read',
      app_ids: [APP_ID],
      name: '排版系统',
      key: expect.stringMatching(/^sucai_/),
    })
    await service.ok(listUploads, { key: data.key })
    expect(await service.fails(listUploads, { key: data.key, appId: OTHER_APP_ID })).toMatchObject({ status_code: 403 })
    expect(await service.fails(createKey, ask({ role: 'read', app_ids: '*' }, data.key))).toMatchObject({
      status_code: 403,
    })
    const listed = await service.ok(listKeys, { appId: null })
    expect(JSON.stringify(listed)).not.toContain(data.key)
    const row = await service.table.get({ pk: 'KEY', sk: data.key_id })
    expect(JSON.stringify(row)).not.toContain(data.key)
  })

  it('for all accounts is for future ones too', async () => {
    await using service = await world()
    const { data } = await service.ok(createKey, ask({ role: 'read', app_ids: '*' }))
    await service.addAccount(OTHER_APP_ID)
    await service.ok(listUploads, { key: data.key, appId: OTHER_APP_ID })
  })

  it('ends when it says', async () => {
    await using service = await world()
    const end = Math.floor(service.clock.now() / 1000) + 60
    const { data } = await service.ok(createKey, ask({ role: 'read', app_ids: '*', expires_at: end }))
    await service.clock.advance(59_999)
    await service.ok(listUploads, { key: data.key })
    await service.clock.advance(1)
    expect(await service.fails(listUploads, { key: data.key })).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it.each([
    ['an end in the past', { role: 'read', app_ids: '*', expires_at: 1 }, 'expires_at'],
    ['no account', { role: 'read', app_ids: [] }, 'app_ids'],
    ['a malformed account', { role: 'read', app_ids: ['wx1'] }, 'app_ids.0'],
    ['an unknown role', { role: 'owner', app_ids: '*' }, 'role'],
    ['an unknown field', { role: 'read', app_ids: '*', appIds: [APP_ID] }, ''],
  ])('with %s is refused', async (_what, body, field) => {
    await using service = await world()
    const problem = await service.fails(createKey, ask(body))
    expect(problem).toMatchObject({ code: 'INVALID_REQUEST', details: { issues: [{ in: 'body', field }] } })
  })
})

describe('nobody can give what they do not have', () => {
  it.each([
    ['all accounts', '*'],
    ['another account', [OTHER_APP_ID]],
    ['another account beside their own', [APP_ID, OTHER_APP_ID]],
  ])('an admin of one account cannot make a key for %s', async (_what, app_ids) => {
    await using service = await world()
    const limited = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
    expect(await service.fails(createKey, ask({ role: 'read', app_ids }, limited))).toMatchObject({ code: 'FORBIDDEN' })
    const { data } = await service.ok(createKey, ask({ role: 'admin', app_ids: [APP_ID] }, limited))
    expect(data.app_ids).toEqual([APP_ID])
  })

  it('nor replace a key that has more', async () => {
    await using service = await world()
    const limited = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
    const { data } = await service.ok(createKey, ask({ role: 'read', app_ids: '*' }))
    const body = { role: 'read', app_ids: [APP_ID], replaces: data.key_id }
    expect(await service.fails(createKey, ask(body, limited))).toMatchObject({ code: 'KEY_NOT_FOUND' })
    await service.clock.advance(2 * DAY_S * 1000)
    await service.ok(listUploads, { key: data.key })
  })
})

describe('rotation', () => {
  it('leaves the old key valid for a day beside the new one', async () => {
    await using service = await world()
    const { data: old } = await service.ok(createKey, ask({ role: 'write', app_ids: [APP_ID] }))
    const { data: next } = await service.ok(createKey, ask({ role: 'write', app_ids: [APP_ID], replaces: old.key_id }))
    const { data: keys } = await service.ok(listKeys, { appId: null })
    expect(keys.find(({ key_id }) => key_id === old.key_id)).toMatchObject({
      replaced_by: next.key_id,
      expires_at: Math.floor(service.clock.now() / 1000) + DAY_S,
    })
    await service.clock.advance(DAY_S * 1000 - 1)
    await service.ok(listUploads, { key: old.key })
    await service.ok(listUploads, { key: next.key })
    await service.clock.advance(1)
    expect(await service.fails(listUploads, { key: old.key })).toMatchObject({ code: 'UNAUTHORIZED' })
    await service.ok(listUploads, { key: next.key })
  })

  it('ends the old key at once without overlap, and never prolongs it', async () => {
    await using service = await world()
    const { data: old } = await service.ok(createKey, ask({ role: 'read', app_ids: '*' }))
    await service.ok(createKey, ask({ role: 'read', app_ids: '*', replaces: old.key_id, overlap: 0 }))
    expect(await service.fails(listUploads, { key: old.key })).toMatchObject({ code: 'UNAUTHORIZED' })
    await service.ok(createKey, ask({ role: 'read', app_ids: '*', replaces: old.key_id, overlap: 60 }))
    expect(await service.fails(listUploads, { key: old.key })).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('of an unknown key makes none', async () => {
    await using service = await world()
    const body = { role: 'read', app_ids: '*', replaces: '0123456789abcdef' }
    const { data: before } = await service.ok(listKeys, { appId: null })
    expect(await service.fails(createKey, ask(body))).toMatchObject({ code: 'KEY_NOT_FOUND' })
    expect((await service.ok(listKeys, { appId: null })).data).toEqual(before)
  })
})

import fc, { type Scheduler } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKey } from '../../functions/createKey.ts'
import { deleteKey } from '../../functions/deleteKey.ts'
import { listKeys } from '../../functions/listKeys.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { KEY_PARTITION, KeyData, keyRow } from '../../shared/core/keys.ts'
import { CreatedKeyAnswer } from '../../shared/core/schemas/keys.ts'
import type { RowDraft, Table } from '../../shared/ports/table.ts'
import { failingWrites } from '../support/brokenTables.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const NEW = { body: { role: 'read', app_ids: '*' }, appId: null }

it('ends a key at once', async () => {
  await using service = await world()
  const { data } = await service.ok(createKey, NEW)
  await service.ok(listUploads, { key: data.key })
  await service.ok(deleteKey, { params: { keyId: data.key_id }, appId: null })
  expect(await service.fails(listUploads, { key: data.key })).toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await service.fails(deleteKey, { params: { keyId: data.key_id }, appId: null })).toMatchObject({
    code: 'KEY_NOT_FOUND',
  })
})

it('does not know a key beyond the caller’s own grants', async () => {
  await using service = await world()
  const limited = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
  const { data } = await service.ok(createKey, NEW)
  const ask = { params: { keyId: data.key_id }, appId: null, key: limited }
  expect(await service.fails(deleteKey, ask)).toMatchObject({ code: 'KEY_NOT_FOUND', status_code: 404 })
  await service.ok(listUploads, { key: data.key })
})

it.each(['x', '0123456789ABCDEF', '0123456789abcdef0'])('refuses the malformed id %s', async keyId => {
  await using service = await world()
  expect(await service.fails(deleteKey, { params: { keyId }, appId: null })).toMatchObject({ code: 'INVALID_REQUEST' })
})

const idOf = (key: string): string => keyRow(key, { role: 'admin', app_ids: '*', created_at: 0 }).data.key_id

const isPending = (data: unknown): boolean => KeyData.parse(data).pending !== undefined

const ending = (key: string, by = key) => ({ params: { keyId: idOf(key) }, appId: null, key: by })

/** From here on there are only the keys that the test makes. */
async function withoutKeys({ table }: World): Promise<void> {
  for (const row of (await table.list(KEY_PARTITION, { limit: 100 })).items) await table.remove(row, row.version)
}

describe('the last admin key', () => {
  it('is not deleted, and works as before', async () => {
    await using service = await world()
    expect(await service.fails(deleteKey, ending(service.keys.admin))).toMatchObject({
      code: 'LAST_ADMIN_KEY',
      status_code: 409,
      message: expect.stringContaining('another admin key'),
    })
    const { data } = await service.ok(listKeys, { appId: null })
    expect(data.find(({ key_id }) => key_id === idOf(service.keys.admin))).not.toHaveProperty('pending')
  })

  it('may go once there is another one', async () => {
    await using service = await world()
    const { data: next } = await service.ok(createKey, { body: { role: 'admin', app_ids: '*' }, appId: null })
    await service.ok(deleteKey, ending(service.keys.admin))
    expect(await service.fails(listKeys, { appId: null })).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await service.fails(deleteKey, ending(next.key))).toMatchObject({ code: 'LAST_ADMIN_KEY' })
  })

  it.each([
    ['of fewer accounts', { role: 'admin', app_ids: [APP_ID] }],
    ['of a lower role', { role: 'write', app_ids: '*' }],
    ['that has expired', { role: 'admin', app_ids: '*', expires_at: 1 }],
  ] as const)('is the last one although there is a key %s', async (_what, grant) => {
    await using service = await world()
    await service.addKey({ ...grant, app_ids: grant.app_ids === '*' ? '*' : [...grant.app_ids] })
    expect(await service.fails(deleteKey, ending(service.keys.admin))).toMatchObject({ code: 'LAST_ADMIN_KEY' })
  })

  it('is the last one although the key that it replaced is still valid', async () => {
    await using service = await world()
    const body = { role: 'admin', app_ids: '*', replaces: idOf(service.keys.admin) }
    const { data: next } = await service.ok(createKey, { body, appId: null })
    expect(await service.fails(deleteKey, ending(next.key))).toMatchObject({ code: 'LAST_ADMIN_KEY' })
    await service.ok(deleteKey, ending(service.keys.admin))
  })

  it('is not replaced by a key that may do less, and no such key is left behind', async () => {
    await using service = await world()
    const replaces = idOf(service.keys.admin)
    const { data: before } = await service.ok(listKeys, { appId: null })
    for (const body of [
      { role: 'write', app_ids: '*', replaces },
      { role: 'admin', app_ids: [APP_ID], replaces },
    ]) {
      expect(await service.fails(createKey, { body, appId: null })).toMatchObject({ code: 'LAST_ADMIN_KEY' })
    }
    expect((await service.ok(listKeys, { appId: null })).data).toEqual(before)
  })

  it('of some accounts may go while there is one of all', async () => {
    await using service = await world()
    const limited = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
    await service.ok(deleteKey, ending(limited))
  })

  it('may go once it has expired', async () => {
    await using service = await world()
    const expired = await service.addKey({ role: 'admin', expires_at: 1 })
    await service.ok(deleteKey, ending(expired, service.keys.admin))
  })

  it('is the last one although there is a key whose deletion broke off', async () => {
    await using service = await world()
    const remove: Table['remove'] = () => Promise.reject(new Error('no answer'))
    const other = await service.addKey({ role: 'admin' })
    await service.fails(deleteKey, { ...ending(other), ports: { table: { ...service.table, remove } } })
    expect(await service.fails(deleteKey, ending(service.keys.admin))).toMatchObject({ code: 'LAST_ADMIN_KEY' })
    await service.ok(deleteKey, ending(other))
  })

  it('is not one whose making broke off, which anybody may delete', async () => {
    await using service = await world()
    const isSettled = ({ data }: RowDraft<unknown>) => KeyData.safeParse(data).data?.name === '新' && !isPending(data)
    const table = failingWrites(service.table, isSettled)
    const body = { role: 'admin', app_ids: '*', name: '新', replaces: idOf(service.keys.admin) }
    expect(await service.fails(createKey, { body, appId: null, ports: { table } })).toMatchObject({ status_code: 503 })
    const { data } = await service.ok(listKeys, { appId: null })
    const lost = data.find(({ pending }) => pending === 'creation')
    expect(lost).toMatchObject({ name: '新' })
    await service.ok(deleteKey, { params: { keyId: lost?.key_id ?? '' }, appId: null })
    await service.ok(createKey, { body, appId: null })
  })

  it('does not stay marked when the table fails meanwhile', async () => {
    await using service = await world()
    const list: Table['list'] = () => Promise.reject(new Error('no answer'))
    const ask = { ...ending(service.keys.admin), ports: { table: { ...service.table, list } } }
    expect(await service.fails(deleteKey, ask)).toMatchObject({ status_code: 500 })
    const other = await service.addKey({ role: 'admin' })
    await service.ok(deleteKey, ending(other))
  })
})

it('whoever ends keys at the same time, in whatever order, one admin key stays with somebody', async () => {
  await using service = await world()
  const acts = fc.array(fc.constantFrom('delete', 'replace', 'rotate'), { minLength: 1, maxLength: 3 })
  const property = fc.asyncProperty(fc.scheduler(), acts, async (scheduler, wanted) => {
    await withoutKeys(service)
    const keys: string[] = []
    for (const _ of wanted) keys.push(await service.addKey({ role: 'admin' }))
    const table = interleaved(service.table, scheduler)
    const work = wanted.map((act, index) => {
      const key = keys[index] ?? ''
      if (act === 'delete') return service.request(deleteKey, { ...ending(key), ports: { table } })
      const body = { role: act === 'rotate' ? 'admin' : 'read', app_ids: '*', replaces: idOf(key), overlap: 0 }
      return service.request(createKey, { body, appId: null, key, ports: { table } })
    })
    const answers = await scheduler.waitFor(Promise.all(work))
    const shown = answers.flatMap(({ json }) => CreatedKeyAnswer.safeParse(json).data?.data ?? [])
    const held = [...keys, ...shown.map(({ key }) => key)]
    const asked = await Promise.all(held.map(key => service.request(listKeys, { key, appId: null })))
    const isValid = asked.map(({ status }) => status === 200)
    expect(isValid).toContain(true)
    // What was refused is as if nobody had asked for it.
    expect(isValid.slice(0, keys.length)).toEqual(answers.map(({ status }) => status === 409))
    const { data } = await service.ok(listKeys, { key: held[isValid.indexOf(true)] ?? '', appId: null })
    expect(data.filter(({ pending }) => pending)).toEqual([])
    expect(data).toHaveLength(keys.length + shown.length - answers.filter(({ status }) => status === 200).length)
  })
  await fc.assert(property, { numRuns: 300 })
})

/** A table whose calls take effect in the scheduler's order. */
function interleaved(table: Table, scheduler: Scheduler): Table {
  const { get, put, remove, list } = table
  return {
    ...table,
    get: (...given) => scheduler.schedule(Promise.resolve()).then(() => get(...given)),
    put: (...given) => scheduler.schedule(Promise.resolve()).then(() => put(...given)),
    remove: (...given) => scheduler.schedule(Promise.resolve()).then(() => remove(...given)),
    list: (...given) => scheduler.schedule(Promise.resolve()).then(() => list(...given)),
  }
}

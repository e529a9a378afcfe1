import { expect, it } from 'vitest'
import { createKey } from '../../functions/createKey.ts'
import { listKeys } from '../../functions/listKeys.ts'
import { APP_ID, world } from '../support/world.ts'

it('pages through all keys, none twice', async () => {
  await using service = await world()
  for (let at = 0; at < 5; at++) await service.addKey({ role: 'read' })
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: Record<string, string> = { limit: '3', ...(cursor && { cursor }) }
    const page: { data: { key_id: string }[]; next_cursor: string | null } = await service.ok(listKeys, {
      query,
      appId: null,
    })
    expect(page.data.length).toBeLessThanOrEqual(3)
    ids.push(...page.data.map(({ key_id }) => key_id))
    cursor = page.next_cursor
  }
  expect(new Set(ids).size).toBe(8)
  expect(ids).toHaveLength(8)
})

it('shows a limited admin only keys within their own grants', async () => {
  await using service = await world()
  const key = await service.addKey({ role: 'admin', app_ids: [APP_ID] })
  const body = { role: 'read', app_ids: [APP_ID], name: '甲' }
  await service.ok(createKey, { body, appId: null })
  const { data } = await service.ok(listKeys, { key, appId: null })
  expect(data.map(({ app_ids }) => app_ids)).toEqual([[APP_ID], [APP_ID]])
})

it.each([
  ['read', 403],
  ['write', 403],
] as const)('is not for a %s key', async (role, status) => {
  await using service = await world()
  expect(await service.fails(listKeys, { key: service.keys[role], appId: null })).toMatchObject({ status_code: status })
})

it('refuses a cursor that it did not make', async () => {
  await using service = await world()
  const problem = await service.fails(listKeys, { query: { cursor: 'x' }, appId: null })
  expect(problem).toMatchObject({ code: 'INVALID_REQUEST' })
})

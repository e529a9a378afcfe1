import { expect, it } from 'vitest'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { listAccounts } from '../../functions/listAccounts.ts'
import { APP_ID, world } from '../support/world.ts'

const OTHERS = ['wxaaaaaaaaaaaaaaaa', 'wxbbbbbbbbbbbbbbbb'] as const

it('lists only accounts that the key has a grant on', async () => {
  await using service = await world()
  for (const appId of OTHERS) await service.addAccount(appId)
  const key = await service.addKey({ role: 'read', app_ids: [OTHERS[0], 'wx0000000000000000'] })
  const mine = await service.ok(listAccounts, { key, appId: null })
  expect(mine.data.map(({ app_id }) => app_id)).toEqual([OTHERS[0]])
  const all = await service.ok(listAccounts, { key: service.keys.read, appId: null })
  expect(all.data.map(({ app_id }) => app_id)).toEqual([APP_ID, ...OTHERS].sort())
})

it('shows which account needs its operator, and asks nothing of WeChat', async () => {
  await using service = await world()
  await service.addAccount(OTHERS[0], { frozen: true })
  await service.fails(getMaterialStats, { appId: OTHERS[0] })
  const asked = service.control.calls().calls.length
  const { data } = await service.ok(listAccounts, { appId: null })
  expect(data).toMatchObject([
    { app_id: APP_ID, state: 'OK' },
    { app_id: OTHERS[0], state: 'DEGRADED', reason: expect.stringContaining('50002') },
  ])
  expect(service.control.calls().calls).toHaveLength(asked)
})

it('pages', async () => {
  await using service = await world()
  for (const appId of OTHERS) await service.addAccount(appId)
  const first = await service.ok(listAccounts, { query: { limit: '2' }, appId: null })
  expect(first.data).toHaveLength(2)
  const rest = await service.ok(listAccounts, { query: { limit: '2', cursor: first.next_cursor ?? '' }, appId: null })
  expect(rest).toMatchObject({ data: [{ app_id: OTHERS[1] }], next_cursor: null })
})

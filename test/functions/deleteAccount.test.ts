import { expect, it } from 'vitest'
import { deleteAccount } from '../../functions/deleteAccount.ts'
import { getMaterialStats } from '../../functions/getMaterialStats.ts'
import { readToken } from '../../shared/domain/tokens/tokenRow.ts'
import { APP_ID, world } from '../support/world.ts'

const ASK = { params: { appId: APP_ID }, appId: null }

it('removes the account and its token at once', async () => {
  await using service = await world()
  await service.ok(getMaterialStats)
  expect(await readToken(service.table, APP_ID)).toBeDefined()
  await service.ok(deleteAccount, ASK)
  expect(await service.fails(getMaterialStats)).toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
  expect(await readToken(service.table, APP_ID)).toBeUndefined()
  expect(await service.fails(deleteAccount, ASK)).toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
})

it('leaves other accounts alone', async () => {
  await using service = await world()
  await service.addAccount('wxaaaaaaaaaaaaaaaa')
  await service.ok(deleteAccount, ASK)
  await service.ok(getMaterialStats, { appId: 'wxaaaaaaaaaaaaaaaa' })
})

it('needs an admin of this account', async () => {
  await using service = await world()
  const foreign = await service.addKey({ role: 'admin', app_ids: ['wxaaaaaaaaaaaaaaaa'] })
  for (const key of [service.keys.write, foreign]) {
    expect(await service.fails(deleteAccount, { ...ASK, key })).toMatchObject({ code: 'FORBIDDEN' })
  }
  await service.ok(getMaterialStats)
})

it('leaves no token row behind that a late reader could bring back for ever', async () => {
  await using service = await world()
  await service.ok(deleteAccount, ASK)
  await expect(service.newReader().current(APP_ID)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
  const row = await readToken(service.table, APP_ID)
  expect(row?.data.value).toBe('')
  expect(row?.ttl).toBeLessThan(service.clock.now() / 1000 + 2 * 24 * 3600)
})

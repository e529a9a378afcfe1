import { expect, it } from 'vitest'
import { bootstrap } from '../../functions/bootstrap.ts'
import { createKey } from '../../functions/createKey.ts'
import { listKeys } from '../../functions/listKeys.ts'
import { KEY_PARTITION } from '../../shared/core/keys.ts'
import { killable } from '../support/killable.ts'
import { type World, world } from '../support/world.ts'

const CALL = { trigger: 'call', payload: {} } as const

/** A service that nobody has a key of. */
async function empty(): Promise<World> {
  const service = await world()
  const { items } = await service.table.list(KEY_PARTITION, { limit: 100 })
  for (const row of items) await service.table.remove(row, row.version)
  return service
}
const keysOf = async (service: World) => (await service.table.list(KEY_PARTITION, { limit: 100 })).items

it('makes an admin key of all accounts, which makes further ones', async () => {
  await using service = await empty()
  const { key } = Object(await service.run(bootstrap, CALL))
  const { data } = await service.ok(listKeys, { key, appId: null })
  expect(data).toMatchObject([{ role: 'admin', app_ids: '*', name: 'bootstrap' }])
  await service.ok(createKey, { key, appId: null, body: { role: 'read', app_ids: '*' } })
})

it('refuses a second time, also when its key is gone', async () => {
  await using service = await empty()
  await service.run(bootstrap, CALL)
  await expect(service.run(bootstrap, CALL)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  for (const row of await keysOf(service)) await service.table.remove(row, row.version)
  await expect(service.run(bootstrap, CALL)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await keysOf(service)).toEqual([])
})

it('makes one key when many try at once', async () => {
  await using service = await empty()
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => service.run(bootstrap, CALL)))
  expect(tries.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  await service.run(bootstrap, CALL).catch(() => undefined)
  expect(await keysOf(service)).toHaveLength(1)
})

it.each(['before', 'after'] as const)('leaves one usable key when it died %s any of its steps', async moment => {
  for (let step = 1; ; step++) {
    await using service = await empty()
    const { ports, died, steps } = killable(service.ports, step, moment)
    const end = await Promise.race([died, service.run(bootstrap, CALL, { ports })])
    if (end !== 'died') {
      expect(steps()).toBeGreaterThan(3)
      return
    }
    const isWhole = moment === 'after' && (await keysOf(service)).length === 1 && steps() === 4
    const again = await service.run(bootstrap, CALL).catch(error => error)
    expect(await keysOf(service)).toHaveLength(1)
    if (isWhole) expect(again).toMatchObject({ code: 'FORBIDDEN' })
    else await service.ok(listKeys, { key: Object(again).key, appId: null })
  }
})

it('writes its key into no log', async () => {
  await using service = await empty()
  const { key } = Object(await service.run(bootstrap, CALL))
  expect(JSON.stringify(service.lines())).not.toContain(key)
  expect(JSON.stringify(service.lines())).toContain('[redacted]')
})

import { describe, expect, it } from 'vitest'
import { archiveMessage } from '../../functions/archiveMessage.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import { handMade, imageXml, mediaRows, messageRows, setUpCallback } from '../support/callbacks.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { type Killable, killable } from '../support/killable.ts'
import { APP_ID, type World, world } from '../support/world.ts'

/** A message that was received, and whose archiver was not told. */
async function received(service: World, mediaId = 'm1', msgId = '1'): Promise<{ app_id: string; message_id: string }> {
  service.loseSends = true
  await service.ok(receiveMessage, handMade(service, { message: imageXml(mediaId, msgId), nonce: msgId }))
  service.loseSends = false
  return { app_id: APP_ID, message_id: `m-${msgId}` }
}

const archive = (service: World, payload: unknown, ports: Partial<NamedPorts> = {}) =>
  service.run(archiveMessage, { trigger: 'call', payload }, { ports })
const sweep = (service: World) => service.drive(service.run(archiveMessage, { trigger: 'schedule' }))

describe('a message', () => {
  it('is archived once by archivers that run at once', async () => {
    await using service = await world()
    await setUpCallback(service)
    const message = await received(service)
    await Promise.all(Array.from({ length: 5 }, () => archive(service, message)))
    expect(await mediaRows(service)).toMatchObject([
      { sk: 'm1', data: { source: 'fan', type: 'image', created_at: 1714112445_000, age_known: true } },
    ])
    expect(service.metrics('FanMedia')).toEqual([1])
  })

  it('names its fan by a hash only, the same for each message of that fan', async () => {
    await using service = await world()
    await setUpCallback(service)
    for (const id of ['1', '2']) await archive(service, await received(service, `media-${id}`, id))
    const hashes = (await mediaRows(service)).map(({ data }) => data['openid_hash'])
    expect(hashes).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), hashes[0]])
    expect(JSON.stringify([await mediaRows(service), await messageRows(service)])).not.toContain('o9AgO5Kd5ggOC')
  })

  it('that nobody was told of is archived by the schedule, not before its time', async () => {
    await using service = await world()
    await setUpCallback(service)
    await received(service)
    expect(await sweep(service)).toEqual({ archived: 0 })
    await service.clock.advance(30_000)
    expect(await sweep(service)).toEqual({ archived: 1 })
    expect(await mediaRows(service)).toHaveLength(1)
    expect(await sweep(service)).toEqual({ archived: 0 })
  })

  it('is archived although the archiver dies at any step, once it is run again', async () => {
    for (const moment of ['before', 'after'] as const) {
      let steps = 0
      for (let step = 1, died = true; died; step++) {
        await using service = await world({ seed: step })
        await setUpCallback(service)
        const message = await received(service)
        const dying = killable(service.ports, step, moment)
        const run = archive(service, message, dying.ports).then(() => 'done')
        died = (await Promise.race([run, dying.died])) === 'died'
        await service.clock.advance(30_000)
        await sweep(service)
        expect(await mediaRows(service)).toHaveLength(1)
        expect((await messageRows(service))[0]?.due).toBeUndefined()
        steps = step
      }
      expect(steps).toBeGreaterThan(4)
    }
  })

  it('that fails does not keep others back, and comes again later and later', async () => {
    await using service = await world()
    await setUpCallback(service)
    const broken = await received(service, 'm1', '1')
    await received(service, 'm2', '2')
    const table: Killable['ports']['table'] = {
      ...service.table,
      put: (draft, expected, signal) =>
        draft.pk.startsWith('MED#') && draft.sk === 'm1'
          ? Promise.reject(new AppError('INTERNAL', 'a poisoned row'))
          : service.table.put(draft, expected, signal),
    }
    await expect(archive(service, broken, { table })).rejects.toThrow('a poisoned row')
    const dueIn = async () => ((await messageRows(service))[0]?.due?.at ?? 0) - service.clock.now()
    expect(await dueIn()).toBe(60_000)
    await service.clock.advance(60_000)
    await service.drive(service.run(archiveMessage, { trigger: 'schedule' }, { ports: { table } }))
    expect(await mediaRows(service)).toMatchObject([{ sk: 'm2' }])
    expect(await dueIn()).toBe(120_000)
    await service.clock.advance(120_000)
    await sweep(service)
    expect(await mediaRows(service)).toHaveLength(2)
  })

  it('that is not there is nobody’s work', async () => {
    await using service = await world()
    expect(await archive(service, { app_id: APP_ID, message_id: 'm-404' })).toEqual({ archived: 1 })
    await expect(archive(service, { app_id: 'x', message_id: '' })).rejects.toThrow()
  })
})

it('a fan’s media is copied at once, under the day and with its hash, and nobody asks WeChat again', async () => {
  await using service = await world()
  await setUpCallback(service)
  const body = fileBytes('amr', 3_000)
  const { media_ids: ids } = await service.drive(service.control.sendMessage(APP_ID, { type: 'voice', body }))
  await service.settled()
  const rows = await mediaRows(service)
  expect(rows.map(({ sk }) => sk).sort()).toEqual([...ids].sort())
  for (const { data } of rows) {
    expect(data).toMatchObject({ state: 'MIRRORED', source: 'fan', file: { sha256: sha256(body), size: body.length } })
  }
  expect(service.calls('media/get')).toBe(2)
})

import { describe, expect, it } from 'vitest'
import type { StoredFile } from '../../../shared/domain/library/storedFile.ts'
import { openidHash } from '../../../shared/domain/temporary/openidHash.ts'
import { findTemporary } from '../../../shared/domain/temporary/temporaryRow.ts'
import { type SeenMedia, trackMedia } from '../../../shared/domain/temporary/trackMedia.ts'
import { unconditional } from '../../support/brokenTables.ts'
import { killable } from '../../support/killable.ts'
import { permitted } from '../../support/permitted.ts'
import { APP_ID, type World, world } from '../../support/world.ts'

const DAY_MS = 86_400_000
const seen = (service: World, more: Partial<SeenMedia> = {}): SeenMedia => ({
  ...{ appId: APP_ID, mediaId: 'mEdIa_0-1', source: 'fan', type: 'voice', createdAt: service.clock.now() - 60_000 },
  ...more,
})
const file = (service: World): StoredFile => ({
  ...{ object_key: 'store/x.amr', content_type: 'audio/amr', size: 9, sha256: 'ab', filename: '语音.amr' },
  stored_at: service.clock.now(),
})
const places = async (service: World) =>
  (await service.table.list(`MEDX#${APP_ID}`, { limit: 9 })).items.map(row => row.sk)

describe('tracking', () => {
  it('makes one row of three overlapping sightings, due by its deadline and listed once', async () => {
    await using service = await world()
    const once = seen(service, { openidHash: '0f' })
    const rows = await Promise.all([1, 2, 3].map(() => trackMedia(service.ports, once)))
    expect(rows.map(row => [row.version, row.data.state])).toEqual(Array(3).fill([1, 'PENDING']))
    expect(rows[0]?.due).toEqual({ queue: 'mirror', at: once.createdAt })
    expect(rows[0]?.data).toMatchObject({
      expires_at: (once.createdAt ?? 0) + 3 * DAY_MS,
      attempts: 0,
      age_known: true,
    })
    expect(await places(service)).toHaveLength(1)
    expect((await service.table.list(`MEDF#${APP_ID}#0f`, { limit: 9 })).items).toHaveLength(1)
  })

  it.each(['uploadTemporaryMedia', 'renewTemporaryMedia', 'forwardUpload', 'archiveMessage'])(
    'lets %s say the age of a media that somebody tracked without it, within its role',
    async id => {
      await using service = await world()
      const roles = permitted()
      const ports = { ...service.ports, table: roles.table(service.table) }
      await trackMedia(ports, seen(service, { createdAt: undefined }))
      await roles.as(id, () => trackMedia(ports, seen(service)))
      roles.check()
      expect(await places(service)).toHaveLength(1)
    },
  )

  it('without conditional writes would make more of them', async () => {
    await using service = await world()
    const ports = { ...service.ports, table: unconditional(service.table) }
    const rows = await Promise.all([1, 2, 3].map(() => trackMedia(ports, seen(service))))
    expect(Math.max(...rows.map(row => row.version))).toBeGreaterThan(1)
  })

  it('adds what it did not know, moves the media to its true place, and changes nothing else', async () => {
    await using service = await world()
    const { createdAt: _, ...first } = seen(service, { source: 'tracked', type: undefined })
    const before = await trackMedia(service.ports, first)
    expect(before.data).toMatchObject({ age_known: false, created_at: service.clock.now() })
    const after = await trackMedia(service.ports, seen(service, { openidHash: '0f' }))
    expect(after.data).toMatchObject({ source: 'tracked', type: 'voice', age_known: true, openid_hash: '0f' })
    expect(await places(service)).toEqual([`${after.data.expires_at}#mEdIa_0-1`])
    const again = await trackMedia(service.ports, seen(service, { type: 'image', createdAt: 5, openidHash: '10' }))
    expect(again).toEqual(after)
  })

  it('takes a file for the copy, then and later', async () => {
    await using service = await world()
    const kept = await trackMedia(service.ports, seen(service, { file: file(service) }))
    expect(kept).toMatchObject({ data: { state: 'MIRRORED', file: { size: 9 } } })
    expect(kept.due).toBeUndefined()
    await trackMedia(service.ports, seen(service, { mediaId: 'second' }))
    const later = await trackMedia(service.ports, seen(service, { mediaId: 'second', file: file(service) }))
    expect(later.data.state).toBe('MIRRORED')
    expect(later.data.try_at).toBeUndefined()
  })

  it('that dies at any of its steps is whole after one more sighting', async () => {
    for (let step = 1; ; step++) {
      await using service = await world()
      const dying = killable(service.ports, step, 'after')
      const once = seen(service, { openidHash: '0f' })
      const run = trackMedia({ ...service.ports, ...dying.ports }, once)
      if ((await Promise.race([run, dying.died])) !== 'died') break
      await trackMedia(service.ports, once)
      expect((await findTemporary(service.table, once))?.version).toBe(1)
      expect(await places(service)).toHaveLength(1)
      expect(step).toBeLessThan(20)
    }
  })

  it('reads a row of schema version 1', async () => {
    await using service = await world()
    const data = { app_id: APP_ID, media_id: 'old', file: file(service), created_at: service.clock.now() }
    await service.table.put({ pk: `MED#${APP_ID}`, sk: 'old', schemaVersion: 1, data }, 0)
    const row = await findTemporary(service.table, { appId: APP_ID, mediaId: 'old' })
    expect(row?.data).toMatchObject({ state: 'MIRRORED', source: 'tracked', age_known: false, file: { size: 9 } })
  })
})

describe('the hash of an openid', () => {
  it('is the same for the same fan of the same account only, and neither openid nor key rest in the table', async () => {
    await using service = await world()
    const openid = 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY'
    const hashes = await Promise.all([1, 2, 3].map(() => openidHash(service.ports, { appId: APP_ID, openid })))
    expect(new Set(hashes).size).toBe(1)
    expect(hashes[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(await openidHash(service.ports, { appId: APP_ID, openid: `${openid}x` })).not.toBe(hashes[0])
    expect(await openidHash(service.ports, { appId: 'wxbbbbbbbbbbbbbbbb', openid })).not.toBe(hashes[0])
    const row = await service.table.get<{ sealed_key: string }>({ pk: `OPENID#${APP_ID}`, sk: 'key' })
    expect(JSON.stringify(row)).not.toContain(openid)
    expect(row?.data.sealed_key).toMatch(/^g1\./)
  })
})

import { describe, expect, it } from 'vitest'
import { completeUpload } from '../../functions/completeUpload.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { listUploads } from '../../functions/listUploads.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { uploadKey } from '../../shared/domain/uploads/uploadRow.ts'
import { sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { open, openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const MINUTE_MS = 60_000
const ADD = '/cgi-bin/material/add_material'

describe('a lost storage event', () => {
  it('costs at most two minutes', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
  })

  it('of a file posted minutes later is found too', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    await service.clock.advance(10 * MINUTE_MS)
    await service.post(opened, opened.bytes)
    service.dropEvents()
    await service.clock.advance(2 * MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })

  it('of fifty uploads loses none and doubles none', async () => {
    await using service = await world()
    for (let at = 0; at < 50; at++) await openAndPost(service, { filename: `图 ${at}.jpg` })
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    await Promise.all([service.sweep(), service.sweep()])
    expect(service.materials()).toHaveLength(50)
    expect((await service.ok(listUploads, { query: { state: 'STORED', limit: '100' } })).data).toHaveLength(50)
  })
})

describe('the lag of the sweeper', () => {
  it('is the time that the upload that waits longest has been due', async () => {
    await using service = await world()
    await service.sweep()
    await openAndPost(service)
    await service.clock.advance(MINUTE_MS)
    await openAndPost(service)
    service.dropEvents()
    await service.clock.advance(4 * MINUTE_MS)
    await service.sweep()
    expect(service.metrics('SweepLag')).toEqual([0, 270])
  })
})

describe('an upload whose bytes never come', () => {
  it('expires 15 minutes after its URL did, without a call of WeChat', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(29 * MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED' })
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'EXPIRED' })
    expect(service.control.calls().total).toBe(0)
  })

  it('stays expired when they come after all', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(31 * MINUTE_MS)
    await service.sweep()
    await service.post(opened, opened.bytes)
    await service.deliver()
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'EXPIRED' })
    expect(service.control.calls().total).toBe(0)
  })

  it('is not looked at each minute', async () => {
    await using service = await world()
    const opened = await open(service)
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    const row = await service.table.get(uploadKey(APP_ID, opened.uploadId))
    expect(row?.due?.at).toBe(service.clock.now() + 2 * MINUTE_MS)
  })
})

describe('work that was handed over and lost', () => {
  it('is handed over again until somebody does it', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    service.dropEvents()
    service.loseSends = true
    await service.ok(completeUpload, { params: { uploadId: opened.uploadId } })
    for (let minute = 0; minute < 3; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await view(service, opened)).toMatchObject({ state: 'UPLOADED' })
    service.loseSends = false
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('one broken row', () => {
  it('does not stop the others, and is named in the log', async () => {
    await using service = await world()
    const due = { queue: 'upload', at: service.clock.now() }
    await service.table.put({ ...uploadKey(APP_ID, 'broken'), schemaVersion: 1, data: { state: 'NONSENSE' }, due }, 0)
    await service.table.put({ pk: 'ELSEWHERE', sk: 'x', schemaVersion: 1, data: {}, due }, 0)
    const opened = await openAndPost(service)
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
    expect(service.lines()).toContainEqual(expect.objectContaining({ level: 'error', sk: 'broken' }))
  })

  it('nor do 150 of them', async () => {
    await using service = await world()
    const due = { queue: 'upload', at: 1 }
    for (let at = 0; at < 150; at++) {
      const data = { state: 'NONSENSE' }
      await service.table.put({ ...uploadKey(APP_ID, `broken${at}`), schemaVersion: 1, data, due }, 0)
    }
    const opened = await openAndPost(service)
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('one account in trouble', () => {
  it('does not hold up another', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { row: { sealed_secret: 'g1.broken' } })
    for (let at = 0; at < 30; at++) await openAndPost(service, { appId: 'wxaaaaaaaaaaaaaaaa' })
    const opened = await openAndPost(service)
    service.dropEvents()
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
  })
})

describe('too little time', () => {
  it('ends the sweep early and says how much was done', async () => {
    await using service = await world()
    for (let at = 0; at < 3; at++) await open(service)
    await service.clock.advance(MINUTE_MS)
    expect(await service.run(sweepUploads, { trigger: 'schedule' }, { limitMs: 4_000 })).toEqual({ swept: 0 })
    expect(await service.run(sweepUploads, { trigger: 'schedule' }, { limitMs: 55_000 })).toEqual({ swept: 3 })
  })
})

describe('a sweep that dies', () => {
  /** Where the upload is when the sweep begins: its event lost, its sender dead before or after WeChat took it, unclear. */
  type Situation = 'lost' | 'dead unsent' | 'dead sent' | 'unknown'
  const dieAndRecover = async (step: number, moment: 'before' | 'after', situation: Situation) => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    service.dropEvents()
    if (situation === 'unknown') {
      service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
      await service.run(forwardUpload, event)
      await service.clock.advance(MINUTE_MS)
    } else if (situation === 'lost') {
      await service.clock.advance(MINUTE_MS)
    } else {
      const sender = killable(service.ports, 6, situation === 'dead sent' ? 'after' : 'before')
      await Promise.race([sender.died, service.run(forwardUpload, event, sender)])
      expect(service.materials()).toHaveLength(situation === 'dead sent' ? 1 : 0)
      await service.clock.advance(3 * MINUTE_MS)
    }
    const { died, ...run } = killable(service.ports, step, moment)
    await Promise.race([died, service.run(sweepUploads, { trigger: 'schedule' }, run)])
    for (let minute = 0; minute < 10; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.sweep()
    }
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
    expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
  }
  for (const situation of ['lost', 'dead unsent', 'dead sent', 'unknown'] as const) {
    for (const moment of ['before', 'after'] as const) {
      it.each([1, 2, 3, 4, 5])(`${moment} its step %i with the upload ${situation} loses and doubles nothing`, step =>
        dieAndRecover(step, moment, situation),
      )
    }
  }
})

describe('a heap of work of one account', () => {
  const heap = async (service: World, uploads: number) => {
    const due = { queue: 'upload', at: 1 }
    const now = service.clock.now()
    for (let at = 0; at < uploads; at++) {
      const upload_id = `01kb0000000abcdefghjk${String(at).padStart(5, '0')}`
      const times = { created_at: now, updated_at: now, expires_at: now }
      const file = { type: 'image', permanent: true, filename: 'a.jpg', content_type: 'image/jpeg', size: 300 }
      const data = { upload_id, app_id: APP_ID, state: 'UPLOADED', ...file, attempts: 0, misses: 0, ...times }
      await service.table.put({ ...uploadKey(APP_ID, upload_id), schemaVersion: 2, data, due }, 0)
    }
  }

  it.each([30, 1_500])(
    '(%i uploads, due before) is not handed over before the one of another account',
    async uploads => {
      await using service = await world()
      await service.addAccount('wxaaaaaaaaaaaaaaaa')
      await heap(service, uploads)
      const opened = await openAndPost(service, { appId: 'wxaaaaaaaaaaaaaaaa' })
      service.dropEvents()
      await service.clock.advance(MINUTE_MS)
      const handed: unknown[] = []
      const send = async (_id: string, payload: unknown) => void handed.push(payload)
      const ports = { invoker: { ...service.invoker, send } }
      await service.run(sweepUploads, { trigger: 'schedule' }, { ports })
      const place = handed.findIndex(payload => JSON.stringify(payload).includes(opened.uploadId))
      expect(place).toBeGreaterThanOrEqual(0)
      // Within the first turns, where the stores' answers overtake each other, or once that account has had its share.
      expect(place).toBeLessThan(uploads < 1_000 ? 20 : 501)
      expect(handed.length).toBe(Math.min(uploads, 500) + 1)
    },
  )

  it('is worked through by the next runs', async () => {
    await using service = await world()
    await heap(service, 700)
    const run = () => service.run(sweepUploads, { trigger: 'schedule' }, { ports: { invoker: quiet(service) } })
    expect([await run(), await run()]).toEqual([{ swept: 500 }, { swept: 200 }])
  })
})

const quiet = (service: World) => ({ ...service.invoker, send: async () => undefined })

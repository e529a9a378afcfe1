/** What the forwarder makes of every way in which WeChat, the network, the table and Lambda itself fail. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { completeUpload } from '../../functions/completeUpload.ts'
import { createUpload } from '../../functions/createUpload.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { retryUpload } from '../../functions/retryUpload.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import type { ObjectStore } from '../../shared/ports/objectStore.ts'
import type { Table } from '../../shared/ports/table.ts'
import { failingWrites, stateOf } from '../support/brokenTables.ts'
import { faultyPorts } from '../support/faultyPorts.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { type Opened, open, openAndPost, view } from '../support/uploads.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ADD = '/cgi-bin/material/add_material'
const UPLOAD = '/cgi-bin/media/upload'
const MINUTE_MS = 60_000

/** Minutes with the sweeper's schedule, until `done` or `minutes` are over. */
async function sweepFor(service: World, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await service.clock.advance(MINUTE_MS)
    await service.sweep()
  }
}

const expectStoredOnce = async (service: World, opened: Opened): Promise<void> => {
  const [material] = service.materials()
  expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: material?.media_id })
  expect(service.materials()).toMatchObject([{ sha256: sha256(opened.bytes) }])
}

describe('a refused token', () => {
  it.each([40001, 42001, 40014])('%i: one renewal, one repetition, the bytes whole again', async errcode => {
    await using service = await world()
    await openAndPost(service)
    await service.deliver()
    const opened = await openAndPost(service, { bytes: fileBytes('jpg', 200_000, 9) })
    service.control.expireTokens(APP_ID, errcode)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(service.materials()[1]?.sha256).toBe(sha256(opened.bytes))
    expect(service.calls('material/add_material')).toBe(3)
    expect(service.calls('stable_token')).toBe(2)
  })

  it('that was refused by mistake is used again after a pause', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'spurious-40001', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    await expectStoredOnce(service, opened)
    expect(service.calls('material/add_material')).toBe(2)
    expect(service.control.ledger().filter(({ kind }) => kind === 'stable_token/forced')).toEqual([])
  })

  it('that is refused for ever parks the upload after one repetition', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: 40001 })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { wechat: { errcode: 40001 } } })
    expect(service.calls('material/add_material')).toBe(2)
  })
})

describe('an unclear answer of a permanent upload', () => {
  it.each(['accept-then-reset', 'status', 'html', 'truncate', 'empty'] as const)(
    '(%s) after the work was done: found in the list, sent once',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: ADD, kind, executed: true, times: 1 })
      const opened = await openAndPost(service)
      await service.deliver()
      expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN', error: { code: 'WECHAT_UNCLEAR' } })
      await sweepFor(service, 1)
      await expectStoredOnce(service, opened)
      expect(service.calls('material/add_material')).toBe(1)
    },
  )

  it.each(['reset-before', 'status', 'html', 'empty'] as const)(
    '(%s) before any work: absent twice, then sent again',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: ADD, kind, executed: false, times: 1 })
      const opened = await openAndPost(service)
      await service.deliver()
      expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
      await sweepFor(service, 1)
      expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
      await sweepFor(service, 2)
      await expectStoredOnce(service, opened)
      expect(service.calls('material/add_material')).toBe(2)
    },
  )

  it('is doubled when the list is not read (the twin)', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    const material = (appId: string) => ({
      ...service.wechat.material(appId),
      list: async () => ({ total_count: 0, item_count: 0, item: [] }),
    })
    for (let minute = 0; minute < 3; minute++) {
      await service.clock.advance(MINUTE_MS)
      await service.run(sweepUploads, { trigger: 'schedule' }, { ports: { wechat: { ...service.wechat, material } } })
      await service.settled()
    }
    expect(await view(service, opened)).toMatchObject({ state: 'STORED' })
    expect(service.materials()).toHaveLength(2)
  })

  it('as text/plain is no fault at all', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'text-plain' })
    const opened = await openAndPost(service)
    await service.deliver()
    await expectStoredOnce(service, opened)
  })

  it('stays unclear while the list cannot be read, and nothing is sent again', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'reset-before', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    service.control.addFault({ path: '/cgi-bin/material/batchget_material', kind: 'errcode', errcode: -1 })
    await sweepFor(service, 10)
    expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
    expect(service.calls('material/add_material')).toBe(1)
    service.control.clearFaults()
    await sweepFor(service, 4)
    await expectStoredOnce(service, opened)
  })

  it('is found behind sixty newer materials', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    for (let at = 0; at < 60; at++) await openAndPost(service, { filename: `后来 ${at}.jpg` })
    await service.deliver()
    await sweepFor(service, 1)
    const mine = service.materials().find(({ filename }) => filename?.includes(opened.uploadId.slice(-10)))
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: mine?.media_id })
    expect(service.materials()).toHaveLength(61)
  })

  it('is not mistaken for another upload of the same name and bytes', async () => {
    await using service = await world()
    const first = await openAndPost(service, { filename: '同名.jpg' })
    await service.deliver()
    service.control.addFault({ path: ADD, kind: 'reset-before', times: 1 })
    const opened = await openAndPost(service, { filename: '同名.jpg', bytes: first.bytes, declared: { force: true } })
    await service.deliver()
    await sweepFor(service, 3)
    expect(service.materials()).toHaveLength(2)
    expect(await view(service, opened)).toMatchObject({ media_id: service.materials()[1]?.media_id })
  })

  describe('whose material has another name in the list', () => {
    /** The list as a WeChat that renames files would give it. */
    const renaming = (service: World) => ({
      ...service.wechat,
      material: (appId: string) => ({
        ...service.wechat.material(appId),
        list: async (...args: Parameters<ReturnType<typeof service.wechat.material>['list']>) => {
          const page = await service.wechat.material(appId).list(...args)
          return { ...page, item: page.item.map(item => ({ ...item, name: item.media_id })) }
        },
      }),
    })
    const sweepRenamed = async (service: World, minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        await service.clock.advance(MINUTE_MS)
        const ports = { wechat: renaming(service) }
        await service.drive(service.run(sweepUploads, { trigger: 'schedule' }, { ports, limitMs: 55_000 }))
        await service.settled()
      }
    }

    it('is found by its bytes, among others of that time', async () => {
      await using service = await world()
      service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
      const opened = await openAndPost(service)
      await service.deliver()
      for (let at = 0; at < 3; at++) await openAndPost(service)
      await openAndPost(service, { bytes: fileBytes('jpg', 301) })
      await service.deliver()
      await sweepRenamed(service, 1)
      const [mine] = service.materials()
      expect(await view(service, opened)).toMatchObject({ state: 'STORED', media_id: mine?.media_id })
      expect(service.materials()).toHaveLength(5)
    })

    it('is found although more files are there than one look compares', async () => {
      await using service = await world()
      service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
      const opened = await openAndPost(service)
      await service.deliver()
      for (let at = 0; at < 12; at++) await openAndPost(service)
      await service.deliver()
      await sweepRenamed(service, 1)
      expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
      await sweepRenamed(service, 3)
      expect(await view(service, opened)).toMatchObject({ media_id: service.materials()[0]?.media_id })
      expect(service.calls('material/add_material')).toBe(13)
    })

    it('stays unclear while the files cannot be fetched', async () => {
      await using service = await world()
      service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
      const opened = await openAndPost(service)
      await service.deliver()
      service.control.addFault({ path: '/cgi-bin/material/get_material', kind: 'errcode', errcode: -1 })
      await sweepRenamed(service, 6)
      expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
      expect(service.calls('material/add_material')).toBe(1)
    })
  })

  it('of a thumb is found among the images', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const opened = await openAndPost(service, { type: 'thumb' })
    await service.deliver()
    await sweepFor(service, 1)
    await expectStoredOnce(service, opened)
  })

  it.each(['voice', 'video'] as const)('of a %s is found in its own list', async type => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'accept-then-reset', times: 1 })
    const format = type === 'voice' ? 'mp3' : 'mp4'
    const opened = await openAndPost(service, { type, format, declared: type === 'video' ? { title: '题' } : {} })
    await service.deliver()
    await sweepFor(service, 1)
    await expectStoredOnce(service, opened)
  })

  it('that comes with every sending ends in the failure inbox', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'html' })
    const opened = await openAndPost(service)
    await service.deliver()
    await sweepFor(service, 60)
    expect(await view(service, opened)).toMatchObject({
      state: 'REJECTED',
      attempts: 5,
      error: { code: 'WECHAT_UNCLEAR' },
    })
    expect(service.calls('material/add_material')).toBe(5)
  })
})

describe('an unclear answer of a temporary upload', () => {
  it.each(['accept-then-reset', 'reset-before', 'html', 'truncate'] as const)(
    '(%s) is simply sent again: a duplicate costs nothing',
    async kind => {
      await using service = await world()
      service.control.addFault({ path: UPLOAD, kind, times: 1 })
      const opened = await openAndPost(service, { declared: { permanent: false } })
      await service.deliver()
      expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
      await sweepFor(service, 1)
      expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 2 })
    },
  )

  it('with every sending ends in the failure inbox', async () => {
    await using service = await world()
    service.control.addFault({ path: UPLOAD, kind: 'html' })
    const opened = await openAndPost(service, { declared: { permanent: false } })
    await service.deliver()
    await sweepFor(service, 60)
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', attempts: 5 })
    expect(service.calls('media/upload')).toBe(5)
  })
})

describe('a definite refusal', () => {
  it.each([
    [40005, 'FILE_TYPE_NOT_ALLOWED'],
    [40009, 'FILE_TOO_LARGE'],
    [45034, 'LIBRARY_FULL'],
    [99999, 'WECHAT_REFUSED'],
  ])('%i rejects the upload at once', async (errcode, code) => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode, errmsg: '原因 rid: 5f1d0000-0a0b0c0d-01020304' })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({
      state: 'REJECTED',
      error: { code, wechat: { errcode, rid: '5f1d0000-0a0b0c0d-01020304' } },
    })
    await sweepFor(service, 5)
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('45009 parks it until midnight in Beijing and not a minute less', async () => {
    await using service = await world()
    service.control.putAccount({ appId: APP_ID, quotas: { [ADD]: 0 } })
    const opened = await openAndPost(service)
    await service.deliver()
    const midnight = Date.UTC(2026, 10, 23, 16) / 1000
    const { state, parked_until: until = 0 } = await view(service, opened)
    expect([state, until >= midnight, until <= midnight + 60]).toEqual(['PARKED', true, true])
    service.control.putAccount({ appId: APP_ID, quotas: { [ADD]: 1 } })
    await service.clock.advance(midnight * 1000 - service.clock.now() - MINUTE_MS)
    await service.sweep()
    expect(service.materials()).toEqual([])
    await sweepFor(service, 2)
    await expectStoredOnce(service, opened)
  })

  it('45009 of one account does not hold up another', async () => {
    await using service = await world()
    await service.addAccount('wxaaaaaaaaaaaaaaaa', { quotas: { [ADD]: 0 } })
    const parked = await openAndPost(service, { appId: 'wxaaaaaaaaaaaaaaaa' })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, parked)).toMatchObject({ state: 'PARKED' })
    await expectStoredOnce(service, opened)
  })

  it('-1 is tried again later, a little later each time', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1, times: 2 })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', error: { code: 'WECHAT_BUSY' } })
    await sweepFor(service, 6)
    await expectStoredOnce(service, opened)
    expect(await view(service, opened)).toMatchObject({ attempts: 3 })
  })

  it('-1 after which the list shows the file all the same is not sent again, also after the last try', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1, times: 4 })
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1, executed: true, times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    await sweepFor(service, 30)
    await expectStoredOnce(service, opened)
    expect(await view(service, opened)).toMatchObject({ attempts: 5 })
  })

  it('-1 is not sent again while the list cannot be read', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1, times: 1 })
    service.control.addFault({ path: '/cgi-bin/material/batchget_material', kind: 'errcode', errcode: -1 })
    const opened = await openAndPost(service)
    await service.deliver()
    await sweepFor(service, 5)
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED' })
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('-1 for ever ends in the failure inbox', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode: -1 })
    const opened = await openAndPost(service)
    await service.deliver()
    await sweepFor(service, 60)
    expect(await view(service, opened)).toMatchObject({ state: 'REJECTED', attempts: 5 })
    expect(service.calls('material/add_material')).toBe(5)
  })

  it.each([48001, 50002])('%i parks it for an hour: the operator must act', async errcode => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'errcode', errcode, times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    const hour = service.clock.now() / 1000 + 3_600
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', parked_until: hour })
    await sweepFor(service, 61)
    await expectStoredOnce(service, opened)
  })
})

describe('a WeChat that cannot be reached', () => {
  it('parks the upload without counting, and it is stored when WeChat is back', async () => {
    await using service = await world()
    await openAndPost(service, { filename: 'warm.jpg' })
    await service.deliver()
    service.weChatIsDown = true
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({
      state: 'PARKED',
      attempts: 0,
      error: { code: 'WECHAT_UNREACHABLE' },
    })
    await sweepFor(service, 30)
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', attempts: 0 })
    service.weChatIsDown = false
    await sweepFor(service, 2)
    expect(await view(service, opened)).toMatchObject({ state: 'STORED', attempts: 1 })
    expect(service.materials()).toHaveLength(2)
  })

  it('for the token neither loses nor counts a try', async () => {
    await using service = await world()
    service.weChatIsDown = true
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', attempts: 0 })
    service.weChatIsDown = false
    await sweepFor(service, 2)
    await expectStoredOnce(service, opened)
  })

  it('understandably for the token: nothing was sent, so nothing is unclear', async () => {
    await using service = await world()
    service.control.addFault({ path: '/cgi-bin/stable_token', kind: 'html', times: 1 })
    const opened = await openAndPost(service)
    await service.deliver()
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', attempts: 0 })
    await sweepFor(service, 2)
    await expectStoredOnce(service, opened)
    expect(service.calls('material/batchget_material')).toBe(0)
  })
})

describe('a call that hangs', () => {
  it('is ended before the run is, and its outcome found', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'hang', executed: true, times: 1 })
    const opened = await openAndPost(service)
    const run = service.deliver()
    await service.waitForFault('hang')
    await service.clock.advance(118_500)
    await run
    expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
    await sweepFor(service, 1)
    await expectStoredOnce(service, opened)
  })
})

describe('a table that fails', () => {
  it('when the outcome is written leaves SENDING, and nothing is sent twice', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const table = failingWrites(service.table, draft => stateOf(draft) === 'STORED')
    await expect(service.run(forwardUpload, event, { ports: { table } })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    // Lambda tries an asynchronous event twice more.
    await service.run(forwardUpload, event)
    await service.run(forwardUpload, event)
    expect(await view(service, opened)).toMatchObject({ state: 'SENDING' })
    await sweepFor(service, 5)
    await expectStoredOnce(service, opened)
    expect(service.calls('material/add_material')).toBe(1)
  })

  it('when the claim is written sends nothing', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const table = failingWrites(service.table, draft => stateOf(draft) === 'SENDING')
    await expect(service.run(forwardUpload, event, { ports: { table } })).rejects.toThrow()
    expect(service.control.calls().total).toBe(0)
    await service.deliver()
    await expectStoredOnce(service, opened)
  })

  it('with the claim written all the same: found dead, looked up, sent', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const table = failingWrites(service.table, draft => stateOf(draft) === 'SENDING', { after: true })
    await expect(service.run(forwardUpload, event, { ports: { table } })).rejects.toThrow()
    service.dropEvents()
    await sweepFor(service, 8)
    await expectStoredOnce(service, opened)
  })
})

describe('a store that goes away', () => {
  it('between the look at the bytes and their sending kills nothing, and the upload is tried again', async () => {
    await using service = await world()
    const bytes = fileBytes('jpg', 300, 7)
    const opened = await open(service, { bytes, declared: { sha256: sha256(bytes) } })
    const event = await service.post(opened, opened.bytes)
    service.dropEvents()
    let body: Readable | undefined
    const read: ObjectStore['read'] = async (key, options) => {
      const object = await service.objects.read(key, options)
      body = object?.body
      return object
    }
    const table: Table = {
      ...service.table,
      async put(draft, expected, signal) {
        if (stateOf(draft) === 'SENDING') body?.destroy(new Error('the store reset the connection'))
        await new Promise(setImmediate)
        return service.table.put(draft, expected, signal)
      },
    }
    await service.run(forwardUpload, event, { ports: { table, objects: { ...service.objects, read } } })
    expect(await view(service, opened)).toMatchObject({
      state: 'PARKED',
      attempts: 0,
      error: { code: 'STORE_UNAVAILABLE' },
    })
    await sweepFor(service, 2)
    await expectStoredOnce(service, opened)
  })

  it('or sends the first bytes one by one changes nothing', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const read: ObjectStore['read'] = async (key, options) => {
      const object = await service.objects.read(key, options)
      if (!object) return undefined
      const pieces = async function* () {
        for await (const chunk of object.body) {
          for (const byte of chunk) {
            await new Promise(setImmediate)
            yield Buffer.of(byte)
          }
        }
      }
      return { ...object, body: Readable.from(pieces(), { objectMode: false }) }
    }
    await service.run(forwardUpload, event, { ports: { objects: { ...service.objects, read } } })
    await expectStoredOnce(service, opened)
  })
})

describe('a sender that is slow', () => {
  it('and was declared dead still records its outcome', async () => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'delay', delay_ms: 200_000, times: 1 })
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const run = service.run(forwardUpload, event, { limitMs: 600_000 })
    await service.waitUntil(() => service.control.faults().length === 0)
    await service.clock.advance(30_000)
    await service.sweep()
    await service.clock.advance(155_000)
    await service.sweep()
    expect(await view(service, opened)).toMatchObject({ state: 'UNKNOWN' })
    await service.clock.advance(20_000)
    await service.drive(run)
    await expectStoredOnce(service, opened)
    expect(service.calls('material/batchget_material')).toBe(0)
  })
})

describe('a sending', () => {
  const MINUTES = [1, -1, 5, -5, 9]
  /** A sweeper in a process of its own, whose clock is so many minutes ahead. */
  const sweeperAt = (service: World, minutes: number) => {
    const clock = { ...service.clock, now: () => service.clock.now() + minutes * 60_000 }
    const call = { requestId: 'r', remaining: () => 50_000, signal: AbortSignal.timeout(50_000) }
    return () => sweepUploads.run({ trigger: 'schedule' }, { ...service.ports, clock }, call)
  }

  it.each(MINUTES)('is not taken for dead by a sweeper whose clock is %i minutes ahead', async minutes => {
    await using service = await world()
    service.control.addFault({ path: ADD, kind: 'delay', delay_ms: 110_000, times: 1 })
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const sweep = sweeperAt(service, minutes)
    const run = service.run(forwardUpload, event)
    await service.waitUntil(() => service.control.faults().length === 0)
    for (let minute = 0; minute < 3; minute++) {
      await sweep()
      expect(await view(service, opened)).toMatchObject({ state: 'SENDING' })
      await service.clock.advance(35_000)
    }
    await service.drive(run)
    await expectStoredOnce(service, opened)
    expect(service.calls('material/batchget_material')).toBe(0)
  })

  it.each(MINUTES)(
    'whose function died is looked for within a quarter of an hour, with a clock %i minutes ahead',
    async minutes => {
      for (const isNew of [true, false]) {
        await using service = await world()
        const opened = await open(service)
        const event = await service.post(opened, opened.bytes)
        const dying = killable(service.ports, 6, 'after')
        expect(await Promise.race([dying.died, service.run(forwardUpload, event, dying)])).toBe('died')
        const kept = sweeperAt(service, minutes)
        let passed = 0
        for (; (await view(service, opened)).state === 'SENDING' && passed < 20; passed++) {
          await service.clock.advance(60_000)
          // Processes that begin anew have seen nothing.
          await (isNew ? sweeperAt(service, minutes) : kept)()
        }
        expect(passed).toBeLessThanOrEqual(isNew ? 18 : Math.max(0, -minutes) + 4)
      }
    },
  )
})

describe('a run that dies', () => {
  const STEPS = 9
  for (const moment of ['before', 'after'] as const) {
    for (let step = 1; step <= STEPS; step++) {
      it(`${moment} its step ${step} loses nothing and doubles nothing`, async () => {
        await using service = await world()
        const opened = await open(service)
        const event = await service.post(opened, opened.bytes)
        service.dropEvents()
        const { died, ...run } = killable(service.ports, step, moment)
        const end = await Promise.race([died, service.run(forwardUpload, event, run)])
        expect(end, `the run has fewer than ${step} steps`).toBe('died')
        await sweepFor(service, 8)
        await expectStoredOnce(service, opened)
      })
    }
  }

  it('has no further step', async () => {
    await using service = await world()
    const opened = await open(service)
    const event = await service.post(opened, opened.bytes)
    const { ports, died } = killable(service.ports, STEPS + 1, 'before')
    expect(await Promise.race([died, service.run(forwardUpload, event, { ports })])).toEqual({ state: 'STORED' })
  })
})

describe('a file that is poison', () => {
  /** Every run that reads `key` breaks. */
  const poisoned = (service: World, key: string): ObjectStore => ({
    ...service.objects,
    async read(wanted, options) {
      if (wanted === key) throw new TypeError('nobody expected this')
      return service.objects.read(wanted, options)
    },
  })

  it('ends in the failure inbox after five tries, while others pass; a retry works once it is mended', async () => {
    await using service = await world()
    service.loseSends = true
    const poison = await openAndPost(service)
    await service.ok(completeUpload, { params: { uploadId: poison.uploadId } })
    service.dropEvents()
    const objects = poisoned(service, poison.fields['key'] ?? '')
    const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: poison.uploadId } } as const
    for (let minute = 0; minute < 30; minute++) {
      await service.run(forwardUpload, hint, { ports: { objects } })
      await service.clock.advance(MINUTE_MS)
    }
    service.loseSends = false
    const other = await openAndPost(service)
    await service.deliver()
    expect(await view(service, other)).toMatchObject({ state: 'STORED' })
    expect(await view(service, poison)).toMatchObject({ state: 'REJECTED', attempts: 5, error: { code: 'INTERNAL' } })
    await service.ok(retryUpload, { params: { uploadId: poison.uploadId } })
    await service.settled()
    expect(await view(service, poison)).toMatchObject({ state: 'STORED' })
  })

  it('on which every run dies without a word ends there, too', async () => {
    await using service = await world()
    const poison = await openAndPost(service)
    service.dropEvents()
    service.loseSends = true
    const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: poison.uploadId } } as const
    const objects: ObjectStore = { ...service.objects, read: () => new Promise<never>(() => undefined) }
    for (let minute = 0; minute < 30; minute++) {
      await sweepFor(service, 1)
      // It hangs until its sandbox is killed.
      void service.run(forwardUpload, hint, { ports: { objects } })
      await service.settled()
    }
    expect(await view(service, poison)).toMatchObject({ state: 'REJECTED', error: { code: 'INTERNAL' } })
  })

  it('is not what waits for an hour because no run could begin', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    service.dropEvents()
    service.loseSends = true
    await sweepFor(service, 60)
    expect(await view(service, opened)).toMatchObject({ state: 'CREATED', attempts: 0 })
    service.loseSends = false
    await sweepFor(service, 1)
    await expectStoredOnce(service, opened)
  })

  it('is not what a store is that is away for an hour', async () => {
    await using service = await world()
    const opened = await openAndPost(service)
    const event = await service.post(opened, opened.bytes)
    service.dropEvents()
    const { objects } = faultyPorts(service.ports, seededRandom(), { brokenBody: 1 }).ports
    await service.run(forwardUpload, event, { ports: { objects } })
    for (let minute = 0; minute < 60; minute++) {
      await service.clock.advance(MINUTE_MS)
      const hint = { trigger: 'call', payload: { app_id: APP_ID, upload_id: opened.uploadId } } as const
      await service.run(forwardUpload, hint, { ports: { objects } })
    }
    expect(await view(service, opened)).toMatchObject({ state: 'PARKED', attempts: 0 })
    await sweepFor(service, 2)
    await expectStoredOnce(service, opened)
  })
})

describe('a window in which all stores are away', () => {
  it('acknowledges nothing that is not kept, loses nothing that was acknowledged', async () => {
    await using service = await world()
    const before = await openAndPost(service)
    const faulty = faultyPorts(service.ports, seededRandom(), { throttled: 1, slowDown: 1 })
    const body = { type: 'image', filename: '图.jpg', size: 300 }
    const { status, headers } = await service.request(createUpload, { body, ports: faulty.ports })
    expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true])
    const key = before.fields['key'] ?? ''
    const event = { trigger: 'object', key, size: before.bytes.length, etag: 'x' } as const
    service.dropEvents()
    for (let minute = 0; minute < 10; minute++) {
      await expect(service.run(forwardUpload, event, faulty)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(service.run(sweepUploads, { trigger: 'schedule' }, faulty)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      await service.clock.advance(MINUTE_MS)
    }
    expect(service.control.calls().total).toBe(0)
    await sweepFor(service, 2)
    await expectStoredOnce(service, before)
  })
})

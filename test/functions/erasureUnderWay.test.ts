/** Erasures among work that is under way: whatever comes first, nothing of the fan is left in the end. */
import { describe, expect, it } from 'vitest'
import { archiveMessage } from '../../functions/archiveMessage.ts'
import { eraseFanMedia } from '../../functions/eraseFanMedia.ts'
import { forwardMessage } from '../../functions/forwardMessage.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import { renewTemporaryMedia } from '../../functions/renewTemporaryMedia.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import { openidHash } from '../../shared/domain/temporary/openidHash.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import type { RowDraft } from '../../shared/ports/table.ts'
import { handMade, imageXml, mediaRows, messageRows, setUpCallback } from '../support/callbacks.ts'
import { fileBytes } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { recordedObjects, seen } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

/** Who sends what `imageXml` says. */
const OPENID = 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY'
const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const SCHEDULE = { trigger: 'schedule' } as const
const MAX_STEPS = 60

const hashOf = (service: World) => openidHash(service.ports, { appId: APP_ID, openid: OPENID })
const erase = (service: World) => service.ok(eraseFanMedia, { body: { openid: OPENID } })
const MOMENTS = ['before', 'after'] as const

/** Ports whose next write of a row for which `isMeant` holds comes after `first`. */
function before(service: World, isMeant: (row: RowDraft<unknown>) => boolean, first: () => Promise<unknown>) {
  let isOver = false
  const table: NamedPorts['table'] = {
    ...service.table,
    async put(draft, expected, signal) {
      if (!isOver && isMeant(draft)) {
        isOver = true
        await first()
      }
      return service.table.put(draft, expected, signal)
    },
  }
  return { table }
}

/** Late runs have ended, the schedule has come once more. */
async function afterwards(service: World): Promise<void> {
  await service.clock.advance(16 * MINUTE_MS)
  await service.mirror()
}

/** All that is left of the fan: objects, rows of media that are not erased, entries under the fan. */
async function leftOf(service: World, keys: () => Promise<string[]>) {
  const alive = (await mediaRows(service)).filter(({ data }) => data['state'] !== 'ERASED').map(({ sk }) => sk)
  const entries = (await service.table.list(`MEDF#${APP_ID}#${await hashOf(service)}`, { limit: 9 })).items
  return { objects: await keys(), alive, entries: entries.map(({ sk }) => sk) }
}
const NOTHING = { objects: [], alive: [], entries: [] }

describe('of a fan who is erased nothing is left', () => {
  it.each(MOMENTS)('when the mirror dies %s any step', async moment => {
    for (let step = 1, died = true; died; step++) {
      await using service = await world({ seed: step })
      const { objects, keys } = recordedObjects(service)
      await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
      const dying = killable({ ...service.ports, objects }, step, moment)
      const run = service.run(mirrorTemporaryMedia, SCHEDULE, { ports: dying.ports })
      died = (await service.drive(Promise.race([run, dying.died]))) === 'died'
      await erase(service)
      await afterwards(service)
      expect({ step, left: await leftOf(service, keys) }).toEqual({ step, left: NOTHING })
      expect(step).toBeLessThan(MAX_STEPS)
    }
  })

  it('when the mirror writes its copy after the erasure, and dies', async () => {
    await using service = await world()
    const { objects, keys } = recordedObjects(service)
    await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
    const late: NamedPorts['objects'] = {
      ...objects,
      async write(...args) {
        await erase(service)
        await objects.write(...args)
        return new Promise<never>(() => undefined)
      },
    }
    const run = service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects: late } })
    await service.waitUntil(() => service.lines().length > 0)
    await service.drive(Promise.race([run, service.clock.sleep(3 * MINUTE_MS)]))
    expect(await keys()).toHaveLength(1)
    await afterwards(service)
    expect(await leftOf(service, keys)).toEqual(NOTHING)
  })

  it.each(MOMENTS)('when the first reader dies %s any step, a day before the message is told of', async moment => {
    for (let step = 1, died = true; died; step++) {
      await using service = await world({ seed: step })
      const { objects, keys } = recordedObjects(service)
      const createdAt = service.clock.now()
      const mediaId = service.control.addFanMedia(APP_ID, { type: 'image', body: fileBytes('png') })
      await service.clock.advance(DAY_MS)
      const dying = killable({ ...service.ports, objects }, step, moment)
      const run = service.request(getTemporaryMedia, { params: { mediaId }, ports: dying.ports })
      died = (await Promise.race([run, dying.died])) === 'died'
      await trackMedia(service.ports, {
        ...{ appId: APP_ID, mediaId, source: 'fan', createdAt, openidHash: await hashOf(service) },
      })
      await erase(service)
      await afterwards(service)
      expect({ step, left: await leftOf(service, keys) }).toEqual({ step, left: NOTHING })
      expect(step).toBeLessThan(MAX_STEPS)
    }
  })

  it('when a renewal is under way: it finds no media', async () => {
    await using service = await world()
    const { objects, keys } = recordedObjects(service)
    const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
    await service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects } }))
    await service.clock.advance(3 * DAY_MS)
    const wechat: NamedPorts['wechat'] = {
      ...service.wechat,
      media: appId => ({
        ...service.wechat.media(appId),
        async upload(...args) {
          const media = await service.wechat.media(appId).upload(...args)
          await erase(service)
          return media
        },
      }),
    }
    const renewal = service.fails(renewTemporaryMedia, { params: { mediaId }, ports: { objects, wechat } })
    expect(await service.drive(renewal)).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
    expect(await leftOf(service, keys)).toEqual(NOTHING)
  })

  it.each(['MEDF', 'MED'])(
    'when it comes before a renewal writes its %s row, whose media_id is gone then, too',
    async kind => {
      await using service = await world()
      const { objects, keys } = recordedObjects(service)
      const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
      await service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects } }))
      await service.clock.advance(3 * DAY_MS)
      const isNew = ({ pk, sk }: RowDraft<unknown>) => pk.startsWith(`${kind}#`) && sk !== mediaId
      const ports = before(service, isNew, () => erase(service))
      const renewal = service.fails(renewTemporaryMedia, { params: { mediaId }, ports })
      expect(await service.drive(renewal)).toMatchObject({ code: 'MEDIA_NOT_FOUND' })
      await afterwards(service)
      expect(await leftOf(service, keys)).toEqual(NOTHING)
      const uploaded = service.control.ledger(APP_ID).find(({ kind }) => kind === 'media/upload')?.media_id ?? ''
      const gone = { code: 'MEDIA_NOT_FOUND' }
      expect(await service.fails(getTemporaryMedia, { params: { mediaId: uploaded } })).toMatchObject(gone)
    },
  )

  it.each(MOMENTS)('when a renewal dies %s any step', async moment => {
    for (let step = 1, died = true; died; step++) {
      await using service = await world({ seed: step })
      const { objects, keys } = recordedObjects(service)
      const mediaId = await seen(service, fileBytes('jpg'), { openidHash: await hashOf(service) })
      await service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects } }))
      await service.clock.advance(3 * DAY_MS)
      const dying = killable({ ...service.ports, objects }, step, moment)
      const run = service.request(renewTemporaryMedia, { params: { mediaId }, ports: dying.ports })
      died = (await service.drive(Promise.race([run, dying.died]))) === 'died'
      await erase(service)
      await afterwards(service)
      expect({ step, left: await leftOf(service, keys) }).toEqual({ step, left: NOTHING })
      expect(step).toBeLessThan(MAX_STEPS)
    }
  })

  it('although the request of the erasure dies at any step: the schedule ends what was begun', async () => {
    for (let step = 1, died = true; died; step++) {
      await using service = await world({ seed: step })
      const { objects, keys } = recordedObjects(service)
      for (const format of ['jpg', 'png'] as const) {
        await seen(service, fileBytes(format), { openidHash: await hashOf(service) })
      }
      await service.drive(service.run(mirrorTemporaryMedia, SCHEDULE, { ports: { objects } }))
      const dying = killable(service.ports, step, 'after')
      const run = service.request(eraseFanMedia, { body: { openid: OPENID }, ports: dying.ports })
      died = (await Promise.race([run, dying.died])) === 'died'
      const begun = (await service.table.list(`ERASE#${APP_ID}`, { limit: 9 })).items.length > 0
      await afterwards(service)
      if (begun) expect({ step, left: await leftOf(service, keys) }).toEqual({ step, left: NOTHING })
      expect(step).toBeLessThan(MAX_STEPS * 2)
    }
  })
})

describe('a message that came before its fan was erased', () => {
  /** Received, and its archiver was not told. */
  async function received(service: World, settings = {}): Promise<void> {
    await setUpCallback(service, settings)
    const mediaId = service.control.addFanMedia(APP_ID, { type: 'image', body: fileBytes('jpg') })
    service.loseSends = true
    await service.ok(receiveMessage, handMade(service, { message: imageXml(mediaId, '1') }))
    service.loseSends = false
  }
  const sweep = (service: World, ports: Partial<NamedPorts> = {}) =>
    service.drive(service.run(archiveMessage, SCHEDULE, { ports }))

  it('does not bring anything back when it is archived later', async () => {
    await using service = await world()
    await received(service)
    expect(await erase(service)).toEqual({ data: { erased: 0 } })
    await service.clock.advance(MINUTE_MS)
    await sweep(service)
    await service.settled()
    const [row] = await mediaRows(service)
    // It was never anything else.
    expect(row).toMatchObject({ version: 1, data: { state: 'ERASED', source: 'fan' } })
    const gone = { code: 'MEDIA_NOT_FOUND' }
    expect(await service.fails(getTemporaryMedia, { params: { mediaId: row?.sk ?? '' } })).toMatchObject(gone)
    const [message] = await messageRows(service)
    expect(JSON.stringify(message)).not.toContain(OPENID)
    expect(message?.due).toBeUndefined()
    expect(service.calls('media/get')).toBe(0)
  })

  it.each([
    ['its media are listed', (row: RowDraft<unknown>) => row.pk.startsWith('MEDF#')],
    ['its media are tracked', (row: RowDraft<unknown>) => row.pk.startsWith('MED#')],
    ['it is done with', (row: RowDraft<unknown>) => row.pk.startsWith('MSG#')],
  ])('does not either when the erasure comes before %s', async (_when, isMeant) => {
    await using service = await world()
    await received(service)
    await service.clock.advance(MINUTE_MS)
    await sweep(
      service,
      before(service, isMeant, () => erase(service)),
    )
    await service.settled()
    expect((await mediaRows(service)).map(({ data }) => data['state'])).toEqual(['ERASED'])
    await afterwards(service)
    expect(await leftOf(service, async () => [])).toEqual(NOTHING)
    expect(await mediaRows(service)).toHaveLength(1)
  })

  it('is not handed on, be it of a media or a text', async () => {
    await using service = await world()
    let posts = 0
    let status = 500
    service.consumer = async () => {
      posts++
      return { status }
    }
    await received(service, { forward_url: 'https://consumer.test/wx' })
    const text = `<xml><FromUserName>${OPENID}</FromUserName><MsgType>text</MsgType><Content>你好</Content><MsgId>7</MsgId></xml>`
    await service.ok(receiveMessage, handMade(service, { message: text, nonce: '7' }))
    const other = text.replace(OPENID, 'oAnotherFan0').replace('>7<', '>8<')
    await service.ok(receiveMessage, handMade(service, { message: other, nonce: '8' }))
    await service.settled()
    expect(posts).toBe(2)
    await erase(service)
    status = 200
    await service.clock.advance(MINUTE_MS)
    await sweep(service)
    await service.settled()
    await service.clock.advance(MINUTE_MS)
    await service.drive(service.run(forwardMessage, SCHEDULE))
    expect(posts).toBe(3)
    const rows = await messageRows(service)
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(rows)).not.toMatch(/Encrypt|o9AgO5Kd|forward/)
    expect(rows.map(({ due }) => due)).toEqual([undefined, undefined, undefined])
  })

  it('is told from one that came later: that one is kept', async () => {
    await using service = await world()
    await setUpCallback(service)
    await erase(service)
    await service.clock.advance(6 * MINUTE_MS)
    const mediaId = service.control.addFanMedia(APP_ID, { type: 'image', body: fileBytes('jpg') })
    const now = String(Math.floor(service.clock.now() / 1000))
    const message = imageXml(mediaId, '2').replace(/(?<=CreateTime>)\d+/, now)
    await service.ok(receiveMessage, handMade(service, { message }))
    await service.settled()
    expect((await mediaRows(service)).map(({ data }) => data['state'])).toEqual(['MIRRORED'])
    await afterwards(service)
    expect((await mediaRows(service)).map(({ data }) => data['state'])).toEqual(['MIRRORED'])
  })
})

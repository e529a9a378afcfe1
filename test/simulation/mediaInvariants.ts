/** What must be true of fans' media after every life (reliability.md §1.4), told from the table and the objects alone. */
import { MessageData } from '../../shared/domain/messages/messageRow.ts'
import { ErasureData } from '../../shared/domain/temporary/erasure.ts'
import { listMedia } from '../../shared/domain/temporary/listMedia.ts'
import { fanPartition } from '../../shared/domain/temporary/mediaIndex.ts'
import { openidHash } from '../../shared/domain/temporary/openidHash.ts'
import { TemporaryData } from '../../shared/domain/temporary/temporaryRow.ts'
import { sha256 } from '../support/files.ts'
import { APP_ID, type World } from '../support/world.ts'
import type { Outage, StormyService } from './stormyService.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const LIFE_MS = 3 * DAY_MS
/** Everything was up so long in a media's last day: then it must not be lost (reliability.md, I6). */
const ENOUGH_MS = 30 * MINUTE_MS
/** What a fan sent so shortly after the erasure may be erased, too: clocks differ. */
const UNSURE_MS = 5 * MINUTE_MS
const LIMIT = 1_000

/** A message that a fan sent. */
export interface Sent {
  at: number
  openid: string
  /** The media itself, and what else the message names. */
  mediaIds: string[]
  bytes: Buffer
  /** WeChat heard `success`. */
  isAcked: boolean
}

/** A life that was played. */
export interface MediaLife {
  service: World
  stormy: Pick<StormyService, 'keys'>
  outages: readonly Outage[]
  sent: Sent[]
}

/** The violations, each a sentence. */
export async function mediaViolations(life: MediaLife): Promise<string[]> {
  const { service, stormy, sent } = life
  const { items } = await service.table.list(`MED#${APP_ID}`, { limit: LIMIT })
  const rows = new Map(items.map(({ sk, data }) => [sk, TemporaryData.parse(data)]))
  const keys = await stormy.keys()
  const erased = await erasures(service, new Set(sent.map(({ openid }) => openid)))
  const messages = await service.table.list(`MSG#${APP_ID}`, { limit: LIMIT })
  const heard = new Set(messages.items.flatMap(({ data }) => MessageData.parse(data).media.map(one => one.media_id)))
  const found = [...(await unlisted(service, rows)), ...orphans(rows, keys), ...afterErasure(life, rows, erased)]
  for (const one of sent) {
    const { at = Number.NEGATIVE_INFINITY } = erased.get(one.openid) ?? {}
    // Nobody can know whose a media is that no message told of.
    if (one.at <= at && heard.has(one.mediaIds[0] ?? '')) found.push(...leftOf(one, rows, keys))
    if (one.at > at + UNSURE_MS) found.push(...(await lost(life, one, rows)))
  }
  return found
}

/** Which of the fans are erased, and what is listed of them. */
async function erasures(service: World, openids: Set<string>) {
  const found = new Map<string, { at: number; listed: string[] }>()
  const { items } = await service.table.list(`ERASE#${APP_ID}`, { limit: LIMIT })
  for (const openid of openids) {
    const hash = await openidHash(service.ports, { appId: APP_ID, openid })
    const row = items.find(({ sk }) => sk === hash)
    if (!row) continue
    const entries = await service.table.list(fanPartition(APP_ID, hash), { limit: LIMIT })
    found.set(openid, { at: ErasureData.parse(row.data).at, listed: entries.items.map(({ sk }) => sk) })
  }
  return found
}

/** I7: one row for a media, and one place in the list. */
async function unlisted(service: World, rows: Map<string, TemporaryData>): Promise<string[]> {
  const listed: string[] = []
  const query = { appId: APP_ID, source: undefined, state: undefined, limit: 100 }
  let cursor: string | undefined
  do {
    const page = await listMedia(service.ports, { ...query, cursor }, AbortSignal.timeout(60_000))
    listed.push(...page.items.map(({ media_id }) => media_id))
    cursor = page.cursor
  } while (cursor !== undefined)
  if (listed.length === rows.size && new Set(listed).size === rows.size) return []
  return [`I7: ${rows.size} media are listed ${listed.length} times`]
}

/** Every object is the copy of some media. */
function orphans(rows: Map<string, TemporaryData>, keys: string[]): string[] {
  const named = new Set([...rows.values()].map(({ file }) => file?.object_key))
  return keys.filter(key => !named.has(key)).map(key => `the object ${key} is nobody's`)
}

/** Of what came before the erasure: neither object nor row. */
function leftOf({ mediaIds }: Sent, rows: Map<string, TemporaryData>, keys: string[]): string[] {
  return mediaIds.flatMap(mediaId => {
    const state = rows.get(mediaId)?.state ?? 'ERASED'
    const objects = keys.filter(key => key.includes(`/${mediaId}.`))
    return state === 'ERASED' && objects.length === 0
      ? []
      : [`erased: ${mediaId} is ${state} and has ${objects.length} objects`]
  })
}

/** Later uploads of an erased media's bytes are erased, and nothing of it is listed under the fan. */
function afterErasure(
  { sent }: MediaLife,
  rows: Map<string, TemporaryData>,
  erased: Awaited<ReturnType<typeof erasures>>,
): string[] {
  const gone = (mediaId = '') => rows.get(mediaId)?.state === 'ERASED'
  const uploads = [...rows.values()].filter(row => gone(row.renewed_from) && row.state !== 'ERASED')
  const before = new Set(
    sent
      .filter(({ openid, at }) => at <= (erased.get(openid)?.at ?? Number.NEGATIVE_INFINITY))
      .flatMap(({ mediaIds }) => mediaIds),
  )
  const listed = [...erased.values()].flatMap(one => one.listed).filter(id => before.has(id) || gone(id))
  return [
    ...uploads.map(({ media_id, state }) => `erased: ${media_id} is a later upload and ${state}`),
    ...listed.map(mediaId => `erased: ${mediaId} is listed under its fan`),
  ]
}

/** I6, and I7 of what WeChat heard `success` for. */
async function lost(
  { service, outages }: MediaLife,
  { at, mediaIds: [mediaId = ''], bytes, isAcked }: Sent,
  rows: Map<string, TemporaryData>,
): Promise<string[]> {
  const row = rows.get(mediaId)
  if (!row) return isAcked ? [`I7: ${mediaId} was acknowledged and has no row`] : []
  const { state, file } = row
  const object = file && (await service.objects.read(file.object_key))
  const kept = object && sha256(Buffer.concat(await object.body.toArray()))
  if (state === 'MIRRORED' && kept === sha256(bytes) && file?.sha256 === kept) return []
  if (state === 'MIRRORED') return [`I6: the copy of ${mediaId} is not what the fan sent`]
  return longestUp(outages, at + LIFE_MS) >= ENOUGH_MS ? [`I6: ${mediaId} is ${state}`] : []
}

/** The longest time without any outage in the 24 hours before `end`, ms. */
function longestUp(outages: readonly Outage[], end: number): number {
  let from = end - DAY_MS
  let longest = 0
  for (const outage of [...outages].sort((one, other) => one.from - other.from)) {
    longest = Math.max(longest, Math.min(outage.from, end) - from)
    from = Math.max(from, outage.until)
  }
  return Math.max(longest, end - from)
}

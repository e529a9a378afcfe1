/**
 * One random life of fans' media, played through in virtual time: real functions and the real simulator; what fans send,
 * what callers read and renew, fans who are erased, and everything around failing (stormyService.ts).
 */
import { archiveMessage } from '../../functions/archiveMessage.ts'
import { eraseFanMedia } from '../../functions/eraseFanMedia.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { receiveMessage } from '../../functions/receiveMessage.ts'
import { renewTemporaryMedia } from '../../functions/renewTemporaryMedia.ts'
import { MESSAGE_QUEUE } from '../../shared/domain/messages/messageRow.ts'
import { MIRROR_QUEUES, RETENTION_QUEUE } from '../../shared/domain/temporary/temporaryRow.ts'
import { setUpCallback } from '../support/callbacks.ts'
import { fileBytes } from '../support/files.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { APP_ID, world } from '../support/world.ts'
import type { Struck } from './faultCounts.ts'
import { type MediaLife, mediaViolations, type Sent } from './mediaInvariants.ts'
import { type Outage, type Part, type StormyService, stormyService } from './stormyService.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const TICK_MS = 5 * MINUTE_MS
const STORM_MS = 6 * DAY_MS
/** Then nothing fails any more, and what is due is done. */
const CALM_MS = 2 * HOUR_MS
const FANS = ['oFan_jmrPTlm6_1', 'oFan_jmrPTlm6_2', 'oFan_jmrPTlm6_3'] as const
const TYPES = [
  ['image', 'jpg'],
  ['voice', 'amr'],
  ['video', 'mp4'],
] as const

/** What a twin does without: then a message is archived, and a media copied, when it comes or never. */
export type Without = 'the archiver’s schedule' | 'the mirror’s schedule'

/** What a life came to. */
export interface Played {
  /** Nothing when all invariants hold. */
  broken: string[]
  media: number
  struck: Struck
}

interface Life extends MediaLife {
  stormy: StormyService
  between: (low: number, high: number) => number
  chance: (rate: number) => boolean
}

interface Act {
  at: number
  run: (life: Life) => Promise<void>
}

/** Plays the life of a seed. */
export async function playMedia(seed: number, without?: Without): Promise<Played> {
  const random = seededRandom(seed * 7919)
  const between = (low: number, high: number) => low + random.fraction() * (high - low)
  const chance = (rate: number) => random.fraction() < rate
  await using service = await world({ seed })
  await setUpCallback(service)
  const start = service.clock.now()
  const end = start + STORM_MS
  const outages = outagesOf({ start, end }, between)
  const stormy = stormyService(service, {
    ...{ seed, outages, death: between(0, 0.2) },
    rates: {
      ...{ throttled: between(0, 0.03), appliedButFailed: between(0, 0.02), dueHidden: between(0, 0.05) },
      ...{ slowDown: between(0, 0.03), brokenBody: between(0, 0.3), sendLost: between(0, 0.3), sendDoubled: 0.1 },
    },
    jobs: { [archiveMessage.id]: archiveMessage, [mirrorTemporaryMedia.id]: mirrorTemporaryMedia },
  })
  const life: Life = { service, stormy, outages, sent: [], between, chance }
  service.pushed = request => receive(life, request)

  const schedules = [
    { name: 'the archiver’s schedule', queues: [MESSAGE_QUEUE], job: archiveMessage },
    { name: 'the mirror’s schedule', queues: [...MIRROR_QUEUES, RETENTION_QUEUE], job: mirrorTemporaryMedia },
  ].filter(({ name }) => name !== without)
  const acts = actsOf(seed, { start, end, between })
  while (service.clock.now() < end + CALM_MS) {
    const now = service.clock.now()
    if (now >= end) stormy.calm()
    for (let act = acts[0]; act && act.at <= now; act = acts[0]) {
      acts.shift()
      await act.run(life)
    }
    const wakes = [acts[0]?.at ?? end, now < end ? end : end + CALM_MS]
    for (const { queues, job } of schedules) {
      const firstDue = async () => {
        const found = await Promise.all(queues.map(queue => service.table.due(queue, end + CALM_MS, 1)))
        return Math.min(end + CALM_MS, ...found.flat().map(({ at }) => at))
      }
      let due = await firstDue()
      if (due <= now) {
        await service.drive(stormy.mayDie(ports => service.run(job, { trigger: 'schedule' }, { ports })))
        await stormy.settled()
        due = await firstDue()
      }
      wakes.push(due)
    }
    // Schedules fire every five minutes; what lies between two of them is skipped.
    await service.clock.advance(Math.max(TICK_MS - (now % TICK_MS), Math.min(...wakes) - service.clock.now(), 1))
  }
  return { broken: await mediaViolations(life), media: life.sent.length, struck: stormy.struck }
}

/** Of WeChat one long outage, or two with little time between them; others are away for minutes, or for some hours. */
function outagesOf(
  { start, end }: { start: number; end: number },
  between: (low: number, high: number) => number,
): Outage[] {
  const outage = (of: Part, from: number, until: number): Outage => ({ of, from, until: Math.min(until, end) })
  const from = start + between(-2, 70) * HOUR_MS
  const until = from + between(1, 70) * HOUR_MS
  const gap = between(0.2, 3) * HOUR_MS
  const parts = (['table', 'objects', 'invoker'] as const).flatMap(of =>
    Array.from({ length: Math.floor(between(0, 3)) }, () => {
      const begin = start + between(0, 6) * DAY_MS
      return outage(of, begin, begin + between(0.02, 1) ** 3 * 8 * HOUR_MS)
    }),
  )
  const secondEnd = until + gap + between(0, 30) * HOUR_MS
  return [outage('WeChat', from, until), outage('WeChat', until + gap, secondEnd), ...parts]
}

/** 5 to 30 messages, some reads and renewals, and fans who are erased, each at its time. */
function actsOf(
  seed: number,
  { start, end, between }: { start: number; end: number; between: (low: number, high: number) => number },
): Act[] {
  const many = (low: number, high: number, act: (index: number) => Act['run'], until: number): Act[] =>
    Array.from({ length: Math.floor(low + between(0, 1) ** 2 * (high - low + 1)) }, (_, index) => ({
      at: Math.min(start + between(0, until), end - HOUR_MS),
      run: act(index),
    }))
  return [
    ...many(5, 30, index => life => fanSends(life, seed * 31 + index), 40 * HOUR_MS),
    ...many(0, 4, () => life => read(life), 5 * DAY_MS),
    ...many(0, 8, () => life => renew(life), 6 * DAY_MS),
    ...many(0, 2, index => life => erase(life, FANS[index] ?? FANS[0]), 5 * DAY_MS),
  ].sort((one, other) => one.at - other.at)
}

/** A function that dies gives no answer; WeChat does not hear some of the others. */
async function receive({ service, stormy, chance }: Life, request: Request) {
  const reply = await stormy.mayDie(ports => service.send(receiveMessage, request, { ports }))
  if (!reply || chance(0.15)) return { status: 502, body: '' }
  return { status: reply.status, body: typeof reply.json === 'string' ? reply.json : '' }
}

/** A message with one media of 300 to 3,000 bytes, delivered up to three times at once. */
async function fanSends({ service, stormy, sent, between }: Life, seed: number): Promise<void> {
  const [type, format] = TYPES[seed % TYPES.length] ?? TYPES[0]
  const openid = FANS[seed % FANS.length] ?? FANS[0]
  const bytes = fileBytes(format, 300 + ((seed * 131) % 2700), seed)
  const at = service.clock.now()
  const times = Math.ceil(between(0, 3))
  const message = service.control.sendMessage(APP_ID, { type, body: bytes, openid }, { times })
  const { media_ids: mediaIds, deliveries } = await service.drive(message)
  await stormy.settled()
  const attempts = deliveries.flat()
  for (const { status, ms } of attempts) {
    if (status === 200 && ms > 1000) throw new Error(`a push was answered after ${ms} ms`)
  }
  const isAcked = attempts.some(({ status }) => status === 200)
  sent.push({ at, openid, mediaIds, bytes, isAcked } satisfies Sent)
}

const anyMedia = ({ sent, between }: Life): string | undefined => sent[Math.floor(between(0, sent.length))]?.mediaIds[0]

async function read(life: Life): Promise<void> {
  const { service, stormy } = life
  const mediaId = anyMedia(life)
  if (mediaId === undefined) return
  const params = { mediaId }
  await service.drive(stormy.mayDie(ports => service.request(getTemporaryMedia, { params, ports })))
}

/** By two callers, sometimes; whoever is answered has a media_id that WeChat takes. */
async function renew(life: Life): Promise<void> {
  const { service, stormy, chance } = life
  const mediaId = anyMedia(life)
  if (mediaId === undefined) return
  const once = () => stormy.mayDie(ports => service.request(renewTemporaryMedia, { params: { mediaId }, ports }))
  await service.drive(Promise.all(chance(0.3) ? [once(), once()] : [once()]))
}

/** Up to three times, for requests fail, too; sometimes while a renewal, a copy or a message of the fan is under way. */
async function erase(life: Life, openid: string): Promise<void> {
  const { service, stormy, chance } = life
  const request = async () => {
    for (let tries = 0; tries < 3; tries++) {
      const reply = await stormy.mayDie(ports => service.request(eraseFanMedia, { body: { openid }, ports }))
      if (reply?.status === 200 || chance(0.3)) return
    }
  }
  const others = [
    chance(0.4) && renew(life),
    chance(0.4) && read(life),
    chance(0.4) && service.run(mirrorTemporaryMedia, { trigger: 'schedule' }, { ports: stormy.ports }).catch(() => {}),
  ]
  await service.drive(Promise.all([request(), ...others]))
  await stormy.settled()
}

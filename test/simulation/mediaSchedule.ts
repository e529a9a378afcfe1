/**
 * One random life of fans' media, played through in virtual time: real functions, the real simulator, outages of WeChat
 * of 1 to 70 hours, deliveries that overlap or whose answers are lost, tables that throttle, runs that die at any step.
 */
import { archiveMessage } from '../../functions/archiveMessage.ts'
import { mirrorTemporaryMedia } from '../../functions/mirrorTemporaryMedia.ts'
import { AppError } from '../../shared/core/errors.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import { MESSAGE_QUEUE } from '../../shared/domain/messages/messageRow.ts'
import { MIRROR_QUEUES } from '../../shared/domain/temporary/temporaryRow.ts'
import type { WeChat } from '../../shared/ports/wechat.ts'
import { mediaRows, setUpCallback } from '../support/callbacks.ts'
import { faultyPorts } from '../support/faultyPorts.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { rowOf } from '../support/temporary.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const LIFE_MS = 72 * HOUR_MS
const TICK_MS = 5 * MINUTE_MS
/** WeChat was up so long in a media's last day: then it must not be lost (reliability.md, I6). */
const ENOUGH_MS = 30 * MINUTE_MS
const TYPES = [
  ['image', 'jpg'],
  ['voice', 'amr'],
  ['video', 'mp4'],
] as const

/** What a twin does without: then a message is archived, and a media copied, when it comes or never. */
export type Without = 'the archiver’s schedule' | 'the mirror’s schedule'

/** A time in which WeChat cannot be reached, ms. */
interface Outage {
  from: number
  until: number
}

interface Sent {
  at: number
  mediaId: string
  bytes: Buffer
}

/** Plays the life of a seed; answers what it broke, nothing when all invariants hold. */
export async function playMedia(seed: number, without?: Without): Promise<string[]> {
  const random = seededRandom(seed * 7919)
  const between = (low: number, high: number) => low + random.fraction() * (high - low)
  const chance = (rate: number) => random.fraction() < rate
  await using service = await world({ seed })
  await setUpCallback(service)
  const start = service.clock.now()
  const outages = outagesOf(start, between)
  const isUp = () => !outages.some(({ from, until }) => from <= service.clock.now() && service.clock.now() < until)
  const faults = faultyPorts(service.ports, seededRandom(seed), {
    ...{ throttled: between(0, 0.05), appliedButFailed: between(0, 0.02), dueHidden: between(0, 0.05) },
    slowDown: between(0, 0.05),
  })
  const ports = { ...service.ports, ...faults.ports, wechat: weChatWhile(service.wechat, isUp) }
  answersAreLost(service, () => chance(0.2))

  const event = { trigger: 'schedule' } as const
  const schedules = [
    {
      name: 'the archiver’s schedule',
      queues: [MESSAGE_QUEUE] as readonly string[],
      run: (own: Partial<NamedPorts>) => service.run(archiveMessage, event, { ports: own }),
    },
    {
      name: 'the mirror’s schedule',
      queues: MIRROR_QUEUES,
      run: (own: Partial<NamedPorts>) => service.run(mirrorTemporaryMedia, event, { ports: own }),
    },
  ].filter(({ name }) => name !== without)

  /** One run of a schedule; some die at a step. Work handed over is done or lost. */
  const tick = async (run: (typeof schedules)[number]['run']) => {
    const dying = chance(0.15) ? killable(ports, Math.ceil(between(0, 25)), 'after') : undefined
    const ended = run(dying?.ports ?? ports).catch(() => undefined)
    await service.drive(dying ? Promise.race([ended, dying.died]) : ended)
    await service.settled()
  }

  const sent: Sent[] = []
  const messages = Array.from({ length: Math.ceil(between(0, 4)) }, () => start + between(0, 30 * HOUR_MS)).sort()
  const end = start + 6 * 24 * HOUR_MS
  while (service.clock.now() < end) {
    const now = service.clock.now()
    const next = messages[0] ?? end
    if (next <= now) {
      messages.shift()
      service.weChatIsDown = !isUp()
      service.loseSends = chance(0.3)
      sent.push(...(await fanSends(service, sent.length + seed, Math.ceil(between(0, 3)))))
      service.weChatIsDown = false
      continue
    }
    const wakes = [next]
    for (const { queues, run } of schedules) {
      const firstDue = async (until: number) => {
        const found = await Promise.all(queues.map(queue => service.table.due(queue, until, 1)))
        return found.flat().sort((one, other) => one.at - other.at)[0]?.at
      }
      if ((await firstDue(now)) !== undefined) await tick(run)
      wakes.push((await firstDue(end)) ?? end)
    }
    // Schedules fire every five minutes; what lies between two of them is skipped.
    await service.clock.advance(Math.max(TICK_MS - (now % TICK_MS), Math.min(...wakes) - now))
  }
  return findings(service, sent, outages)
}

/** One long outage, or two with little time between them. */
function outagesOf(start: number, between: (low: number, high: number) => number): Outage[] {
  const from = start + between(-2, 70) * HOUR_MS
  const until = from + between(1, 70) * HOUR_MS
  const gap = between(0.2, 3) * HOUR_MS
  return [
    { from, until },
    { from: until + gap, until: until + gap + between(0, 30) * HOUR_MS },
  ]
}

const weChatWhile = (wechat: WeChat, isUp: () => boolean): WeChat => ({
  ...wechat,
  media: appId => {
    const media = wechat.media(appId)
    return {
      ...media,
      get: async (mediaId, signal) => {
        if (!isUp()) throw new AppError('WECHAT_UNREACHABLE', 'WeChat could not be reached.')
        return media.get(mediaId, signal)
      },
    }
  },
})

/** WeChat does not hear some of our answers, and sends the message again; the last of three it hears. */
function answersAreLost(service: World, isLost: () => boolean): void {
  const answer = service.pushed
  let inARow = 0
  service.pushed = async request => {
    const heard = await answer(request)
    inARow = inARow < 2 && isLost() ? inARow + 1 : 0
    return inARow > 0 ? { status: 502, body: '' } : heard
  }
}

/** A message with one media of 300 to 3,000 bytes, delivered so many times at once. */
async function fanSends(service: World, seed: number, times: number): Promise<Sent[]> {
  const [type, format] = TYPES[seed % TYPES.length] ?? TYPES[0]
  const body = fileBytes(format, 300 + ((seed * 131) % 2700), seed)
  const at = service.clock.now()
  const { media_ids, deliveries } = await service.drive(service.control.sendMessage(APP_ID, { type, body }, { times }))
  await service.settled()
  for (const attempt of deliveries.flat()) {
    if (attempt.ms > 1000) throw new Error(`a push was answered after ${attempt.ms} ms`)
  }
  return [...media_ids.slice(0, 1)].map(mediaId => ({ at, mediaId, bytes: body }))
}

async function findings(service: World, sent: Sent[], outages: Outage[]): Promise<string[]> {
  const found: string[] = []
  for (const { at, mediaId, bytes } of sent) {
    const rows = (await mediaRows(service)).filter(({ sk }) => sk === mediaId)
    if (rows.length !== 1) {
      found.push(`I7: ${mediaId} has ${rows.length} rows`)
      continue
    }
    const { state, file } = await rowOf(service, mediaId)
    const object = file && (await service.objects.read(file.object_key))
    const kept = object && sha256(Buffer.concat(await object.body.toArray()))
    if (state === 'MIRRORED' && kept === sha256(bytes) && file?.sha256 === kept) continue
    if (state === 'MIRRORED') found.push(`I6: the copy of ${mediaId} is not what the fan sent`)
    else if (longestUp(outages, at + LIFE_MS) >= ENOUGH_MS) found.push(`I6: ${mediaId} is ${state}`)
  }
  const entries = (await service.table.list(`MEDX#${APP_ID}`, { limit: 100 })).items.length
  const rows = (await mediaRows(service)).length
  if (entries !== rows) found.push(`I7: ${rows} media are listed ${entries} times`)
  return found
}

/** The longest time without outage in the 24 hours before `end`, ms. */
function longestUp(outages: Outage[], end: number): number {
  let from = end - 24 * HOUR_MS
  let longest = 0
  for (const outage of outages) {
    longest = Math.max(longest, Math.min(outage.from, end) - from)
    from = Math.max(from, outage.until)
  }
  return Math.max(longest, end - from)
}

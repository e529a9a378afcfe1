/** The guarantee behind every sighting: copies each media that is due, the nearest deadline first. */
import type { Call } from '../../core/operation.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'
import type { MediaName } from '../library/libraryRows.ts'
import { archiveRules } from './archive.ts'
import { MIRROR } from './jobName.ts'
import { type MirrorOutcome, mirrorMedia } from './mirrorMedia.ts'
import { ALARM_MS, URGENT_MS } from './mirrorPlan.ts'
import { LIFE_MS, MIRROR_QUEUE, MIRROR_QUEUES, parseTemporaryKey } from './temporaryRow.ts'

/** What mirroring needs. */
export type MirrorPorts = PortsOf<'table' | 'objects' | 'wechat' | 'invoker'>

/** Copies under way at once. */
const IN_FLIGHT = 20
/** What one run can do; the rest is handed to other runs. */
export const RUN_MEDIA = 500
/** Media that one schedule looks at and hands out at most: 50 runs. */
const DUE_LIMIT = 25_000
/** Below this no copy is begun: it could not end in time (reliability.md law 5). */
const MIN_REMAINING_MS = 15_000
/** Failures in a row that say WeChat or a store is down; trying on would only use up the run. */
const OUTAGE_FAILURES = 5
/** Between two looks of a run at media that are close to their end. */
const URGENT_LOOK_MS = 30_000

/** What a run did. */
export interface MirrorReport {
  mirrored: number
  lost: number
  /** Tried and put off. */
  later: number
  /** Given to other runs. */
  handed_out: number
}

/**
 * The schedule's work: one look at the index; the nearest deadlines are copied here, and once these show that WeChat is
 * there, what is more than one run can do goes to other runs. Measures how far the most endangered media is from its end.
 */
export async function mirrorDue(ports: MirrorPorts, call: Call): Promise<MirrorReport> {
  const run = newRun(ports, call)
  let due = await dueMedia(ports, DUE_LIMIT, call.signal)
  for (;;) {
    const own = due.splice(0, RUN_MEDIA)
    await run.copy(own.splice(0, IN_FLIGHT))
    if (!run.isDown()) {
      await handOut(ports, run.report, due)
      await run.copy(own)
    }
    if (!run.isUrgent() || call.remaining() < URGENT_LOOK_MS + MIN_REMAINING_MS) break
    await ports.clock.sleep(URGENT_LOOK_MS, call.signal)
    run.hopeAgain()
    due = await dueMedia(ports, RUN_MEDIA, call.signal)
  }
  run.measure()
  return run.report
}

/** The work of a run that was handed its media. */
export async function mirrorThese(ports: MirrorPorts, media: MediaName[], call: Call): Promise<MirrorReport> {
  const run = newRun(ports, call)
  await run.copy([...media])
  run.measure()
  return run.report
}

/**
 * Media that were tried before come first, those of the last day before all others: among untouched ones their new time
 * would put them last. No queue takes more than half of the places that are left, so that none waits for another.
 */
async function dueMedia({ table, clock }: MirrorPorts, limit: number, signal: AbortSignal): Promise<MediaName[]> {
  const now = clock.now()
  const due: RowKey[] = []
  for (const queue of MIRROR_QUEUES) {
    const places = limit - due.length
    due.push(...(await table.due(queue, now, queue === MIRROR_QUEUE ? places : Math.floor(places / 2), signal)))
  }
  return due.flatMap(key => parseTemporaryKey(key) ?? [])
}

/** A hand-out that is lost costs one schedule: the media stay due until somebody claims them. */
async function handOut({ invoker, log }: MirrorPorts, report: MirrorReport, rest: MediaName[]): Promise<void> {
  const media = rest.map(({ appId, mediaId }) => ({ app_id: appId, media_id: mediaId }))
  for (let start = 0; start < media.length; start += RUN_MEDIA) {
    const batch = media.slice(start, start + RUN_MEDIA)
    try {
      await invoker.send(MIRROR, { media: batch })
      report.handed_out += batch.length
    } catch (error) {
      log.warn('media could not be handed to another run', { count: batch.length, error })
    }
  }
}

function newRun(ports: MirrorPorts, call: Call) {
  const { clock, metrics, log } = ports
  const report: MirrorReport = { mirrored: 0, lost: 0, later: 0, handed_out: 0 }
  const rules = archiveRules(ports.table)
  let failures = 0
  /** The ends (ms since the epoch) of media that stay without a copy. */
  const waiting = new Map<string, number>()

  const isDown = () => failures >= OUTAGE_FAILURES
  const left = () => Math.min(LIFE_MS, ...[...waiting.values()].map(end => end - clock.now()))
  const count = ({ appId, mediaId }: MediaName, outcome: MirrorOutcome): void => {
    const name = `${appId}/${mediaId}`
    if (outcome.state === 'nothing') return
    if (outcome.state === 'later') {
      report.later++
      waiting.set(name, outcome.expiresAt)
      failures = outcome.outage ? failures + 1 : 0
      return
    }
    report[outcome.state === 'MIRRORED' ? 'mirrored' : 'lost']++
    waiting.delete(name)
    failures = 0
  }
  const copyOne = async (name: MediaName): Promise<void> => {
    try {
      count(name, await mirrorMedia({ ...ports, rules }, name, call))
    } catch (error) {
      failures++
      log.error('a media could not be looked at', { ...name, error })
    }
  }

  return {
    report,
    isDown,
    isUrgent: () => left() <= URGENT_MS,
    /** Forgets that WeChat was down. */
    hopeAgain: (): void => {
      failures = 0
    },
    /** Copies what it is given, in this order, until that is done, the time is up or WeChat is down. */
    async copy(media: MediaName[]): Promise<void> {
      const lane = async () => {
        while (!isDown() && call.remaining() > MIN_REMAINING_MS) {
          const next = media.shift()
          if (!next) return
          await copyOne(next)
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    },
    measure(): void {
      const life = left()
      metrics.record('UnmirroredMediaAge', Math.floor((LIFE_MS - life) / 1000))
      if (life > ALARM_MS) return
      const say = life > URGENT_MS ? log.warn : log.error
      say('a media near its end has no copy', { hours_left: Math.floor(life / 3_600_000) })
    },
  }
}

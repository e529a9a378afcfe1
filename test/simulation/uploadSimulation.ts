/** A whole system under random faults: clients, storage events, functions that die, stores and a WeChat that fail. */
import { completeUpload } from '../../functions/completeUpload.ts'
import { createUpload } from '../../functions/createUpload.ts'
import { forwardUpload } from '../../functions/forwardUpload.ts'
import { retryUpload } from '../../functions/retryUpload.ts'
import { sweepUploads } from '../../functions/sweepUploads.ts'
import { uploadMaterial } from '../../functions/uploadMaterial.ts'
import type { FaultDraft } from '../../local/wechat/faults.ts'
import type { NamedPorts } from '../../shared/core/ports.ts'
import type { Random } from '../../shared/ports/random.ts'
import { CALM, type FaultRates, type FaultyPorts, faultyPorts } from '../support/faultyPorts.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { killable } from '../support/killable.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { APP_ID, type ObjectEvent, type World, world } from '../support/world.ts'
import type { Struck } from './faultCounts.ts'
import { violations } from './uploadInvariants.ts'

const MINUTE_MS = 60_000
const CLIENTS = 14
const STORMY_MINUTES = 6
/** Faults stop; every upload must be final so many minutes later (invariant I1). */
const CALM_MINUTES = 15
/** Fewer files than clients: some bring the same bytes. */
const FILES = 8
export const ACCOUNTS = [APP_ID, 'wxbbbbbbbbbbbbbbbb', 'wxcccccccccccccccc'] as const
const ADD = '/cgi-bin/material/add_material'

/** How often the ports fail while the storm lasts. */
const STORM: FaultRates = {
  throttled: 0.04,
  appliedButFailed: 0.02,
  dueHidden: 0.2,
  slowDown: 0.04,
  brokenBody: 0.04,
  sendLost: 0.2,
  sendDoubled: 0.2,
}

/** How WeChat fails meanwhile. */
const WEATHER: FaultDraft[] = [
  { path: ADD, kind: 'accept-then-reset', probability: 0.08 },
  { path: ADD, kind: 'reset-before', probability: 0.05 },
  { path: ADD, kind: 'html', executed: true, probability: 0.04 },
  { path: ADD, kind: 'truncate', probability: 0.04 },
  { path: ADD, kind: 'errcode', errcode: -1, probability: 0.04 },
  { path: ADD, kind: 'errcode', errcode: -1, executed: true, probability: 0.04 },
  { path: ADD, kind: 'spurious-40001', probability: 0.04 },
  { path: ADD, kind: 'text-plain', probability: 0.05 },
  { path: '/cgi-bin/material/batchget_material', kind: 'errcode', errcode: -1, probability: 0.2 },
  { path: '/cgi-bin/material/get_material', kind: 'reset-before', probability: 0.1 },
  { path: '/cgi-bin/media/upload', kind: 'accept-then-reset', probability: 0.1 },
]

const NO_FATES = { 'event late': 0, 'event lost': 0, 'event repeated': 0 }

/** How often WeChat failed, by kind; every kind of {@link WEATHER} is there. */
function weatherOf({ control }: World): Struck {
  const kinds = Object.fromEntries(WEATHER.map(({ kind }) => [kind, 0]))
  return { ...kinds, ...control.calls().faults }
}

/** A mechanism that a twin run does without. */
export type Sabotage = (ports: Pick<NamedPorts, 'table' | 'wechat'>) => Partial<NamedPorts>

/** What a run ended with. */
export interface Outcome {
  violations: string[]
  uploads: number
  /** Uploads by the state in which they ended; stored ones of known bytes as `reused`. */
  states: Record<string, number>
  /** Faults of the stores, of WeChat and of events, and runs that died, by kind. */
  struck: Struck
}

/** Everything that a run is made of. */
interface Run {
  service: World
  random: Random
  faulty: FaultyPorts
  ports: Partial<NamedPorts>
  events: ObjectEvent[]
  opened: { appId: string; uploadId: string }[]
  deaths: number
  fates: { 'event late': number; 'event lost': number; 'event repeated': number }
}

/** One run of the system; the same seed makes the same decisions. */
export async function simulateUploads(seed: number, sabotage: Sabotage = () => ({})): Promise<Outcome> {
  await using service = await world({ seed })
  for (const appId of ACCOUNTS.slice(1)) await service.addAccount(appId)
  const random = seededRandom(seed * 7919 + 1)
  const faulty = faultyPorts(service.ports, seededRandom(seed * 104_729 + 3), STORM)
  const ports = { ...faulty.ports, ...sabotage({ table: faulty.ports.table, wechat: service.wechat }) }
  const run: Run = { service, random, faulty, ports, events: [], opened: [], deaths: 0, fates: { ...NO_FATES } }
  for (const fault of WEATHER) service.control.addFault(fault)
  // One account is at its quota from the start: it must delay nobody (invariant I12).
  service.control.putAccount({ appId: ACCOUNTS[2], quotas: { [ADD]: 1 } })

  for (let client = 0; client < CLIENTS; client++) {
    await service.drive(aClient(run))
    if (random.fraction() < 0.5) await service.drive(deliverSome(run))
  }
  for (let minute = 0; minute < STORMY_MINUTES; minute++) {
    await service.clock.advance(MINUTE_MS)
    await service.drive(deliverSome(run))
    await sweep(run, true)
    run.opened.sort(() => random.fraction() - 0.5)
    // An impatient operator: whatever state it is in.
    if (random.fraction() < 0.5) await service.drive(service.request(retryUpload, { ...named(run), ports }))
  }
  service.control.clearFaults()
  Object.assign(faulty.rates, CALM)
  for (let minute = 0; minute < CALM_MINUTES; minute++) {
    await service.clock.advance(MINUTE_MS)
    await sweep(run, false)
  }
  const found = await violations(service, ACCOUNTS)
  return { ...found, struck: { ...faulty.struck, ...run.fates, deaths: run.deaths, ...weatherOf(service) } }
}

const pick = <T>(random: Random, items: readonly [T, ...T[]]): T =>
  items[Math.floor(random.fraction() * items.length)] ?? items[0]

/** Opens an upload and posts, or vanishes, or sends directly; refusals of a stormy store are its own business. */
async function aClient(run: Run): Promise<void> {
  const { service, random, ports } = run
  const appId = pick(random, ACCOUNTS)
  const bytes = fileBytes('jpg', 400, 1 + Math.floor(random.fraction() * FILES))
  const kind = random.fraction()
  if (kind < 0.2) return aDirectClient(run, { appId, bytes })
  const declared = random.fraction() < 0.4 ? { sha256: sha256(bytes) } : {}
  const body = {
    ...{ type: 'image', filename: `图 ${Math.floor(random.fraction() * 100)}.jpg`, size: bytes.length, ...declared },
    ...(kind > 0.9 && { permanent: false }),
    ...(kind > 0.8 && kind < 0.85 && { force: true }),
  }
  const answer = await service.request(createUpload, { body, appId, ports })
  const opened = createUpload.response.safeParse(answer.json)
  if (!opened.success || !('method' in opened.data.data) || random.fraction() < 0.1) return
  run.events.push(await service.post(opened.data.data, bytes))
  // The signed form is still valid: some clients post other bytes under it.
  if (random.fraction() < 0.1) run.events.push(await service.post(opened.data.data, fileBytes('jpg', 400, 99)))
  service.dropEvents()
  run.opened.push({ appId, uploadId: opened.data.data.upload_id })
  if (random.fraction() < 0.2) await service.request(completeUpload, { ...named(run), ports })
}

/** The call of an operation about the upload that was opened last. */
const named = ({ opened }: Run) => {
  const { appId = APP_ID, uploadId = '' } = opened.at(-1) ?? {}
  return { appId, params: { uploadId } }
}

async function aDirectClient({ service, ports }: Run, { appId, bytes }: { appId: string; bytes: Buffer }) {
  const file = { name: 'media', filename: '直接.jpg', contentType: 'image/jpeg', bytes }
  await service.request(uploadMaterial, { params: { type: 'image' }, form: multipartBody([file]), appId, ports })
}

/** Lost, late, out of order, up to five times, to runs that may die at any step. */
async function deliverSome(run: Run): Promise<void> {
  const { service, random } = run
  const due = run.events.splice(0).filter(event => {
    const fate = random.fraction()
    if (fate < 0.3) run.events.push(event)
    if (fate < 0.5) run.fates[fate < 0.3 ? 'event late' : 'event lost']++
    return fate >= 0.5
  })
  const deliveries = due.flatMap(event => Array.from({ length: 1 + Math.floor(random.fraction() * 5) }, () => event))
  run.fates['event repeated'] += deliveries.length - due.length
  deliveries.sort(() => random.fraction() - 0.5)
  await Promise.all(deliveries.map(event => orDie(run, own => service.run(forwardUpload, event, own))))
}

async function sweep(run: Run, mayDie: boolean): Promise<void> {
  const { service, ports } = run
  const sweeping = (own: object) => service.run(sweepUploads, { trigger: 'schedule' }, { limitMs: 55_000, ...own })
  await service.drive(mayDie ? orDie(run, sweeping) : sweeping({ ports }))
  await service.settled()
}

/** One run in four dies, at any of its first twenty steps. */
async function orDie(run: Run, work: (own: object) => Promise<unknown>): Promise<void> {
  const { service, random, ports } = run
  if (random.fraction() >= 0.25) return void (await work({ ports }).catch(() => undefined))
  const step = 1 + Math.floor(random.fraction() * 20)
  const dying = killable({ ...service.ports, ...ports }, step, random.fraction() < 0.5 ? 'before' : 'after')
  const end = await Promise.race([dying.died, work(dying).catch(() => undefined)])
  if (end === 'died') run.deaths++
}

/** The running platform that every action gets as an argument. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Random } from '../../shared/ports/random.ts'
import { type Bodies, memoryBodies, openBodies } from './bodies.ts'
import { type CallLog, callLog } from './callLog.ts'
import { type FaultBook, faultBook } from './faults.ts'
import { memoryJournal, openJournal } from './journal.ts'
import type { Mutation, StoredFile } from './mutation.ts'
import { networkPush, type PushPort } from './push/deliverPush.ts'
import type { Sidecar } from './sidecar.ts'
import { changedSettings, type SimulatedAccount } from './simulatedAccount.ts'
import { applyEntry, emptyState, type State } from './state.ts'

const URL_KEY_BYTES = 48

/** State, ports and books of one simulator. */
export interface Simulator {
  state: State
  clock: Clock
  random: Random
  bodies: Bodies
  faults: FaultBook
  calls: CallLog
  /** The wire to operators' servers. */
  pushPort: PushPort
  /** The open interface service, while it is on. */
  sidecar: Sidecar | undefined
  /** `http://127.0.0.1:<port>`, known once the server listens. */
  baseUrl: string
  /** The simulator's own time in ms: the clock's, plus what control added. */
  now(): number
  /** Journals a change, then applies it. */
  record(mutation: Mutation): void
  /** Stores bytes and gives them a public URL key. */
  store(bytes: Buffer, facts: { filename: string; format: string }): StoredFile
}

/** What a simulator is made of. */
export interface SimulatorOptions {
  clock: Clock
  random: Random
  /** A folder that keeps everything over a restart; without it, nothing is kept. */
  dataDir?: string
  accounts: SimulatedAccount[]
  /** The network when absent. */
  pushPort?: PushPort
}

/** A simulator with the given accounts and, from `dataDir`, everything earlier runs accepted. */
export function createSimulator({
  clock,
  random,
  dataDir,
  accounts,
  pushPort = networkPush,
}: SimulatorOptions): Simulator {
  const state = emptyState()
  const journal = dataDir === undefined ? memoryJournal() : openJournal(dataDir)
  const bodies = dataDir === undefined ? memoryBodies() : openBodies(dataDir)
  const now = () => clock.now() + state.clockOffset
  for (const account of accounts) {
    const settings = changedSettings(undefined, account)
    applyEntry(state, { seq: state.seq, time: now(), mutation: { event: 'account', settings } })
  }
  for (const entry of journal.entries) applyEntry(state, entry)
  return {
    state,
    clock,
    random,
    bodies,
    faults: faultBook(random),
    calls: callLog(),
    pushPort,
    sidecar: undefined,
    baseUrl: '',
    now,
    record: mutation => {
      const entry = { seq: state.seq + 1, time: now(), mutation }
      journal.append(entry)
      applyEntry(state, entry)
    },
    store: (bytes, { filename, format }) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      bodies.write(sha256, bytes)
      return { filename, format, size: bytes.length, sha256, urlKey: newId(random) }
    },
  }
}

/** A new media_id or URL key: 64 characters of `A-Za-z0-9_-` (wechat-api.md §0.1). */
export const newId = (random: Random): string => Buffer.from(random.bytes(URL_KEY_BYTES)).toString('base64url')

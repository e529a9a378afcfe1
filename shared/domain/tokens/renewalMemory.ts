/**
 * What this process lately learned of token rows, for callers who saw an older row: whoever asks when the renewal is over
 * is answered without the table. A hint and no more: versions and leases keep custody right, the token itself is not here,
 * and who finds that the hint was wrong asks again for the row's own word.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Credentials } from '../../ports/credentials.ts'
import type { Row } from '../../ports/table.ts'
import { LEASE_MS, type TokenData } from './tokenRow.ts'

/** Longer than callers who read the old row take to ask, retries of a throttled call included. */
const REMEMBER_MS = 5_000
const MAX_ACCOUNTS = 1_000

/** A row with a good token, without it. */
export interface KnownToken extends Pick<TokenData, 'generation' | 'expires_at'> {
  version: number
}

/** How a renewal ended. `busy`: another one holds the lease. */
export type RenewOutcome = 'fresh' | 'renewed' | 'busy' | 'failed'

/** `at`: ms of this process's clock. */
interface Memory {
  known: Map<string, KnownToken & { at: number }>
  flights: Map<string, { outcome: Promise<RenewOutcome>; at: number }>
}

/** There is one set of credentials in a process, so it stands for the process. */
const memories = new WeakMap<Credentials, Memory>()

function memoryOf(credentials: Credentials): Memory {
  const held = memories.get(credentials)
  if (held) return held
  const memory = { known: new Map(), flights: new Map() }
  memories.set(credentials, memory)
  return memory
}

/** What it takes. */
interface MemoryPorts {
  credentials: Credentials
  clock: Clock
}

/** Keeps a row that holds a good token. */
export function rememberToken({ credentials, clock }: MemoryPorts, { data, version }: Row<TokenData>): void {
  const { known } = memoryOf(credentials)
  if (known.size >= MAX_ACCOUNTS) known.clear()
  const { app_id, generation, expires_at } = data
  known.set(app_id, { version, generation, expires_at, at: clock.now() })
}

/** What this process knew is over: its renewal failed, or another one wrote the row. */
export const forgetToken = ({ credentials }: MemoryPorts, appId: string): void => {
  memoryOf(credentials).known.delete(appId)
}

/** A good token that is newer than the row of version `seen` (0: no row), as far as this process lately knew. */
export function knownSince({ credentials, clock }: MemoryPorts, appId: string, seen: number): KnownToken | undefined {
  const known = memoryOf(credentials).known.get(appId)
  const isLate = known && Math.abs(clock.now() - known.at) < REMEMBER_MS
  return isLate && known.version > seen ? known : undefined
}

/** The renewal of that name that is under way in this process, else `begin`'s; one that hangs is joined by nobody. */
export function joinedRenewal(
  { credentials, clock }: MemoryPorts,
  name: string,
  begin: () => Promise<RenewOutcome>,
): Promise<RenewOutcome> {
  const { flights } = memoryOf(credentials)
  const flying = flights.get(name)
  if (flying && Math.abs(clock.now() - flying.at) < LEASE_MS) return flying.outcome
  const flight = { outcome: begin(), at: clock.now() }
  flights.set(name, flight)
  const land = () => {
    if (flights.get(name) === flight) flights.delete(name)
  }
  flight.outcome.then(land, land)
  return flight.outcome
}

/** The names under which operations and jobs declare what they need. */
import type { Clock } from '../ports/clock.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { Invoker } from '../ports/invoker.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { ObjectSigner, ObjectStore } from '../ports/objectStore.ts'
import type { Outbound } from '../ports/outbound.ts'
import type { Random } from '../ports/random.ts'
import type { Opener, Sealer } from '../ports/secrets.ts'
import type { Table } from '../ports/table.ts'
import type { WeChat } from '../ports/wechat.ts'

/** What every function has without asking: time, chance, a log and metrics. */
export interface AmbientPorts {
  clock: Clock
  random: Random
  log: Log
  metrics: Metrics
}

/** What a function has only when it declares it and its last line wires it. */
export interface NamedPorts {
  table: Table
  objects: ObjectStore
  signer: ObjectSigner
  wechat: WeChat
  credentials: Credentials
  secrets: Opener
  sealer: Sealer
  invoker: Invoker
  outbound: Outbound
}

/** The name of a port that can be declared. */
export type PortName = keyof NamedPorts

/** The ports of a function that declared `N`. */
export type PortsOf<N extends PortName> = AmbientPorts & Pick<NamedPorts, N>

/** Makes a port on first use, so that importing a function never reads the environment. */
export type Provider<T> = () => T

/** The last line of a function: one provider for each declared port. */
export type Wiring<N extends PortName> = { [K in N]: Provider<NamedPorts[K]> }

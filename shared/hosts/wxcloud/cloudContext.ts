/** What the platform says of a run: its limits, its variables, and who calls (CloudBase's SDK reads the same). */
import * as z from 'zod'
import type { Principal } from '../../core/grants.ts'
import { timeOrderedId } from '../../core/ids.ts'
import type { Call } from '../../core/operation.ts'
import type { AmbientPorts, Provider } from '../../core/ports.ts'
import { ambient } from '../ambient.ts'

/** CloudBase ends a function after 60 s at the most unless it is set up otherwise. */
const DEFAULT_LIMIT_MS = 60_000
/** Kept free at the end of a run, to answer or to write an outcome down. */
const RESERVE_MS = 1_500

const Context = z.object({
  request_id: z.string().optional(),
  time_limit_in_ms: z.number().optional(),
  /** The run's variables as JSON; older runtimes have `environ`, `NAME=value` joined by semicolons. */
  environment: z.string().optional(),
  environ: z.string().optional(),
})
const Variables = z.record(z.string(), z.unknown())

/** What runs have of their process. */
export interface CloudProcess {
  ambient: Provider<AmbientPorts>
  /** Aborts after so many ms. */
  deadline(ms: number): AbortSignal
}

/** The process that the platform started: the machine's clock, the log on stdout. */
export const PLATFORM: CloudProcess = { ambient, deadline: ms => AbortSignal.timeout(ms) }

/** The variables of one run. */
export type RunVariables = Readonly<Record<string, string | undefined>>

/** The run as core knows it. */
export function callOf(context: unknown, { ambient, deadline }: CloudProcess): Call {
  const { clock } = ambient()
  const { data } = Context.safeParse(context)
  const limit = data?.time_limit_in_ms ?? DEFAULT_LIMIT_MS
  const end = clock.now() + limit
  return {
    requestId: data?.request_id ?? timeOrderedId(ambient()),
    remaining: () => end - clock.now(),
    signal: deadline(Math.max(1, limit - RESERVE_MS)),
  }
}

/** The variables of a run: those of its context, else the process's, where the platform puts them too. */
export function runVariables(context: unknown): RunVariables {
  const { data } = Context.safeParse(context)
  if (data?.environment !== undefined) return texts(Variables.parse(JSON.parse(data.environment)))
  if (data?.environ === undefined) return process.env
  const pairs = data.environ.split(';').map((pair): [string, string] => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

/** The user of a mini program behind a run, `undefined` when the platform names none. */
export function cloudUser({ WX_APPID: miniProgram, WX_OPENID: openId }: RunVariables): Principal | undefined {
  return miniProgram && openId ? { miniProgram, openId } : undefined
}

/** Whether a client started the run itself; each function that passes a call on adds `scf` to the source. */
export function isFromClient(variables: RunVariables): boolean {
  const { WX_OPENID: openId, TCB_UUID: webUser, TCB_SOURCE: source = '' } = variables
  const sources = source.split(',')
  if (sources.includes('scf')) return false
  return Boolean(openId || webUser) || sources.some(each => /_(client|devtools)$/.test(each))
}

const texts = (values: Record<string, unknown>): RunVariables =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))

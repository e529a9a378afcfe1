/** What `npm run package:wxcloud` made: the functions, their time-outs and timers, as the platform's tools read them. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

/** Where the package lies unless told otherwise. */
const PACKAGE = fileURLToPath(new URL('../../out/wxcloud', import.meta.url))

const Rc = z.object({ functions: z.array(z.object({ name: z.string(), timeout: z.number() })) })
const Config = z.object({
  triggers: z.array(z.object({ name: z.string(), type: z.literal('timer'), config: z.string() })),
})
const Module = z.object({
  main: z.custom<(event: unknown, context: unknown) => Promise<unknown>>(value => typeof value === 'function'),
})

/** A timer of a function. */
export interface Timer {
  name: string
  everyMs: number
}

/** A function of the package. */
export interface PackagedFunction {
  id: string
  timeoutMs: number
  timers: Timer[]
  /** Requires it, once. Throws what its module throws. */
  load(): (event: unknown, context: unknown) => Promise<unknown>
}

/** The functions in `folder`. Throws a sentence for the operator when there is no package. */
export function packagedFunctions(folder = PACKAGE): PackagedFunction[] {
  const rc = join(folder, 'cloudbaserc.json')
  if (!existsSync(rc)) throw new Error('there is no package: run npm run package:wxcloud')
  const require = createRequire(import.meta.url)
  return Rc.parse(json(rc)).functions.map(({ name, timeout }) => ({
    id: name,
    timeoutMs: timeout * 1000,
    timers: Config.parse(json(join(folder, name, 'config.json'))).triggers.map(trigger => ({
      name: trigger.name,
      everyMs: everyMs(trigger.config),
    })),
    load: () => Module.parse(require(join(folder, name))).main,
  }))
}

const UNITS_MS = [1_000, 60_000, 3_600_000, 86_400_000]

/** The period of seven cron fields as the package writes them: zeros, then `*` or `*` / n, then stars. */
export function everyMs(config: string): number {
  const fields = config.split(' ')
  const unit = fields.findIndex(field => field !== '0')
  const every = /^\*(?:\/(\d+))?$/.exec(fields[unit] ?? '')
  const base = UNITS_MS[unit]
  if (fields.length !== 7 || !every || base === undefined) throw new Error(`the timer ${config} is not understood here`)
  return Number(every[1] ?? 1) * base
}

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

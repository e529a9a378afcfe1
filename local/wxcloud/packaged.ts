/** What `npm run package:wxcloud` made: the functions, their time-outs and timers, as the platform's tools read them. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { once } from '../../shared/hosts/once.ts'
import { CALLER } from '../cloudbase/startCloudBase.ts'

/** The SDK beside each function that uses it. */
const SDK_FILE = 'cloudbase.js'
/** Where the package lies unless told otherwise. */
const PACKAGE = fileURLToPath(new URL('../../out/wxcloud', import.meta.url))

const Rc = z.object({ functions: z.array(z.object({ name: z.string(), timeout: z.number() })) })
const Config = z.object({
  permissions: z.object({ openapi: z.array(z.string()) }),
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
  /** The cloud calls that it may make. */
  openapi: readonly string[]
  /** Requires it, once. Throws what its module throws. */
  load(): (event: unknown, context: unknown) => Promise<unknown>
}

/** The functions in `folder`. Throws a sentence for the operator when there is no package. */
export function packagedFunctions(folder = PACKAGE): PackagedFunction[] {
  const rc = join(folder, 'cloudbaserc.json')
  if (!existsSync(rc)) throw new Error('there is no package: run npm run package:wxcloud')
  const require = createRequire(import.meta.url)
  return Rc.parse(json(rc)).functions.map(({ name, timeout }) => {
    const { triggers, permissions } = Config.parse(json(join(folder, name, 'config.json')))
    return {
      id: name,
      timeoutMs: timeout * 1000,
      timers: triggers.map(trigger => ({ name: trigger.name, everyMs: everyMs(trigger.config) })),
      openapi: permissions.openapi,
      load: once(() => {
        const sdk = join(folder, name, SDK_FILE)
        if (existsSync(sdk)) signAs(name, require(sdk))
        return Module.parse(require(join(folder, name))).main
      }),
    }
  })
}

interface Sdk {
  init: (settings: object) => unknown
}

/** Lets a function's own copy of the SDK sign with credentials of its own, as on the platform. */
function signAs(id: string, sdk: Sdk): void {
  const { init } = sdk
  sdk.init = settings => {
    const { TENCENTCLOUD_SECRETID: secretId, TENCENTCLOUD_SECRETKEY: secretKey } = process.env
    return init({ ...settings, secretId: `${secretId}${CALLER}${id}`, secretKey })
  }
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

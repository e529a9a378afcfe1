/** What WeChat Cloud's tools read beside the code: `config.json` of a function, `cloudbaserc.json` of all. */
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import * as z from 'zod'
import { CLOUD_CALLS } from '../shared/wechat/cloudCall.ts'
import type { FunctionFacts } from './functionList.ts'

/** The platform ends a function after 60 s at the latest. */
const MAX_SECONDS = 60
const MEMORY_MB = 256
/** The lowest runtime that the bundles are made for. */
const RUNTIME = 'Nodejs20.19'

const Definition = z.object({
  provider: z.object({ timeout: z.number() }),
  functions: z.record(
    z.string(),
    z.object({
      timeout: z.number().optional(),
      events: z.array(z.object({ schedule: z.string().optional() })).default([]),
    }),
  ),
})

/** What serverless.yml says of times. */
export type CloudTimes = z.infer<typeof Definition>

/** Reads serverless.yml, so that both clouds have the same schedules. Throws `ZodError`. */
export async function cloudTimes(file: string): Promise<CloudTimes> {
  return Definition.parse(parse(await readFile(file, 'utf8'), { logLevel: 'error' }))
}

/** One timer of a function; the platform allows one. */
export interface CloudTimer {
  name: string
  type: 'timer'
  /** Seven fields: second, minute, hour, day, month, weekday, year. */
  config: string
}

/** The timers of the function `id`. Throws for a schedule that is no rate. */
export function timersOf({ functions }: CloudTimes, id: string): CloudTimer[] {
  const schedules = (functions[id]?.events ?? []).flatMap(({ schedule }) => schedule ?? [])
  if (schedules.length > 1) throw new Error(`${id} has more than one schedule; WeChat Cloud has one timer a function`)
  return schedules.map(schedule => ({ name: `${id}Timer`, type: 'timer', config: cron(schedule) }))
}

/** `rate(5 minutes)` in seven fields. */
export function cron(schedule: string): string {
  const [, count = '', unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? []
  const every = count === '1' ? '*' : `*/${count}`
  if (unit === 'minute') return `0 ${every} * * * * *`
  if (unit === 'hour') return `0 0 ${every} * * * *`
  if (unit === 'day') return `0 0 0 ${every} * * *`
  throw new Error(`the schedule ${schedule} is no rate`)
}

/** `config.json` of a function. */
export const configOf = (times: CloudTimes, { id, ports }: FunctionFacts): object => ({
  permissions: { openapi: ports.includes('wechat') ? Object.values(CLOUD_CALLS) : [] },
  triggers: timersOf(times, id),
})

/** `cloudbaserc.json`: what the CloudBase CLI deploys. Secrets stay in the environment of whoever deploys. */
export function cloudbaserc(times: CloudTimes, functions: readonly FunctionFacts[]): object {
  return {
    version: '2.0',
    envId: '{{env.CLOUDBASE_ENV}}',
    functionRoot: '.',
    functions: functions.map(facts => ({
      name: facts.id,
      handler: 'index.main',
      runtime: RUNTIME,
      memorySize: MEMORY_MB,
      timeout: Math.min(MAX_SECONDS, times.functions[facts.id]?.timeout ?? times.provider.timeout),
      installDependency: false,
      envVariables: variablesOf(facts),
      triggers: timersOf(times, facts.id),
    })),
  }
}

function variablesOf({ ports }: FunctionFacts): Record<string, string> {
  const sealing = ports.some(port => port === 'secrets' || port === 'sealer')
  return { LOG_LEVEL: 'info', ...(sealing && { SECRETS_KEY: '{{env.SECRETS_KEY}}' }) }
}

/** What `serverless.yml` says of functions, routes, triggers and schedules, so that local and deployed are the same. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import * as z from 'zod'

const HttpEvent = z.object({ httpApi: z.string() })
const StorageEvent = z.object({ s3: z.object({ rules: z.array(z.object({ prefix: z.string() })).default([]) }) })
const ScheduleEvent = z.object({ schedule: z.string() })
const Definition = z.object({
  provider: z.object({ timeout: z.number() }),
  functions: z.record(
    z.string(),
    z.object({
      timeout: z.number().optional(),
      events: z.array(z.union([HttpEvent, StorageEvent, ScheduleEvent])).default([]),
    }),
  ),
})
const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** One function as the stack runs it. */
export interface FunctionDefinition {
  id: string
  timeoutMs: number
  routes: { method: string; path: string }[]
  /** Keys whose creation starts it. */
  objectPrefixes: string[]
  /** Milliseconds between scheduled runs, one entry a schedule. */
  schedules: number[]
}

/** The functions of the definition at `file`. Throws `ZodError` for one this stack does not understand. */
export function readDefinition(file: string | URL): FunctionDefinition[] {
  const { provider, functions } = Definition.parse(parse(readFileSync(file, 'utf8')))
  return Object.entries(functions).map(([id, { timeout, events }]) => ({
    id,
    timeoutMs: (timeout ?? provider.timeout) * 1000,
    routes: events.flatMap(event => ('httpApi' in event ? [route(event.httpApi)] : [])),
    objectPrefixes: events.flatMap(event => ('s3' in event ? event.s3.rules.map(({ prefix }) => prefix) : [])),
    schedules: events.flatMap(event => ('schedule' in event ? [rate(event.schedule)] : [])),
  }))
}

function route(text: string): { method: string; path: string } {
  const [method = '', path = ''] = text.split(' ')
  return { method, path }
}

function rate(text: string): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(text)
  const unit = UNIT_MS[match?.[2] ?? '']
  if (!unit) throw new Error(`the schedule ${text} is not a rate`)
  return Number(match?.[1]) * unit
}

/** functions/, functions/index.ts, serverless.yml and events/ name the same functions, so that no step of adding one is forgotten. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { logicalName } from '../deploy/cloudFormation.ts'
import { PERMISSIONS } from '../deploy/permissions.ts'
import * as exported from '../functions/index.ts'
import { bundlePath, ROOT } from '../scripts/bundle.ts'

/** One event of a function in serverless.yml; a route may be short or long. */
const Trigger = z.strictObject({
  httpApi: z.union([z.string(), z.object({ method: z.string(), path: z.string() })]).optional(),
  s3: z.unknown().optional(),
  schedule: z.unknown().optional(),
})
const Definition = z.object({
  functions: z.record(
    z.string(),
    z.object({
      handler: z.string(),
      role: z.string(),
      package: z.object({ patterns: z.array(z.string()) }),
      destinations: z.string().optional(),
      maximumRetryAttempts: z.number().optional(),
      maximumEventAge: z.number().optional(),
      events: z.array(Trigger).default([]),
    }),
  ),
})

/** The next minute is the next try, and what has waited longer is a tick or a hint. */
const TICKS = ['refreshToken', 'sweepUploads']

const definition = Definition.parse(parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { logLevel: 'error' }))
const deployed = Object.entries(definition.functions)
const files = readdirSync(join(ROOT, 'functions')).map(name => basename(name, '.ts'))
const ids = files.filter(name => name !== 'index').sort()
const functions = Object.entries(exported)

/** `GET /healthz` of a trigger, upper case. */
function route({ httpApi }: z.infer<typeof Trigger>): string[] {
  if (httpApi === undefined) return []
  const [method = '', path = ''] = typeof httpApi === 'string' ? httpApi.split(' ') : [httpApi.method, httpApi.path]
  return [`${method.toUpperCase()} ${path}`]
}

/** The file extensions of the events that start a function: how AWS calls what core calls a trigger. */
function eventKinds(served: (typeof functions)[number][1]): string[] {
  if (served.kind === 'operation') return ['apigw']
  return served.triggers.flatMap(trigger =>
    trigger === 'object' ? ['s3'] : trigger === 'schedule' ? ['schedule'] : [],
  )
}

describe('the functions', () => {
  it('are listed in functions/index.ts, each under the name of its file', () => {
    expect(Object.keys(exported).sort()).toEqual(ids)
  })

  it.each(functions)('%s has its name as id', (name, { id }) => expect(id).toBe(name))

  it.each(ids)('%s exports itself and main, nothing else', async id => {
    const module: Record<string, unknown> = await import(`../functions/${id}.ts`)
    expect(Object.keys(module).sort()).toEqual([id, 'main'].sort())
    expect(module['main']).toBeTypeOf('function')
  })

  it('are all in serverless.yml', () => {
    expect(deployed.map(([id]) => id).sort()).toEqual(ids)
  })

  it.each(deployed)('%s is deployed from its bundle', (id, { handler }) => {
    expect(handler).toBe(`out/${bundlePath('lambda', id).replace(/\.cjs$/, '')}.main`)
  })

  it.each(deployed)(
    '%s is packaged as its bundle and its entry alone, under a role of its own',
    (id, { role, package: { patterns } }) => {
      expect(patterns).toEqual([`out/${bundlePath('lambda', id).replace(/\.cjs$/, '.*js')}`])
      expect(role).toBe(`${logicalName(id)}Role`)
    },
  )

  it('all have a row in deploy/permissions.ts', () => {
    expect(Object.keys(PERMISSIONS).sort()).toEqual(ids)
  })

  it.each(functions)('%s goes to the failure queue after its tries if nobody waits for it', (id, served) => {
    const { destinations, maximumRetryAttempts, maximumEventAge } = definition.functions[id] ?? {}
    const isJob = served.kind === 'job'
    const isTick = TICKS.includes(id)
    expect(destinations?.includes('self:custom.failures') ?? false).toBe(isJob)
    expect([maximumRetryAttempts, maximumEventAge]).toEqual(isTick ? [0, 60] : [isJob ? 2 : undefined, undefined])
    expect(PERMISSIONS[id]?.some(([action]) => action === 'sqs:SendMessage')).toBe(isJob)
  })

  it.each(functions)('%s is started in serverless.yml by what it declares', (id, served) => {
    const events = definition.functions[id]?.events ?? []
    const routes = served.kind === 'operation' ? [`${served.method} ${served.path}`] : []
    const triggers: readonly string[] = served.kind === 'job' ? served.triggers : []
    expect(events.flatMap(route)).toEqual(routes)
    expect(events.some(({ s3 }) => s3 !== undefined)).toBe(triggers.includes('object'))
    expect(events.some(({ schedule }) => schedule !== undefined)).toBe(triggers.includes('schedule'))
  })

  it('share no route', () => {
    const routes = deployed.flatMap(([, { events }]) => events.flatMap(route))
    expect([...new Set(routes)]).toEqual(routes)
  })
})

describe('the recorded events', () => {
  const folder = join(ROOT, 'events')
  const recorded = existsSync(folder) ? readdirSync(folder) : []

  it('are of functions that exist', () => {
    expect(recorded.filter(name => !ids.includes(name))).toEqual([])
  })

  it.each(functions)('have an ok case of everything that starts %s', (id, served) => {
    const missing = eventKinds(served)
      .map(kind => `events/${id}/ok.${kind}.json`)
      .filter(path => !existsSync(join(ROOT, path)))
    expect(missing).toEqual([])
  })

  it.each(recorded)('of %s are named <case>.<kind>.json and hold JSON', id => {
    for (const name of readdirSync(join(folder, id))) {
      expect(name).toMatch(/^[a-z][A-Za-z0-9-]*\.(apigw|s3|schedule|call|tcb)\.json$/)
      expect(() => JSON.parse(readFileSync(join(folder, id, name), 'utf8')), name).not.toThrow()
    }
  })
})

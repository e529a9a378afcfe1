/** docs/deploy.md tells operators of everything that they can set and that can wake them up. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { ALARMS } from '../deploy/alarms.ts'
import { ROOT } from '../scripts/bundle.ts'

const text = readFileSync(join(ROOT, 'docs', 'deploy.md'), 'utf8')
const Definition = z.object({ params: z.object({ default: z.record(z.string(), z.unknown()) }) })
const { params } = Definition.parse(parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { logLevel: 'error' }))

it.each(Object.keys(ALARMS))('the alarm %s has a first thing to do', name => {
  expect(text).toMatch(new RegExp(`^\\| \`${name}\` \\| .{10,} \\|$`, 'm'))
})

it.each(Object.keys(params.default))('the parameter %s is explained', name => {
  expect(text).toMatch(new RegExp(`^\\| [^|]*\`${name}\`[^|]* \\| .+ \\|$`, 'm'))
})

it('no alarm or parameter is told of that does not exist', () => {
  const rows = [...text.matchAll(/^\| `([A-Z][A-Za-z]+)` \|/gm)].map(([, name = '']) => name)
  expect(rows.filter(name => !(name in ALARMS))).toEqual([])
})

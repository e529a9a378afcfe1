/** Row 12: the largest bundle of each class. */
import { build } from 'esbuild'
import { type Bundle, bundleFor, bundleOptions } from '../../scripts/bundle.ts'
import { sizeClass } from '../../scripts/bundleRules.ts'
import { FUNCTIONS } from '../../scripts/functionList.ts'
import { temporaryFolder } from '../harness/bundled.ts'
import type { Group, Row, Tools } from '../harness/row.ts'

const KB = 1_000

/** Sizes of what is deployed to Lambda. */
export const bundles: Group = { name: 'bundles', run: measure }

async function measure({ peers }: Tools): Promise<Row[]> {
  const { bundles: made } = await bundleFor('lambda', FUNCTIONS, { outdir: temporaryFolder() })
  const middy = await sizeOf("export { default } from '@middy/core'", '.')
  const peer = peers ? await sizeOf("export { default } from 'co-wechat-api'", 'bench') : undefined
  const classes = Map.groupBy(made, sizeClass)
  return [...classes].sort(byGoal).map(([{ name, goal }, members], index): Row => {
    const largest = members.reduce((a, b) => (a.bytes > b.bytes ? a : b))
    const isFirst = index === 0
    return {
      ...{ id: `12${'abcdefgh'[index]}`, metric: `bundle, ${name}`, unit: 'kB', ours: largest.bytes / KB },
      ...(isFirst && { limit: middy / KB }),
      ...(isFirst && peer !== undefined && { peer: { name: 'co-wechat-api alone', value: peer / KB } }),
      goals: [{ atMost: goal / KB }],
      note: `${members.length} functions, largest: ${largest.id}${overs(members, goal)}`,
    }
  })
}

const byGoal = (a: [{ goal: number }, unknown], b: [{ goal: number }, unknown]) => a[0].goal - b[0].goal

function overs(members: readonly Bundle[], goal: number): string {
  const over = members.filter(({ bytes }) => bytes > goal)
  return over.length > 1 ? `, over: ${over.map(({ id }) => id).join(', ')}` : ''
}

async function sizeOf(contents: string, resolveDir: string): Promise<number> {
  const options = { ...bundleOptions('lambda'), metafile: false, outfile: 'x.cjs', logLevel: 'silent' as const }
  const result = await build({ ...options, stdin: { contents, resolveDir } })
  return result.outputFiles?.[0]?.contents.length ?? 0
}

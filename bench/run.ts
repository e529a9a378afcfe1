/**
 * `npm run bench`: one table of limit, best npm client, ours and goal. `npm run bench -- relay tokens` runs some groups,
 * `--write docs/performance.md` puts the table between that file's markers, `--no-peers` installs nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { GROUPS } from './groups/index.ts'
import { markdown } from './harness/markdown.ts'
import { installPeers } from './harness/peers.ts'
import type { Row, Tools } from './harness/row.ts'

const BEGIN = '<!-- bench: begin -->'
const END = '<!-- bench: end -->'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: { write: { type: 'string' }, peers: { type: 'boolean', default: true } },
})

const unknown = positionals.filter(name => !GROUPS.some(group => group.name === name))
if (unknown.length > 0) {
  process.stderr.write(`no group ${unknown.join(', ')}; there are: ${GROUPS.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}
const started = performance.now()
const progress = (text: string) =>
  void process.stderr.write(`${((performance.now() - started) / 1_000).toFixed(0)} s  ${text}\n`)
const tools: Tools = { peers: values.peers && installPeers(), progress }
const rows: Row[] = []
let failed = false
for (const group of GROUPS) {
  if (positionals.length > 0 && !positionals.includes(group.name)) continue
  progress(group.name)
  try {
    rows.push(...(await group.run(tools)))
  } catch (error) {
    failed = true
    process.stderr.write(`${group.name} failed: ${error instanceof Error ? error.stack : String(error)}\n`)
  }
}
const byNumber = (row: Row) => Number.parseInt(row.id, 10)
rows.sort((a, b) => byNumber(a) - byNumber(b) || a.id.localeCompare(b.id))
const text = `${machine()}\n\n${markdown(rows)}`
process.stdout.write(text)
if (values.write !== undefined) writeBetweenMarkers(values.write, text)
process.exit(failed ? 1 : 0)

function machine(): string {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))].join(', ')
  const date = new Date().toISOString().slice(0, 10)
  const peers = tools.peers ? '' : '; npm clients not installed'
  return `${date}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${models}${peers}.`
}

function writeBetweenMarkers(path: string, table: string): void {
  const before = readFileSync(path, 'utf8')
  const [head, rest] = before.split(BEGIN)
  const tail = rest?.split(END)[1]
  if (head === undefined || tail === undefined) throw new Error(`${path} has no ${BEGIN} … ${END}`)
  writeFileSync(path, `${head}${BEGIN}\n${table}${END}${tail}`)
}

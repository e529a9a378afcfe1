/** The Nodes that bundles must run on. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from './bundle.ts'

/** Installed by `npm ci --prefix test/node20`, as .ci/run does. */
const INSTALLED = join(ROOT, 'test', 'node20', 'node_modules', '.bin', 'node')

/** WeChat Cloud's lowest runtime: Node 20.19 of test/node20, else a Node 20 of PATH, else the Node that runs this test. */
export function lowestNode(): string {
  if (existsSync(INSTALLED)) return INSTALLED
  const found = (process.env['PATH'] ?? '').split(delimiter).map(directory => join(directory, 'node'))
  const isTwenty = (path: string) =>
    existsSync(path) && execFileSync(path, ['-v'], { encoding: 'utf8' }).startsWith('v20.')
  return found.find(isTwenty) ?? process.execPath
}

/** When a release was made, in the place of when it happened to be packaged. */
import { execFileSync } from 'node:child_process'
import { ROOT } from './bundle.ts'

/**
 * `SOURCE_DATE_EPOCH` (seconds, https://reproducible-builds.org/specs/source-date-epoch/) when it is set; else the time
 * of the commit, if nothing differs from it; else now: other bytes under a known name would never be deployed.
 */
export function releaseTime(environment: Record<string, string | undefined> = process.env): Date {
  const epoch = environment['SOURCE_DATE_EPOCH']
  if (epoch !== undefined && /^\d+$/.test(epoch)) return new Date(Number(epoch) * 1000)
  const committed = git('status', '--porcelain') === '' ? git('log', '-1', '--format=%ct') : undefined
  return committed ? new Date(Number(committed) * 1000) : new Date()
}

/** What git answers, without spaces around; `undefined` where there is none. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** osls names the folder of a deployment after its moment: `1795617772303-2026-11-25T14:42:52.303Z`. */
const FOLDER = /\d{13}-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g

/** The text of a template or of osls' state, without the moment and the place of its making. */
export const reproducible = (text: string, { time, root }: { time: Date; root: string }): string =>
  text
    .replaceAll(FOLDER, `${time.getTime()}-${time.toISOString()}`)
    .replaceAll(`${JSON.stringify(root).slice(1, -1)}.serverless/`, '.serverless/')

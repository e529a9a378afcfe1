/** Where a running stack says how to reach it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const StackFacts = z.object({ pid: z.number(), url: z.string(), invoke_url: z.string(), wechat_url: z.string() })

/** What the file says. */
export type StackFacts = z.infer<typeof StackFacts>

/** The file's path. */
export const stackFile = (dataDir: string): string => join(dataDir, 'stack.json')

/** The stack that runs on `dataDir`, `undefined` when none does. A killed one may have left its file behind. */
export function runningStack(dataDir: string): StackFacts | undefined {
  const file = stackFile(dataDir)
  if (!existsSync(file)) return undefined
  const facts = StackFacts.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  return facts.success && isAlive(facts.data.pid) ? facts.data : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

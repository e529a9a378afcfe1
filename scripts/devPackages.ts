/** What only development needs. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './bundle.ts'

/** The folders of such packages, as package-lock.json marks them: `node_modules/vitest`. */
export async function devPackages(): Promise<Set<string>> {
  const lock: unknown = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const { packages } = lock as { packages: Record<string, { dev?: boolean }> }
  return new Set(Object.keys(packages).filter(path => packages[path]?.dev === true))
}

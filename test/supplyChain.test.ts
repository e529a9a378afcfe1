/** What may be in the lockfile: versions with known holes, and packages that were never mended, stay out. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as z from 'zod'

/** Lowest versions without a known hole that concerns this service. */
const FLOORS: Readonly<Record<string, string>> = {
  axios: '0.31.0',
  'fast-xml-parser': '5.10.1',
  'file-type': '21.3.1',
  multer: '2.2.0',
  undici: '7.24.0',
}
/** Never mended, or known to break files. */
const REFUSED = ['dicer', 'ip', 's3rver', 'ssrfcheck', 'request']

const Lock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), dev: z.boolean().default(false) })),
})

const locked = (file: string): { name: string; version: string; dev: boolean }[] =>
  Object.entries(Lock.parse(JSON.parse(readFileSync(file, 'utf8'))).packages).flatMap(([path, { version, dev }]) =>
    path.includes('node_modules/') && version ? [{ name: path.split('node_modules/').at(-1) ?? '', version, dev }] : [],
  )

const isBelow = (version: string, floor: string): boolean =>
  version.localeCompare(floor, 'en', { numeric: true, sensitivity: 'base' }) < 0

it.each(['package-lock.json', 'test/node20/package-lock.json'])('%s holds no package with a known hole', file => {
  const packages = locked(file)
  expect(packages.length).toBeGreaterThan(0)
  expect(packages.filter(({ name }) => REFUSED.includes(name))).toEqual([])
  // What only development runs meets no stranger's bytes.
  const served = packages.filter(({ dev }) => !dev)
  expect(served.filter(({ name, version }) => isBelow(version, FLOORS[name] ?? '0'))).toEqual([])
})

it('names every dependency by an exact version', () => {
  const Versions = z.record(z.string(), z.string()).default({})
  const { dependencies, devDependencies } = z
    .object({ dependencies: Versions, devDependencies: Versions })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')))
  for (const version of Object.values({ ...dependencies, ...devDependencies })) {
    expect(version).toMatch(/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/)
  }
})

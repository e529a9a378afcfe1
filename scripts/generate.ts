/** `npm run generate`: writes what would otherwise be written twice. `--check` writes nothing and fails when a file is not up to date. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './bundle.ts'
import { errorDocs } from './errorDocs.ts'

const GENERATED: readonly { path: string; make: () => string }[] = [{ path: 'docs/errors.md', make: errorDocs }]

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })

for (const { path, make } of GENERATED) {
  const text = make()
  if (text === (await read(path))) continue
  if (values.check) {
    process.stderr.write(`${path} is not up to date: run \`npm run generate\` and commit it\n`)
    process.exitCode = 1
  } else {
    await writeFile(join(ROOT, path), text)
    process.stdout.write(`${path} written\n`)
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(join(ROOT, path), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

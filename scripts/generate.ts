/** `npm run generate`: writes what would otherwise be written twice. `--check` writes nothing and fails when a file is not up to date. */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './bundle.ts'
import { clientSource } from './clientSource.ts'
import { errorDocs } from './errorDocs.ts'
import { openApiDocument } from './openapi.ts'

const document = openApiDocument()

const GENERATED: readonly { path: string; make: () => string }[] = [
  { path: 'docs/errors.md', make: errorDocs },
  { path: 'docs/openapi.json', make: () => formatted('openapi.json', JSON.stringify(document)) },
  { path: 'shared/core/contract.gen.ts', make: () => contractModule(JSON.stringify(document)) },
  { path: 'client/sucai.gen.ts', make: () => clientSource(document) },
]

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

/** The text in a module, so that a bundle needs no file beside it. */
function contractModule(json: string): string {
  return `/** The OpenAPI document as JSON text; made by \`npm run generate\`. */\nexport const CONTRACT = ${JSON.stringify(json)}\n`
}

/** As the formatter wants it, which looks at this file like at any other. */
function formatted(name: string, text: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome')
  return execFileSync(biome, ['format', `--stdin-file-path=${name}`], { cwd: ROOT, input: text, encoding: 'utf8' })
}

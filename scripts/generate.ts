/** `npm run generate`: writes what would otherwise be written twice. `--check` writes nothing and fails when a file is not up to date. */
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { ROOT } from './bundle.ts'
import { clientSource } from './clientSource.ts'
import { errorDocs } from './errorDocs.ts'
import { openApiDocument } from './openapi.ts'

const document = openApiDocument()

interface Generated {
  path: string
  make: () => string
  /** Whether what is there says the same as `text`; the same bytes unless given. */
  same?: (there: string, text: string) => boolean
}

const GENERATED: readonly Generated[] = [
  { path: 'docs/errors.md', make: errorDocs },
  { path: 'docs/openapi.json', make: () => formatted('openapi.json', JSON.stringify(document)) },
  { path: 'shared/core/contract.gen.ts', make: () => contractModule(JSON.stringify(document)), same: sameContract },
  { path: 'client/sucai.gen.ts', make: () => clientSource(document) },
]

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })

for (const { path, make, same = Object.is } of GENERATED) {
  const text = make()
  if (same((await read(path)) ?? '', text)) continue
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
  const packed = brotliCompressSync(json, { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } })
  const words = 'The OpenAPI document as JSON text, brotli in base64; made by `npm run generate`.'
  return `/** ${words} */\nexport const CONTRACT =\n  '${packed.toString('base64')}'\n`
}

/** Another version of Node may pack the same text into other bytes. */
function sameContract(there: string, text: string): boolean {
  const [before, after] = [there, text].map(unpacked)
  return before !== undefined && before === after
}

function unpacked(module: string): string | undefined {
  const packed = /^ {2}'([A-Za-z0-9+/=]+)'$/m.exec(module)?.[1]
  if (packed === undefined) return undefined
  try {
    return brotliDecompressSync(Buffer.from(packed, 'base64')).toString('utf8')
  } catch {
    return undefined
  }
}

/** As the formatter wants it, which looks at this file like at any other. */
function formatted(name: string, text: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome')
  return execFileSync(biome, ['format', `--stdin-file-path=${name}`], { cwd: ROOT, input: text, encoding: 'utf8' })
}

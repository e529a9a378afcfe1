/** The project's own sources as text, for the tests that read them. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['functions', 'shared', 'local', 'scripts', 'deploy', 'bench', 'test']

/** A file; `path` is below the root, with slashes. */
export interface Source {
  path: string
  text: string
}

/** One import statement. `to` is a path below the root for the project's own files, else what the statement says. */
export interface Import {
  from: string
  to: string
  /** As written. */
  specifier: string
  /** Nothing is left of it at run time. */
  typeOnly: boolean
}

/** Every TypeScript file of the project that people write. */
export const SOURCES: readonly Source[] = FOLDERS.flatMap(folder => filesBelow(folder))
  .filter(path => path.endsWith('.ts') && !path.endsWith('.gen.ts'))
  .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

/** The text without comments. */
export const codeOf = ({ text }: Source): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

/** The imports of a file: statements, re-exports, and `import()` of a literal. */
export function importsOf(source: Source): Import[] {
  const code = codeOf(source)
  const statements = code.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w$*\s{},]+?\s+from\s+)?'([^']+)'/gm)
  const dynamic = code.matchAll(/\bimport\(\s*()'([^']+)'/g)
  return [...statements, ...dynamic].map(([, type, specifier = '']) => ({
    from: source.path,
    to: specifier.startsWith('.') ? posix.join(dirname(source.path), specifier) : specifier,
    specifier,
    typeOnly: Boolean(type) || source.path.endsWith('.d.ts'),
  }))
}

function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    return files
      .map(path => path.slice(ROOT.length))
      .filter(path => !path.includes('/node_modules/'))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** Facts of style that a formatter cannot see. Each rule names the lines it must find, so that none can rot. */
import { describe, expect, it } from 'vitest'
import { codeOf, SOURCES, type Source } from './support/sources.ts'

const MAX_FUNCTION_LINES = 60
const MAX_SOURCE_LINES = 300

interface StyleRule {
  name: string
  files: RegExp
  breaks: (source: Source) => boolean
  /** A file that breaks it. */
  broken: Source
}

const file = (path: string, text: string): Source => ({ path, text })
const lines = ({ text }: Source): number => text.trimEnd().split('\n').length

const RULES: readonly StyleRule[] = [
  {
    name: `functions have at most ${MAX_FUNCTION_LINES} lines`,
    files: /^functions\/(?!index\.ts$)/,
    breaks: source => lines(source) > MAX_FUNCTION_LINES,
    broken: file('functions/x.ts', '\n'.repeat(MAX_FUNCTION_LINES).concat('x')),
  },
  {
    name: `sources have at most ${MAX_SOURCE_LINES} lines`,
    files: /^(shared|local|scripts|bench)\//,
    breaks: source => lines(source) > MAX_SOURCE_LINES,
    broken: file('shared/x.ts', '\n'.repeat(MAX_SOURCE_LINES).concat('x')),
  },
  {
    name: 'a file is named after what it contains',
    files: /./,
    breaks: ({ path }) => /(^|\/)(utils?|helpers?|misc|common)(\/|\.)/i.test(path),
    broken: file('shared/core/utils.ts', ''),
  },
  {
    name: 'files and folders are camelCase',
    files: /./,
    breaks: ({ path }) =>
      !/^([a-z][A-Za-z0-9]*\/)*[a-z][A-Za-z0-9]*(\.(wxcloud|local))?(\.test|\.d|\.config)?\.ts$/.test(path),
    broken: file('shared/core/File-kind.ts', ''),
  },
  {
    name: 'no any',
    files: /./,
    breaks: source => /(?:[:<>|&,=]|\b(?:as|extends))\s*any\b/.test(withoutStrings(codeOf(source))),
    broken: file('shared/x.ts', 'const x = y as any'),
  },
  {
    name: 'no type is forced through unknown',
    files: /./,
    breaks: source => /\bas unknown as\b/.test(withoutStrings(codeOf(source))),
    broken: file('shared/x.ts', 'const x = 1 as unknown as string'),
  },
  {
    name: 'nothing is left for later',
    files: /./,
    breaks: ({ text }) => /\b(TO)DO\b|\b(FIX)ME\b|\bX{3}\b/.test(text),
    broken: file('shared/x.ts', `// ${'TO'}DO: later`),
  },
  {
    name: 'named exports only',
    // Tools want their configuration as a default export.
    files: /(?<!\.config\.ts)$/,
    breaks: source => /^export default\b|\bas default\b/m.test(codeOf(source)),
    broken: file('shared/x.ts', 'export default 1'),
  },
  {
    name: 'no banners',
    files: /./,
    breaks: ({ text }) => /^\s*(\/\/|\*|\/\*+)\s*[-=*#]{4,}/m.test(text),
    broken: file('shared/x.ts', `// ${'='.repeat(20)}`),
  },
  {
    name: 'every export has a doc comment',
    files: /^shared\//,
    breaks: ({ text }) => undocumented(text).length > 0,
    broken: file('shared/x.ts', 'const a = 1\n\nexport async function x() {}'),
  },
]

/** Templates with code in them are kept. */
function withoutStrings(code: string): string {
  return code.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''").replaceAll(/`[^`$]*`/g, "''")
}

/** The names of functions, values and types that are exported without a doc comment right above. */
function undocumented(text: string): string[] {
  const rows = text.split('\n')
  return rows.flatMap((row, index) => {
    const name = /^export (?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) (\w+)/.exec(row)?.[1]
    if (!name || rows[index - 1]?.trimEnd().endsWith('*/')) return []
    // Overloads share one comment.
    return rows[index - 1]?.startsWith('export function') ? [] : [name]
  })
}

const findings = (rule: StyleRule, sources: readonly Source[]): string[] =>
  sources
    .filter(source => rule.files.test(source.path) && rule.breaks(source))
    .map(({ path, text }) => (rule.name.includes('doc comment') ? `${path}: ${undocumented(text).join(', ')}` : path))

describe('style', () => {
  it.each(RULES.map(rule => [rule.name, rule] as const))('%s', (_name, rule) => {
    expect(findings(rule, SOURCES)).toEqual([])
    expect(findings(rule, [rule.broken])).toHaveLength(1)
  })
})

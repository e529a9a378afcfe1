/** `npm run bundle:report`: how large each function is, and what its bytes are. */
import type { Bundle } from './bundle.ts'
import { packageOf, sizeClass, twice } from './bundleRules.ts'

/** Parts below this are summed up. */
const SMALL_BYTES = 5_000

const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(0)

/**
 * The sizes, one line a bundle, on Lambda beside the goals of docs/performance.md row 12; goals are reported, never
 * enforced. On WeChat Cloud the time to load counts (row 18), for the SDK is a file of its own.
 */
export function sizes(bundles: readonly Bundle[]): string {
  const lines = bundles.map(bundle => {
    const goal = bundle.host === 'lambda' ? sizeClass(bundle).goal : undefined
    const doubled = twice(bundle)
    const isOver = goal !== undefined && bundle.bytes > goal
    const notes = [isOver && 'over', doubled.length > 0 && `twice: ${doubled.join(', ')}`].filter(Boolean)
    const size = `${kilobytes(bundle.bytes).padStart(6)} kB${goal === undefined ? '' : ` of${kilobytes(goal).padStart(6)}`}`
    return `${bundle.host.padEnd(8)} ${bundle.id.padEnd(24)}${size}  ${notes.join('; ')}`.trimEnd()
  })
  return `${lines.join('\n')}\n`
}

/** The sizes again, each followed by what is inside: packages and layers of the project, largest first. */
export function contents(bundles: readonly Bundle[]): string {
  return bundles.map(bundle => `${sizes([bundle])}${parts(bundle)}`).join('')
}

function parts({ moduleBytes }: Bundle): string {
  const byPart = new Map<string, number>()
  for (const [module, bytes] of Object.entries(moduleBytes)) {
    const part = packageOf(module) || module.split('/').slice(0, 2).join('/')
    byPart.set(part, (byPart.get(part) ?? 0) + bytes)
  }
  const sorted = [...byPart].sort((a, b) => b[1] - a[1])
  const large = sorted.filter(([, bytes]) => bytes >= SMALL_BYTES)
  const rest = sorted.slice(large.length).reduce((sum, [, bytes]) => sum + bytes, 0)
  const shown = [...large, ...(rest > 0 ? [[`${sorted.length - large.length} smaller`, rest] as const] : [])]
  return shown.map(([part, bytes]) => `${kilobytes(bytes).padStart(14)}  ${part}\n`).join('')
}

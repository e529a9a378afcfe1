/** Faults on demand: rules that make matching calls fail the way networks and WeChat do. */
import * as z from 'zod'
import type { Random } from '../../shared/ports/random.ts'

const KINDS = [
  'errcode',
  'reset-before',
  'accept-then-reset',
  'delay',
  'status',
  'html',
  'truncate',
  'text-plain',
  'spurious-40001',
  'empty',
  'hang',
] as const

/** Kinds whose call is refused before it has an effect, unless the rule says otherwise. */
const UNEXECUTED: readonly string[] = ['errcode', 'reset-before', 'status', 'html', 'spurious-40001']

/** A rule as it is added. */
export const FaultDraft = z.strictObject({
  /** A path, `*` for every call, or a prefix with a `*` behind it, such as `/video/*`. */
  path: z.string().min(1),
  app_id: z.string().exactOptional(),
  /** Strikes this many calls and is then used up; without it and `probability`, every call. */
  times: z.int().min(1).exactOptional(),
  /** 0 to 1, decided for each call. */
  probability: z.number().min(0).max(1).exactOptional(),
  kind: z.enum(KINDS),
  /** For `errcode`; -1 when absent. */
  errcode: z.int().exactOptional(),
  /** For `errcode`; the errcode's own text when absent. */
  errmsg: z.string().exactOptional(),
  /** For `delay`, in ms of the clock. */
  delay_ms: z.number().min(0).exactOptional(),
  /** For `status` (500) and `html` (200). */
  status: z.int().min(200).max(599).exactOptional(),
  /** Whether the call takes effect all the same; each kind has its own default. */
  executed: z.boolean().exactOptional(),
})

/** A rule as it is added. */
export type FaultDraft = z.infer<typeof FaultDraft>

/** A rule in force. */
export type FaultRule = FaultDraft & { id: number; executed: boolean; struck: number }

/** The rules in force. */
export interface FaultBook {
  /** Throws `ZodError` for a rule that makes no sense. */
  add(draft: FaultDraft): FaultRule
  list(): FaultRule[]
  clear(): void
  /** The rule that strikes this call, counted; the earliest added one wins. */
  strike(path: string, appId: string | undefined): FaultRule | undefined
}

/** A book without rules. */
export function faultBook(random: Random): FaultBook {
  let rules: FaultRule[] = []
  let lastId = 0
  return {
    add: draft => {
      const parsed = FaultDraft.parse(draft)
      lastId += 1
      const rule = { executed: !UNEXECUTED.includes(parsed.kind), ...parsed, id: lastId, struck: 0 }
      rules.push(rule)
      return rule
    },
    list: () => rules.map(rule => ({ ...rule })),
    clear: () => {
      rules = []
    },
    strike: (path, appId) => {
      const rule = rules.find(
        candidate =>
          matches(candidate.path, path) &&
          (candidate.app_id === undefined || candidate.app_id === appId) &&
          (candidate.probability === undefined || random.fraction() < candidate.probability),
      )
      if (!rule) return undefined
      rule.struck += 1
      if (rule.struck === rule.times) rules = rules.filter(other => other !== rule)
      return rule
    },
  }
}

const matches = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern

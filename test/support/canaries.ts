import type { Table } from '../../shared/ports/table.ts'

/** Collects secrets and everything that must not hold them. */
export interface Canaries {
  /** A string that may appear nowhere. */
  secret(value: string): void
  /** A token, which may rest in token rows only. */
  token(value: string): void
  /** Text that somebody outside could read: a log line, an answer. */
  seen(where: string, text: string): void
  /** The table, its writes watched. */
  watched(table: Table): Table
  /** Throws when a secret was seen. */
  check(): void
}

/** An empty collection. */
export function canaries(): Canaries {
  const secrets = new Set<string>()
  const tokens = new Set<string>()
  const texts: { where: string; text: string; mayHoldTokens: boolean }[] = []
  return {
    secret: value => void secrets.add(value),
    token: value => void tokens.add(value),
    seen: (where, text) => void texts.push({ where, text, mayHoldTokens: false }),
    watched: table => ({
      ...table,
      put: (draft, expected, signal) => {
        texts.push({
          where: `row ${draft.pk}`,
          text: JSON.stringify(draft),
          mayHoldTokens: draft.pk.startsWith('TOKEN#'),
        })
        return table.put(draft, expected, signal)
      },
    }),
    check: () => {
      for (const { where, text, mayHoldTokens } of texts) {
        for (const secret of [...secrets, ...(mayHoldTokens ? [] : tokens)]) {
          if (text.includes(secret)) throw new Error(`a secret leaked into ${where}: ${text.slice(0, 2_000)}`)
        }
      }
    },
  }
}

/** Remembers in memory when items expire, so that a sweep need not read the tables. */
import type { Item } from './dynalite.ts'

/** DynamoDB leaves items alone whose time to live is older than this (Developer Guide, "Using time to live"). */
const MAX_AGE_SECONDS = 5 * 365 * 24 * 3600

/** An item whose time has come. */
export interface Expired {
  table: string
  /** The item's key in the database. */
  key: string
}

/** Expiry times by item, for the tables that have time to live enabled. */
export interface ExpiryIndex {
  /** The attribute that holds a table's expiry times, `undefined` when time to live is off. */
  attribute(table: string): string | undefined
  /** Begins to observe a table; `items` is read once for what is there already. */
  watch(table: string, attribute: string, items: AsyncIterable<[string, Item]>): Promise<void>
  /** Forgets a table. */
  forget(table: string): void
  /** Learns of an item written (`undefined`: removed). */
  note(table: string, key: string, item: Item | undefined): void
  /** The items that have expired at `now` (ms since the epoch). */
  expired(now: number): Expired[]
}

/** An index that observes nothing yet. */
export function expiryIndex(): ExpiryIndex {
  const tables = new Map<string, { attribute: string; times: Map<string, number> }>()
  return {
    attribute: table => tables.get(table)?.attribute,
    async watch(table, attribute, items) {
      const times = new Map<string, number>()
      tables.set(table, { attribute, times })
      for await (const [key, item] of items) {
        const seconds = secondsOf(item[attribute])
        if (seconds !== undefined && !times.has(key)) times.set(key, seconds)
      }
    },
    forget: table => void tables.delete(table),
    note(table, key, item) {
      const watched = tables.get(table)
      if (!watched) return
      const seconds = secondsOf(item?.[watched.attribute])
      if (seconds === undefined) watched.times.delete(key)
      else watched.times.set(key, seconds)
    },
    expired: now =>
      [...tables].flatMap(([table, { times }]) =>
        [...times].filter(([, seconds]) => isPast(seconds, now)).map(([key]) => ({ table, key })),
      ),
  }
}

/** Whether an attribute value is an expiry time (seconds) that has passed at `now` (ms). */
export function isExpired(value: Item[string] | undefined, now: number): boolean {
  const seconds = secondsOf(value)
  return seconds !== undefined && isPast(seconds, now)
}

function secondsOf(value: Item[string] | undefined): number | undefined {
  const text = value?.['N']
  return typeof text === 'string' ? Number(text) : undefined
}

function isPast(seconds: number, now: number): boolean {
  return seconds * 1000 < now && seconds > now / 1000 - MAX_AGE_SECONDS
}

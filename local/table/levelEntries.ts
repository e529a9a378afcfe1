/** Reads ranges of a LevelDB database, letting go of the iterator whatever happens. */
import { Readable } from 'node:stream'
import type { Level, Range } from './dynalite.ts'

const ENTRIES_PER_READ = 100

/** Greater than every key of a key space: keys are ASCII. */
export const LAST = '\xff'

/** The entries of a range, in order. */
export async function* entries(level: Level, range: Range): AsyncGenerator<[string, unknown]> {
  const iterator = level.iterator(range)
  try {
    for (;;) {
      const chunk = await iterator.nextv(ENTRIES_PER_READ)
      if (chunk.length === 0) return
      yield* chunk
    }
  } finally {
    // An iterator left open keeps its snapshot until the database closes.
    await iterator.close()
  }
}

/** The values of a range within the key space `prefix`, as the stream that dynalite's queries read. */
export function valueStream(level: Level, prefix: string, range: Range): Readable {
  const bounds: Range = {}
  if (range.gt !== undefined) bounds.gt = prefix + range.gt
  else bounds.gte = prefix + (range.gte ?? '')
  if (range.lte !== undefined) bounds.lte = prefix + range.lte
  else bounds.lt = prefix + (range.lt ?? LAST)
  const values = async function* () {
    const { reverse = false, limit = -1 } = range
    for await (const [, value] of entries(level, { ...bounds, reverse, limit })) yield value
  }
  return Readable.from(values())
}

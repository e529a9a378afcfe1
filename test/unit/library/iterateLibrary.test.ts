import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { iterateLibrary, type LibraryPage } from '../../../shared/domain/library/iterateLibrary.ts'

interface Item {
  media_id: string
}

/** A list of `ids()`, and what it was asked. Answers come in an order of their own. */
function listOf(ids: () => string[]) {
  const seen = { calls: 0, underWay: 0, most: 0, aborted: 0, offsets: [] as number[] }
  const read = async (offset: number, count: number, signal: AbortSignal): Promise<LibraryPage<Item>> => {
    seen.calls++
    seen.offsets.push(offset)
    seen.most = Math.max(seen.most, ++seen.underWay)
    signal.addEventListener('abort', () => seen.aborted++)
    for (let turns = 0; turns < 1 + (offset % 7); turns++) await new Promise(resolve => setImmediate(resolve))
    seen.underWay--
    const all = ids()
    return { total_count: all.length, item: all.slice(offset, offset + count).map(media_id => ({ media_id })) }
  }
  return { read, seen }
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`)

async function all(items: AsyncIterable<Item>): Promise<string[]> {
  const ids: string[] = []
  for await (const { media_id } of items) ids.push(media_id)
  return ids
}

describe('a whole library', () => {
  it.each([undefined, 5_000])('of 5,000 items costs exactly 250 calls, in its order (expected: %s)', async expected => {
    const { read, seen } = listOf(() => many(5_000))
    const options = { concurrency: 20, ...(expected !== undefined && { expected }) }
    expect(await all(iterateLibrary(read, options))).toEqual(many(5_000))
    expect(seen).toMatchObject({ calls: 250, most: 20 })
  })

  it('asks for the first page alone when nobody knows how many there are', async () => {
    const { read, seen } = listOf(() => many(3))
    expect(await all(iterateLibrary(read))).toEqual(many(3))
    expect(seen.calls).toBe(1)
  })

  it('asks for as many at once as are expected', async () => {
    const { read, seen } = listOf(() => many(100))
    const items = iterateLibrary(read, { concurrency: 3, expected: 100 })
    const first = items.next()
    expect(seen.offsets).toEqual([0, 20, 40])
    await first
    await items.return(undefined)
  })

  it('of any size, at any concurrency and any guess, is whole, in order, within the limit', () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(300),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(400),
        async (size, concurrency, expected) => {
          const { read, seen } = listOf(() => many(size))
          expect(await all(iterateLibrary(read, { concurrency, expected }))).toEqual(many(size))
          expect(seen.most).toBeLessThanOrEqual(concurrency)
          expect(new Set(seen.offsets).size).toBe(seen.calls)
        },
      ),
      { numRuns: 50 },
    ))
})

describe('a library that moves', () => {
  it('by new items in front loses none and names none twice', async () => {
    const ids = many(100)
    let added = 0
    const { read } = listOf(() => {
      if (added < 25) ids.unshift(`new${added++}`)
      return ids
    })
    const got = await all(iterateLibrary(read, { concurrency: 1 }))
    expect(new Set(got).size).toBe(got.length)
    expect(got).toEqual(expect.arrayContaining(many(100)))
  })

  it('by shrinking ends', async () => {
    let left = 130
    const { read, seen } = listOf(() => {
      left -= 30
      return many(left)
    })
    expect((await all(iterateLibrary(read, { concurrency: 1 }))).length).toBeLessThan(100)
    expect(seen.calls).toBeLessThan(5)
  })
})

describe('a reader', () => {
  it('who stops early leaves nothing under way', async () => {
    const { read, seen } = listOf(() => many(1_000))
    for await (const { media_id } of iterateLibrary(read, { concurrency: 4 })) if (media_id === 'm25') break
    expect(seen.calls).toBeLessThan(10)
    expect(seen.aborted).toBe(seen.calls)
  })

  it('hears of a failing page, and the others are aborted', async () => {
    const { read, seen } = listOf(() => many(1_000))
    const failing = async (...args: Parameters<typeof read>) => {
      if (args[0] === 60) throw new Error('page 4')
      return read(...args)
    }
    await expect(all(iterateLibrary(failing, { concurrency: 5 }))).rejects.toThrow('page 4')
    expect(seen.aborted).toBe(seen.calls)
  })

  it('may end it by a signal', async () => {
    const stop = new AbortController()
    const read = async (_offset: number, _count: number, signal: AbortSignal): Promise<LibraryPage<Item>> => {
      signal.throwIfAborted()
      stop.abort(new Error('enough'))
      return { total_count: 1_000, item: many(20).map(media_id => ({ media_id })) }
    }
    await expect(all(iterateLibrary(read, { signal: stop.signal }))).rejects.toThrow('enough')
  })
})

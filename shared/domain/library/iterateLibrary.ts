/** Reads a whole list of WeChat's, a few pages at a time. */

/** WeChat's largest page. */
const PAGE = 20

/** One page of a list. */
export interface LibraryPage<T> {
  total_count: number
  item: T[]
}

/** How a list is read. */
export interface LibraryOptions {
  /** Calls under way at once; 5 when absent. */
  concurrency?: number
  /** Items believed to be there: so many are asked for at once, without waiting for the first page to tell. */
  expected?: number
  signal?: AbortSignal
}

/**
 * Every item of a list once, in WeChat's order, with as few calls as there are pages. The list may move while it is
 * read: what comes twice is left out, and its end is where the latest page says. Calls under way are aborted when the
 * reader stops early or a call fails.
 */
export async function* iterateLibrary<T extends { media_id: string }>(
  read: (offset: number, count: number, signal: AbortSignal) => Promise<LibraryPage<T>>,
  { concurrency = 5, expected = 0, signal }: LibraryOptions = {},
): AsyncGenerator<T> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const underWay: Promise<LibraryPage<T>>[] = []
  const seen = new Set<string>()
  let total = Math.max(1, expected)
  let offset = 0
  const fill = () => {
    for (; underWay.length < concurrency && offset < total; offset += PAGE) {
      const page = read(offset, PAGE, either)
      // Whoever waits for it hears of a failure; nobody may wait any more.
      page.catch(() => undefined)
      underWay.push(page)
    }
  }
  try {
    fill()
    for (let next = underWay.shift(); next; next = underWay.shift()) {
      const page = await next
      total = page.total_count
      fill()
      yield* byMediaId(page.item, seen)
    }
  } finally {
    stop.abort()
  }
}

/** The items whose media_id is not in `seen`, each once; `seen` grows by them. */
export function byMediaId<T extends { media_id: string }>(items: readonly T[], seen: Set<string> = new Set()): T[] {
  return items.filter(({ media_id: id }) => !seen.has(id) && seen.add(id))
}

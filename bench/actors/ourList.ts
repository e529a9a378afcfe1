/** Our reading of a whole list, bundled like a function. */
import { iterateLibrary } from '../../shared/domain/library/iterateLibrary.ts'
import { APP_ID, ourWeChat } from './ourWeChat.ts'

/** A list of `items`; `concurrency` calls at once. */
export interface ListTask {
  items: number
  concurrency: number
}

/** Its actions. */
export type ListActions = { list: (task: ListTask) => Promise<number> }

/** WeChat comes from the environment. */
export function start(): ListActions {
  const material = ourWeChat().material(APP_ID)
  return {
    async list({ items, concurrency }) {
      let count = 0
      const pages = iterateLibrary((offset, size, signal) => material.list('image', offset, size, signal), {
        concurrency,
        expected: items,
      })
      for await (const _ of pages) count++
      return count
    },
  }
}

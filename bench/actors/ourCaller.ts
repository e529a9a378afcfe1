/** A process that calls WeChat with the shared token, bundled like a function. */
import { wechat } from '../../shared/hosts/aws/wechat.ts'
import { APP_ID } from './ourWeChat.ts'

/** Its actions: so many calls at once, answering how many failed. */
export type CallerActions = { call: (calls: number) => Promise<number> }

/** Table, refresher and WeChat come from the environment. */
export function start(): CallerActions {
  const material = wechat().material(APP_ID)
  return {
    async call(calls) {
      const settled = await Promise.allSettled(Array.from({ length: calls }, () => material.count()))
      return settled.filter(({ status }) => status === 'rejected').length
    },
  }
}

/** A process that calls WeChat with a token that the peer fetches for itself. */
import { type PeerName, peerClient } from '../harness/peerClients.ts'
import type { CallerActions } from './ourCaller.ts'

/** Which one, and where WeChat is. */
export function start({ name, weChatUrl }: { name: PeerName; weChatUrl: string }): CallerActions {
  const client = peerClient(name, weChatUrl, true)
  return {
    async call(calls) {
      const settled = await Promise.allSettled(Array.from({ length: calls }, () => client.countMaterials()))
      return settled.filter(({ status }) => status === 'rejected').length
    },
  }
}

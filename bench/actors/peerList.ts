/** A peer's reading of a list: it has one call for one page, and no more. */
import { type PeerName, peerClient } from '../harness/peerClients.ts'
import type { ListActions } from './ourList.ts'

const PAGE = 20

/** Which one, and where WeChat is. */
export function start({ name, weChatUrl }: { name: PeerName; weChatUrl: string }): ListActions {
  const client = peerClient(name, weChatUrl)
  return {
    async list({ items }) {
      for (let offset = 0; offset < items; offset += PAGE) await client.listMaterials(offset, PAGE)
      return items
    },
  }
}

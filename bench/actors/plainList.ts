/** The limit of reading a list: node:http and JSON.parse. */
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ListActions } from './ourList.ts'

const PAGE = 20

/** Starts at the address of WeChat's stand-in. */
export function start({ weChatUrl }: { weChatUrl: string }): ListActions {
  const agent = new Agent({ keepAlive: true })
  const page = async (offset: number): Promise<number> => {
    const body = JSON.stringify({ type: 'image', offset, count: PAGE })
    const answer = await new Promise<string>((resolve, reject) => {
      const url = `${weChatUrl}/cgi-bin/material/batchget_material?access_token=token-1`
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      request(url, { method: 'POST', agent, headers }, response => void text(response).then(resolve, reject))
        .once('error', reject)
        .end(body)
    })
    return JSON.parse(answer).item.length
  }
  return {
    async list({ items, concurrency }) {
      let count = 0
      let offset = 0
      const worker = async () => {
        while (offset < items) {
          const mine = offset
          offset += PAGE
          count += await page(mine)
        }
      }
      await Promise.all(Array.from({ length: concurrency }, worker))
      return count
    },
  }
}

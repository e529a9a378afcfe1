/** Stands in for the three services of AWS that the callback asks, each answer as late as in a real region. */
import { setTimeout as wait } from 'node:timers/promises'
import type { TableItem } from '../../shared/stores/tableItem.ts'
import { chunksOf, listen } from './server.ts'

/** How it runs. */
export interface CloudSettings {
  /** What every GetItem finds. */
  item: TableItem
  /** What every Decrypt opens. */
  secret: string
  /** ms before each answer */
  latencyMs: number
}

/** Starts it. */
export async function start({ item, secret, latencyMs }: CloudSettings) {
  const rows = new Set<string>()
  let invoked = 0
  const answers: Record<string, (body: Buffer) => unknown> = {
    GetItem: () => ({ Item: item }),
    PutItem: body => {
      rows.add(JSON.parse(body.toString('utf8')).Item.sk.S)
      return {}
    },
    Decrypt: () => ({ Plaintext: Buffer.from(secret).toString('base64') }),
  }
  const url = await listen(undefined, async (request, response) => {
    const body = Buffer.concat(await chunksOf(request))
    await wait(latencyMs)
    const target =
      String(request.headers['x-amz-target'] ?? '')
        .split('.')
        .at(-1) ?? ''
    const answer = answers[target]
    if (!answer) {
      invoked++
      response.writeHead(202, { 'content-length': 0 }).end()
      return
    }
    const text = JSON.stringify(answer(body))
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': text.length }).end(text)
  })
  return { facts: () => ({ url }), seen: () => ({ rows: rows.size, invoked }) }
}

/** Its actions. */
export type CloudActions = Awaited<ReturnType<typeof start>>

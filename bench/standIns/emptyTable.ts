/** Stands in for DynamoDB where only the asking matters: no row exists. */
import { chunksOf, listen, type Tls } from './server.ts'

/** Its actions. */
export type EmptyTableActions = Awaited<ReturnType<typeof start>>

/** Starts it. */
export async function start({ tls }: { tls?: Tls }) {
  const url = await listen(tls, async (request, response) => {
    await chunksOf(request)
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': 2 }).end('{}')
  })
  return { facts: () => ({ url }) }
}

/** Stands in for S3: one file under every key, and memory for what is put. Signatures are not looked at. */
import { chunksOf, listen, sampleFile, sha256, type Tls } from './server.ts'

/** How it runs. */
export interface StoreSettings {
  tls?: Tls
  /** bytes of the file that every key has */
  fileBytes: number
  /** Each key has bytes of its own, for what the service does with the same bytes twice is something else. */
  distinct?: boolean
}

/** Behind what tells a PNG. */
const MARK_AT = 64

/** A put object. */
export interface PutObject {
  sha256: string
  size: number
}

/** Starts it. */
export async function start({ tls, fileBytes, distinct = false }: StoreSettings) {
  const file = sampleFile(fileBytes)
  const facts = { 'content-type': 'image/png', 'content-length': file.length, etag: `"${sha256(file).slice(0, 32)}"` }
  const put: Buffer[][] = []
  let counted: Record<string, number> = {}
  const url = await listen(tls, async (request, response) => {
    const { method = '' } = request
    counted[method] = (counted[method] ?? 0) + 1
    if (distinct) file.write(sha256(Buffer.from(request.url?.split('?')[0] ?? '')), MARK_AT)
    if (method === 'GET') response.writeHead(200, facts).end(distinct ? Buffer.from(file) : file)
    else if (method === 'HEAD') response.writeHead(200, facts).end()
    else if (method === 'PUT') {
      // A refusal of aws-chunked framing would look like corruption.
      put.push(await chunksOf(request))
      response.writeHead(200, { etag: facts.etag, 'content-length': 0 }).end()
    } else {
      await chunksOf(request)
      response.writeHead(204).end()
    }
  })
  return {
    /** Where it is and what file it has. */
    facts: () => ({ url, sha256: sha256(file) }),
    /** Requests by method since the last question. */
    counted: (): Record<string, number> => {
      const seen = counted
      counted = {}
      return seen
    },
    /** The SHA-256 of the file that was asked for last. */
    latest: () => sha256(file),
    /** What was put since the last question. */
    put: (): PutObject[] =>
      put.splice(0).map(chunks => ({ sha256: sha256(...chunks), size: Buffer.concat(chunks).length })),
  }
}

/** Its actions. */
export type StoreActions = Awaited<ReturnType<typeof start>>

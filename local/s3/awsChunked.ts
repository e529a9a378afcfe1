/** The aws-chunked body coding, signed or not, with or without trailers (AWS, "Signature Calculations: … Multiple Chunks"). */
import { createHash } from 'node:crypto'
import { type Authorization, signatureMismatch } from './authenticate.ts'
import { S3Error } from './s3Error.ts'
import { hmac, sameSignature, scopeText, sha256Hex } from './signature.ts'

const MAX_LINE_BYTES = 4096
const MAX_TRAILERS = 10
const EMPTY_SHA256 = sha256Hex('')

/** How the chunks are to be read. */
export interface ChunkedOptions {
  /** Chunk and trailer signatures are required and continue from this one. */
  signedBy?: Authorization
  /** Trailer lines follow the last chunk. */
  trailers: boolean
  /** Gets the trailers (names in lower case) after the last byte. */
  onTrailers(trailers: Map<string, string>): void
}

/** The plain bytes of an aws-chunked `source`; throws `S3Error` at the first byte that does not fit. */
export async function* awsChunked(source: AsyncIterable<Buffer>, options: ChunkedOptions): AsyncGenerator<Buffer> {
  const input = byteReader(source)
  try {
    yield* chunksOf(input, options)
  } finally {
    await input.close()
  }
}

async function* chunksOf(input: ByteReader, options: ChunkedOptions): AsyncGenerator<Buffer> {
  const signer = options.signedBy && chainedSigner(options.signedBy)
  for (;;) {
    const { size, signature } = parseChunkHeader(await input.line())
    const hash = signer && createHash('sha256')
    for (let left = size; left > 0; ) {
      const part = await input.upTo(left)
      left -= part.length
      hash?.update(part)
      yield part
    }
    if (signer) signer.checkChunk(hash?.digest('hex') ?? EMPTY_SHA256, signature)
    if (size === 0) break
    if ((await input.line()) !== '') throw incomplete()
  }
  const trailers = await readTrailers(input)
  const trailerSignature = trailers.get('x-amz-trailer-signature')
  trailers.delete('x-amz-trailer-signature')
  if (trailers.size > 0 && !options.trailers) throw malformedTrailer()
  if (signer && options.trailers) signer.checkTrailers(trailers, trailerSignature ?? '')
  options.onTrailers(trailers)
}

function parseChunkHeader(line: string): { size: number; signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
  if (!match) throw incomplete()
  return { size: Number.parseInt(match[1] ?? '', 16), signature: match[2] ?? '' }
}

/** Lines up to the empty one. A body may also end right after its last trailer, as AWS's own example does. */
async function readTrailers(input: ByteReader): Promise<Map<string, string>> {
  const trailers = new Map<string, string>()
  for (;;) {
    const line = await input.lineOrEnd()
    if (line === undefined) return trailers
    if (line === '') continue
    const at = line.indexOf(':')
    if (at < 1 || trailers.size >= MAX_TRAILERS) throw malformedTrailer()
    trailers.set(line.slice(0, at).toLowerCase().trim(), line.slice(at + 1).trim())
  }
}

function chainedSigner(authorization: Authorization) {
  const { amzDate, scope, key } = authorization
  let previous = authorization.signature
  const check = (lines: string[], received: string) => {
    if (!sameSignature(received, hmac(key, lines.join('\n')))) throw signatureMismatch()
    previous = received
  }
  return {
    checkChunk: (chunkHash: string, received: string) =>
      check(['AWS4-HMAC-SHA256-PAYLOAD', amzDate, scopeText(scope), previous, EMPTY_SHA256, chunkHash], received),
    checkTrailers: (trailers: Map<string, string>, received: string) => {
      const canonical = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('')
      check(['AWS4-HMAC-SHA256-TRAILER', amzDate, scopeText(scope), previous, sha256Hex(canonical)], received)
    },
  }
}

interface ByteReader {
  /** A line without its CRLF; throws at the end of the input. */
  line(): Promise<string>
  /** The same, `undefined` at the end of the input. */
  lineOrEnd(): Promise<string | undefined>
  /** 1 to `limit` bytes; throws at the end of the input. */
  upTo(limit: number): Promise<Buffer>
  /** Lets go of the source. */
  close(): Promise<void>
}

function byteReader(source: AsyncIterable<Buffer>): ByteReader {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  const more = async (): Promise<boolean> => {
    const next = await chunks.next()
    if (next.done) return false
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
    return true
  }
  const lineOrEnd = async (): Promise<string | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n')
      if (end >= 0) {
        const line = rest.toString('latin1', 0, end)
        rest = rest.subarray(end + 1)
        return line.endsWith('\r') ? line.slice(0, -1) : line
      }
      if (rest.length > MAX_LINE_BYTES) throw incomplete()
      if (!(await more())) {
        if (rest.length > 0) throw incomplete()
        return undefined
      }
    }
  }
  return {
    lineOrEnd,
    async line() {
      const line = await lineOrEnd()
      if (line === undefined) throw incomplete()
      return line
    },
    async upTo(limit) {
      while (rest.length === 0) if (!(await more())) throw incomplete()
      const part = rest.subarray(0, limit)
      rest = rest.subarray(part.length)
      return part
    },
    async close() {
      await chunks.return?.()
    },
  }
}

const incomplete = () =>
  new S3Error('IncompleteBody', 'The request body is not well-formed aws-chunked data or ended too early.')

const malformedTrailer = () =>
  new S3Error('MalformedTrailerError', 'The request contained trailing data that was not well-formed.')

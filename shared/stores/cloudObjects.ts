/** Objects in CloudBase's storage. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { AppError } from '../core/errors.ts'
import type { ObjectInfo, ObjectStore, WriteOptions } from '../ports/objectStore.ts'
import { type CloudBaseClient, untilAborted } from './cloudBase.ts'
import { unavailable as cloudUnavailable } from './cloudFailure.ts'
import { cloudFiles } from './cloudFiles.ts'
import { exchange, type HttpExchange } from './httpExchange.ts'
import { checkLength, exactly, gathered, ownErrors } from './objectBody.ts'
import { decodedMetadata, encodedMetadata } from './objectMetadata.ts'

const META = 'x-cos-meta-'
/** Set by the SDK's own uploads, none of ours. */
const FILE_ID = 'fileid'
const ADDRESS_SECONDS = 600
/** What a file without a type has; COS itself says `binary/octet-stream` for some. */
const NO_TYPE = 'application/octet-stream'
/** Whatever a browser is led to, it saves it: nothing of clients' files runs in a page (security.md §1). */
const DISPOSITION = 'attachment'

/**
 * An object store over one environment's storage. Throws `AppError`: `OBJECT_CHANGED` when an etag does not fit any
 * more, `STORE_UNAVAILABLE` when the storage cannot be reached or fails, `INTERNAL` when it refuses. An aborted
 * signal's reason and an error of the body being written pass through as they are.
 */
export function cloudObjects({ client }: { client: CloudBaseClient }): ObjectStore {
  const files = cloudFiles(client)

  /** The answer to a GET; `undefined` for an object that does not exist. */
  const fetched = async (
    key: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage | undefined> => {
    const address = () => files.downloadAddress(key, { seconds: ADDRESS_SECONDS, origin: true })
    const url = await untilAborted(address, signal)
    return url === undefined ? undefined : answerOf({ method: 'GET', url, headers, signal })
  }

  const info = (key: string, { headers }: IncomingMessage): ObjectInfo => {
    const type = headers['content-type'] ?? ''
    const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length']
    return {
      key,
      size: Number(total ?? 0),
      etag: plain(headers.etag),
      contentType: type === '' || type === 'binary/octet-stream' ? NO_TYPE : type,
      metadata: metadataOf(headers),
    }
  }

  /** Sends bytes of known length; what goes wrong with the bytes themselves is what the caller gets. */
  const put = async (
    key: string,
    { source, size }: { source: Readable; size: number },
    { contentType, metadata, signal }: WriteOptions,
  ): Promise<{ etag: string }> => {
    const body = exactly(source, size)
    let failure: { error: unknown } | undefined
    body.once('error', error => {
      failure = { error }
    })
    try {
      const address = await untilAborted(() => files.uploadAddress(key), signal)
      const headers = {
        ...address.headers,
        ...{ 'content-type': contentType, 'content-length': String(size), 'content-disposition': DISPOSITION },
        ...prefixed(encodedMetadata(metadata ?? {})),
      }
      const answer = await answerOf({ method: 'PUT', url: address.url, headers, body, signal })
      answer?.resume()
      if (!answer) throw unavailable(new Error('PUT answered 404'))
      return { etag: plain(answer.headers.etag) }
    } catch (error) {
      throw failure ? failure.error : error
    } finally {
      body.destroy()
    }
  }

  return {
    async head(key, signal) {
      // The address is signed for GET; one byte of the body is the least that can be asked for.
      const first = await fetched(key, { range: 'bytes=0-0' }, signal)
      first?.destroy()
      // An object without bytes has no first one.
      const found = first?.statusCode === 416 ? await fetched(key, {}, signal) : first
      found?.destroy()
      return found && info(key, found)
    },
    async read(key, { etag, signal } = {}) {
      const found = await fetched(key, etag === undefined ? {} : { 'if-match': `"${etag}"` }, signal)
      return found && { ...info(key, found), body: ownErrors(found, signal, unavailable) }
    },
    async write(key, body, options) {
      const { size, signal } = options
      if (body instanceof Readable && size !== undefined) {
        try {
          return await put(key, { source: body, size }, options)
        } catch (error) {
          throw signal?.aborted ? signal.reason : error
        }
      }
      const bytes = body instanceof Readable ? await gathered(body, { signal }) : body
      checkLength(size, bytes.length)
      return put(key, { source: Readable.from([bytes]), size: bytes.length }, options)
    },
    async describe(key, facts) {
      // The storage changes facts only together with the bytes.
      const found = await fetched(key, {}, facts.signal)
      if (!found) throw new AppError('OBJECT_MISSING', 'There is no such object.')
      const { size } = info(key, found)
      await put(key, { source: ownErrors(found, facts.signal, unavailable), size }, facts)
    },
    remove: (key, signal) => untilAborted(() => files.remove(key), signal),
  }
}

/** The answer's head; `undefined` for 404. Throws errors of ours, or the signal's reason. */
async function answerOf(request: HttpExchange): Promise<IncomingMessage | undefined> {
  const { signal } = request
  const answer = await exchange(request).catch(error => {
    throw signal?.aborted ? signal.reason : unavailable(error)
  })
  const status = answer.statusCode ?? 0
  if (status < 300 || status === 416) return answer
  answer.resume()
  if (status === 404) return undefined
  const cause = new Error(`the object store answered ${status}`)
  if (status === 412) throw new AppError('OBJECT_CHANGED', 'The stored bytes are not those any more.', {}, { cause })
  if (status >= 500 || status === 429) throw unavailable(cause)
  throw new AppError('INTERNAL', 'The object store refused the call.', {}, { cause })
}

const prefixed = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [META + name, value]))

function metadataOf(headers: IncomingMessage['headers']): Record<string, string> {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(META) && name !== META + FILE_ID ? [[name.slice(META.length), String(value)]] : [],
  )
  return decodedMetadata(Object.fromEntries(values))
}

const plain = (etag: string | undefined): string => (etag ?? '').replace(/^"|"$/g, '')

const unavailable = (cause: unknown): AppError => cloudUnavailable('object store', cause)

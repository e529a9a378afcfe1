/** Sends calls of WeChat as cloud calls (云调用, wechat-api.md §8.1): the platform adds the credential, and converts nothing. */
import { Readable } from 'node:stream'
import { AppError } from '../core/errors.ts'
import type { CloudCalls } from '../ports/cloudCalls.ts'
import type { CallFacts } from '../ports/tokens.ts'
import { type CallArgument, decodeAnswer, encodeCall } from './cloudMessage.ts'
import { encodeJson, isObject, parseJson } from './json.ts'
import type { Transport, TransportAnswer, TransportBody, TransportRequest } from './transportPort.ts'

/**
 * The names of the calls that exist. `del_material` is spelt two ways in the documents and `media/get` not at all, so
 * neither is here; drafts have none.
 */
export const CLOUD_CALLS: Readonly<Record<string, string>> = {
  'material/add_material': 'officialAccount.material.addMaterial',
  'material/batchget_material': 'officialAccount.material.batchGetMaterial',
  'material/get_material': 'officialAccount.material.get',
  'material/get_materialcount': 'officialAccount.material.getMaterialCount',
  'media/upload': 'officialAccount.media.upload',
  'media/uploadimg': 'officialAccount.media.uploadImg',
}

/**
 * Larger requests keep to the token: what the platform takes is not written down above the 1 MB of an answer
 * (wechat-api.md §8.2), and a cloud call is held whole, three times over.
 */
const MAX_BYTES = 1024 * 1024
/** The platform got no answer of WeChat, which may have executed the call. */
const NO_ANSWER = new Set([-604102, -604103])
const PATH = /^\/cgi-bin\//

/** Whether a call can be made as a cloud call. */
export const isCloudCall = ({ endpoint, bytes }: CallFacts): boolean =>
  Object.hasOwn(CLOUD_CALLS, endpoint) && bytes <= MAX_BYTES

/**
 * `over`, but requests under the token `cloud_call` (see `AccessToken`) go through `cloud`. A refusal of the platform becomes an answer with its code as errcode, for the table of errcodes to judge. Errors as
 * {@link Transport} says, and `INTERNAL` when the platform refused the call before it had a look at it.
 */
export function cloudCallTransport(over: Transport, cloud: CloudCalls): Transport {
  return {
    ...over,
    send: request => {
      const { cloud_call: marked, ...query } = request.query
      return marked === undefined
        ? over.send(request)
        : ask(cloud, { ...request, query }, marked.slice(marked.indexOf('/') + 1))
    },
  }
}

async function ask(cloud: CloudCalls, request: TransportRequest, appId: string): Promise<TransportAnswer> {
  const { path, timeoutMs, signal } = request
  const name = CLOUD_CALLS[path.replace(PATH, '')]
  if (name === undefined) throw new AppError('INTERNAL', `${path} is no cloud call.`)
  const message = encodeCall(appId, await argumentsOf(request))
  const answer = decoded(await cloud.call({ name, message, timeoutMs, signal }))
  if (NO_ANSWER.has(answer.errorCode)) throw unclear(`the platform says ${answer.errorCode}`)
  if (answer.errorCode !== 0) {
    const refusal = encodeJson({ errcode: answer.errorCode, errmsg: `the platform refused ${name}` })
    return answered(200, { 'content-type': 'application/json' }, refusal)
  }
  return answered(answer.httpCode || 200, { ...answer.headers, 'content-type': answer.contentType }, answer.body)
}

function decoded(message: Buffer): ReturnType<typeof decodeAnswer> {
  try {
    return decodeAnswer(message)
  } catch {
    throw unclear(`an answer of ${message.length} bytes is no message`)
  }
}

const unclear = (reason: string): AppError =>
  new AppError(
    'WECHAT_UNCLEAR',
    'The cloud call has no answer; WeChat may have executed it.',
    {},
    { cause: new Error(reason) },
  )

/** The length is that of the bytes that came, whatever was said on the way. */
const answered = (status: number, headers: Record<string, string>, bytes: Buffer): TransportAnswer => ({
  status,
  headers: { ...headers, 'content-length': String(bytes.length) },
  body: Readable.from(bytes.length > 0 ? [bytes] : []),
})

/** Query, fields of a JSON body and parts of a form become arguments alike; all but files are JSON. */
async function argumentsOf({ query, body, signal }: TransportRequest): Promise<CallArgument[]> {
  const ofQuery = jsonArguments(query)
  if (body === undefined) return ofQuery
  if (body instanceof Uint8Array) {
    const fields = parseJson(Buffer.from(body).toString('utf8'))
    return [...ofQuery, ...jsonArguments(isObject(fields) ? fields : {})]
  }
  const bytes = await collected(body, signal)
  const parts = (body.parts ?? []).map(({ start, end, ...part }) => ({ ...part, value: bytes.subarray(start, end) }))
  return [...ofQuery, ...parts]
}

const jsonArguments = (fields: Record<string, unknown>): CallArgument[] =>
  Object.entries(fields).map(([name, value]) => ({ name, value: Buffer.from(encodeJson(value)) }))

async function collected(body: TransportBody, signal = new AbortController().signal): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body.open(signal)) chunks.push(chunk)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (signal.aborted)
      throw new AppError('OUT_OF_TIME', 'The cloud call was stopped before it was made.', {}, { cause })
    throw new AppError('STORE_UNAVAILABLE', 'The file could not be read to its end.', {}, { cause })
  }
  return Buffer.concat(chunks)
}

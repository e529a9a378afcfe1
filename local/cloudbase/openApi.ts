/** Cloud calls (云调用): `wx.openApi` in the shapes that `@cloudbase/node-sdk` 3.18 and wx-server-sdk 4.0 send, made of WeChat under the platform's credential. */

import * as z from 'zod'
import { protoBytes, protoFields, protoMessage } from '../../shared/wechat/protobuf.ts'
import { parseMultipart, saysMultipart } from '../wechat/multipart.ts'
import { Refusal } from './refusal.ts'

/** wechat-api.md §8.1 */
const RESULT_TOO_LARGE = -604001
const NOT_FOUND = -604100
const NOT_PERMITTED = -604101
const FAULT = -604103
const MAX_RESULT_BYTES = 1024 * 1024

/** How each is made of WeChat; a `form` has its file and description there, everything else in the query. */
const CALLS: Readonly<Record<string, { path: string; as: 'query' | 'json' | 'form' }>> = {
  'officialAccount.material.addMaterial': { path: 'material/add_material', as: 'form' },
  'officialAccount.material.batchGetMaterial': { path: 'material/batchget_material', as: 'json' },
  'officialAccount.material.get': { path: 'material/get_material', as: 'json' },
  'officialAccount.material.getMaterialCount': { path: 'material/get_materialcount', as: 'query' },
  'officialAccount.media.upload': { path: 'media/upload', as: 'form' },
  'officialAccount.media.uploadImg': { path: 'media/uploadimg', as: 'form' },
}

/** Where cloud calls go. */
export interface CloudCallSettings {
  /** The simulator. */
  wechatUrl: string
  /** The account that the environment belongs to, and the platform's token for it. */
  account: { appId: string; token: string }
  /** `permissions.openapi` of the function that calls, '' for whoever is none; every call when absent. */
  permitted?: (caller: string) => readonly string[]
  /** A refusal of the platform's own for a call of that name, before WeChat is asked. */
  refusal?: (name: string) => number | undefined
}

const Ask = z.object({ apiName: z.string(), requestData: z.instanceof(Buffer) })

/** The fields of a form, bytes for `requestData`, text for the others; `undefined` for a body that is no form. */
export function formOf(contentType: string, body: Buffer): Record<string, string | Buffer> | undefined {
  if (!saysMultipart(contentType)) return undefined
  const form = parseMultipart(contentType, body)
  if ('fault' in form) throw new Refusal('INVALID_PARAM', form.fault)
  return Object.fromEntries(
    form.parts.map(({ disposition, content }) => {
      const name = disposition.get('name')?.value ?? ''
      return [name, name === 'requestData' ? content : content.toString('utf8')]
    }),
  )
}

/** Answers a call by a message; what the platform refuses has its code there. Throws `ZodError` for another form. */
export async function answerCloudCall(settings: CloudCallSettings, params: unknown, caller: string): Promise<Buffer> {
  const { apiName, requestData } = Ask.parse(params)
  const { wechatUrl, account, permitted } = settings
  const call = CALLS[apiName]
  if (!call) return refusal(NOT_FOUND)
  const message = protoFields(requestData)
  if (protoBytes(message, 6).toString('utf8') !== account.appId) return refusal(NOT_PERMITTED)
  if (permitted && !permitted(caller).includes(apiName)) return refusal(NOT_PERMITTED)
  const code = settings.refusal?.(apiName)
  if (code !== undefined) return refusal(code)
  const { query, body } = requestOf(call.as, argumentsOf(protoBytes(message, 2)))
  const asked = new URLSearchParams({ ...query, cloudbase_access_token: account.token })
  const init: RequestInit = body === undefined ? {} : { method: 'POST', body }
  try {
    return await answerOf(await fetch(`${wechatUrl}/cgi-bin/${call.path}?${asked}`, init))
  } catch {
    return refusal(FAULT)
  }
}

const refusal = (code: number): Buffer => protoMessage([{ number: 3, value: code }])

async function answerOf(response: Response): Promise<Buffer> {
  const bytes = Buffer.from(await response.arrayBuffer())
  if (bytes.length > MAX_RESULT_BYTES) return refusal(RESULT_TOO_LARGE)
  const headers = [...response.headers].map(([name, value]) => ({
    number: 5,
    value: protoMessage([textField(1, name), textField(2, value)]),
  }))
  return protoMessage([
    { number: 1, value: bytes },
    textField(2, response.headers.get('content-type') ?? ''),
    { number: 4, value: response.status },
    ...headers,
  ])
}

const textField = (number: number, text: string) => ({ number, value: Buffer.from(text, 'latin1') })

interface Argument {
  name: string
  value: Buffer
  contentType: string
  filename: string
}

const argumentsOf = (data: Buffer): Argument[] =>
  protoFields(data).flatMap(({ value }) => {
    if (typeof value === 'number') return []
    const fields = protoFields(value)
    const text = (number: number): string => protoBytes(fields, number).toString('utf8')
    return [{ name: text(1), value: protoBytes(fields, 2), contentType: text(3), filename: text(4) }]
  })

function requestOf(as: 'query' | 'json' | 'form', given: readonly Argument[]) {
  const isFile = ({ filename }: Argument): boolean => filename !== ''
  const values = Object.fromEntries(given.filter(each => !isFile(each)).map(({ name, value }) => [name, json(value)]))
  if (as === 'json') return { query: {}, body: JSON.stringify(values) }
  const { description, ...rest } = values
  const query = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]))
  if (as === 'query') return { query, body: undefined }
  const form = new FormData()
  for (const { name, value, contentType: type, filename } of given.filter(isFile)) {
    form.append(name, new File([new Uint8Array(value)], filename, { type }))
  }
  if (description !== undefined) form.append('description', JSON.stringify(description))
  return { query, body: form }
}

const json = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'))

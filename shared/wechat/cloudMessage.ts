/**
 * The messages of cloud calls as wx-server-sdk 4.0.2 exchanges them with the platform:
 *
 *   call      { 1 kind = 0, 2 { 1 argument* }, 6 app_id }
 *   argument  { 1 name, 2 value, 3 content type, 4 file name }
 *   answer    { 1 body, 2 content type, 3 error code, 4 HTTP status, 5 header* { 1 name, 2 value } }
 */
import { type ProtoField, protoBytes, protoFields, protoMessage, protoNumber } from './protobuf.ts'

/** One argument; those of files have a content type and a file name. */
export interface CallArgument {
  name: string
  value: Buffer
  contentType?: string | undefined
  filename?: string | undefined
}

/** What the platform answered: its own `errorCode` when it is not 0, else WeChat's answer. */
export interface CloudAnswer {
  errorCode: number
  /** 0 when the platform did not say. */
  httpCode: number
  contentType: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: Buffer
}

/** A call for the account `appId`. */
export function encodeCall(appId: string, callArguments: readonly CallArgument[]): Buffer {
  const encoded = callArguments.map(({ name, value, contentType, filename }) => {
    const fields: ProtoField[] = [textField(1, name), { number: 2, value }]
    if (contentType !== undefined) fields.push(textField(3, contentType))
    if (filename !== undefined) fields.push(textField(4, filename))
    return { number: 1, value: protoMessage(fields) }
  })
  return protoMessage([{ number: 1, value: 0 }, { number: 2, value: protoMessage(encoded) }, textField(6, appId)])
}

/** Reads an answer. Throws `RangeError` for what is none. */
export function decodeAnswer(message: Buffer): CloudAnswer {
  const fields = protoFields(message)
  const headers = fields.flatMap(({ number, value }) => {
    if (number !== 5 || typeof value === 'number') return []
    const header = protoFields(value)
    return [[text(header, 1).toLowerCase(), text(header, 2)]]
  })
  return {
    errorCode: protoNumber(fields, 3),
    httpCode: protoNumber(fields, 4),
    contentType: text(fields, 2).trim(),
    headers: Object.fromEntries(headers),
    body: protoBytes(fields, 1),
  }
}

const textField = (number: number, value: string): ProtoField => ({ number, value: Buffer.from(value, 'utf8') })
const text = (fields: readonly ProtoField[], number: number): string => protoBytes(fields, number).toString('utf8')

/** Reading the JSON bodies of calls. */
import * as z from 'zod'
import { Refusal } from './refusal.ts'

const ESCAPE = /\\(u[0-9a-fA-F]{4}|[\s\S])/g

/** The object in a JSON body; throws `Refusal` 44002 for an empty body, 47001 for anything but an object. */
export function jsonBody(body: Buffer): Record<string, unknown> {
  return parseObject(bodyText(body))
}

/**
 * The same for articles, where `\uXXXX` is refused with 40033 or, on request, kept as those six characters
 * (wechat-api.md §10).
 */
export function articleBody(body: Buffer, unicodeEscapes: 'refuse' | 'literal'): Record<string, unknown> {
  const text = bodyText(body)
  const object = parseObject(unicodeEscapesKept(text))
  if (unicodeEscapes === 'refuse' && [...text.matchAll(ESCAPE)].some(([sequence]) => sequence.length > 2)) {
    throw new Refusal(40033)
  }
  return object
}

/** JSON text in which each `\uXXXX` reads as itself; WeChat does not decode them. */
export const unicodeEscapesKept = (text: string): string =>
  text.replace(ESCAPE, sequence => (sequence.length > 2 ? `\\${sequence}` : sequence))

/** The value of `schema`; throws `Refusal` 40097 unless told another errcode. */
export function fields<T>(schema: z.ZodType<T>, input: unknown, errcode = 40097): T {
  const parsed = schema.safeParse(input)
  if (!parsed.success) throw new Refusal(errcode)
  return parsed.data
}

/** The body's `media_id`; throws `Refusal` 41006 when there is none. */
export const mediaIdOf = (body: Buffer): string =>
  fields(z.object({ media_id: z.string().min(1) }), jsonBody(body), 41006).media_id

function bodyText(body: Buffer): string {
  if (body.length === 0) throw new Refusal(44002)
  return body.toString('utf8')
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    throw new Refusal(47001)
  }
}

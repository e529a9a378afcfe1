/** The fields of a push, whichever of its two formats it has (wechat-api.md §6.2). */
import { readFlatXml } from './flatXml.ts'

/** Names to texts; numbers are texts too, for a MsgId has 64 bits. */
export type PushFields = ReadonlyMap<string, string>

/** A string (also one that never ends, or each of its quotes would be tried anew), or a number outside of strings. */
const TOKENS = /"(?:[^"\\]|\\[\s\S])*"?|-?\d[\d.eE+-]*/g

/** The fields of XML or JSON; what has fields inside is left out. `undefined` when the text is neither. */
export function readPushFields(text: string): PushFields | undefined {
  const body = text.replace(/^\ufeff/, '')
  return /^\s*\{/.test(body) ? readFlatJson(body) : readFlatXml(body)
}

function readFlatJson(text: string): PushFields | undefined {
  const parsed = parsedJson(text.replaceAll(TOKENS, token => (token.startsWith('"') ? token : `"${token}"`)))
  if (typeof parsed !== 'object' || parsed === null) return undefined
  return new Map(Object.entries(parsed).filter((field): field is [string, string] => typeof field[1] === 'string'))
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

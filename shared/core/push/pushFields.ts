/** The fields of a push, whichever of its two formats it has (wechat-api.md §6.2). */
import { readFlatXml } from './flatXml.ts'

/** Names to texts; numbers are texts too, for a MsgId has 64 bits. */
export type PushFields = ReadonlyMap<string, string>

/** A string (also one that never ends, or each of its quotes would be tried anew), else a number or a bracket. */
const TOKENS = /"(?:[^"\\]|\\[\s\S])*"?|-?\d[\d.eE+-]*|[[\]{}]/g
/** Objects and lists inside each other, the outermost included: WeChat's events have five. */
const MAX_DEPTH = 10

/** The fields of XML or JSON; what has fields inside is left out. `undefined` when the text is neither, or nested too deeply. */
export function readPushFields(text: string): PushFields | undefined {
  const body = text.replace(/^\ufeff/, '')
  return /^\s*\{/.test(body) ? readFlatJson(body) : readFlatXml(body)
}

function readFlatJson(text: string): PushFields | undefined {
  let depth = 0
  let deepest = 0
  const quoted = text.replaceAll(TOKENS, token => {
    if (token.startsWith('"')) return token
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth)
    else if (token === '}' || token === ']') depth--
    else return `"${token}"`
    return token
  })
  const parsed = deepest > MAX_DEPTH ? undefined : parsedJson(quoted)
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

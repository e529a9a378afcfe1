/** JSON as WeChat needs it and as WeChat really sends it (wechat-api.md §10). */

const SHORT_ESCAPES = '\b\t\n\f\r'

/**
 * `value` as raw UTF-8 JSON without any `\u` escape, which WeChat stores literally or refuses (40033): control
 * characters that have no short escape are dropped, lone surrogates become U+FFFD.
 */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? plain(item) : item)))
}

const UTF_8 = new TextDecoder('utf-8')

/** Bytes as text: UTF-8 whatever the headers say, broken sequences replaced, a byte order mark dropped. */
export function decodeText(bytes: Uint8Array): string {
  return UTF_8.decode(bytes)
}

/** The value of a JSON text, raw control characters inside strings tolerated; `undefined` when it is no JSON. */
export function parseJson(text: string): unknown {
  return strict(text) ?? strict(escapeControls(text)) ?? undefined
}

/** A JSON object, as opposed to an array, `null` or a scalar. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, character => (character < ' ' && !SHORT_ESCAPES.includes(character) ? '' : character))
}

function strict(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Escapes control characters inside strings only: between tokens they are white space. */
function escapeControls(text: string): string {
  let out = ''
  let copied = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22) inString = !inString
    else if (unit === 0x5c && inString) at++
    else if (unit < 0x20 && inString) {
      out += `${text.slice(copied, at)}\\u${unit.toString(16).padStart(4, '0')}`
      copied = at + 1
    }
  }
  return out + text.slice(copied)
}

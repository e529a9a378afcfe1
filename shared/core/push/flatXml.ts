/**
 * Reads WeChat's flat XML: one element whose children hold text. Not more, on purpose: there is no document type, no
 * entity but the five that XML itself names, nothing is fetched and nothing expands (security.md, XXE).
 */

/** Elements inside each other, the outermost included. */
const MAX_DEPTH = 5
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const MAX_CODE_POINT = 0x10ffff

const PROLOG = /^\s*(?:<\?xml\s[^<>?]*\?>\s*)?/
const SPACE = /\s*/y
const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/y
const OPENING = /<([A-Za-z_][\w.-]*)(?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y
const CLOSING = /<\/([A-Za-z_][\w.-]*)\s*>/y
const TEXT = /[^<]+/y

/** An element that is open while its text is read. */
interface Open {
  name: string
  text: string
  /** Whether it has elements inside. */
  nested: boolean
}

/**
 * The text of each child of the outermost element by its name; of several with one name the first. Children that have
 * elements inside are read and left out. Attributes count for nothing. `undefined` for what is not well-formed, deeper
 * than five elements, or holds anything else: DOCTYPE, comments, processing instructions.
 */
export function readFlatXml(text: string): ReadonlyMap<string, string> | undefined {
  const fields = new Map<string, string>()
  const open: Open[] = []
  let at = PROLOG.exec(text)?.[0].length ?? 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text) ?? undefined
    at += match?.[0].length ?? 0
    return match
  }
  do {
    const inner = open.at(-1)
    const started = take(OPENING)
    if (started) {
      if (open.length === MAX_DEPTH) return undefined
      if (inner) inner.nested = true
      open.push({ name: started[1] ?? '', text: '', nested: false })
      if (started[2] !== '/') continue
    }
    const ended = started ? started[1] : take(CLOSING)?.[1]
    if (ended !== undefined) {
      const element = open.pop()
      if (element?.name !== ended) return undefined
      if (open.length === 1 && !element.nested && !fields.has(ended)) fields.set(ended, element.text)
      continue
    }
    const found = take(CDATA)?.[1] ?? decoded(take(TEXT)?.[0])
    if (found === undefined || !inner) return undefined
    inner.text += found
  } while (open.length > 0)
  take(SPACE)
  return at === text.length ? fields : undefined
}

/** `undefined` for a reference to anything that XML does not name itself. */
function decoded(text: string | undefined): string | undefined {
  if (text === undefined || !text.includes('&')) return text
  let isKnown = true
  const plain = text.replace(/&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|(\w{1,8}));|&/g, (_, decimal, hex, name) => {
    const character =
      name === undefined ? ofCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) : NAMED[name]
    if (character === undefined) isKnown = false
    return character ?? ''
  })
  return isKnown ? plain : undefined
}

/** `undefined` for what XML does not allow as a character. https://www.w3.org/TR/xml/#charsets */
function ofCodePoint(code: number): string | undefined {
  const isAllowed = code >= 0x20 ? code <= MAX_CODE_POINT : code === 0x9 || code === 0xa || code === 0xd
  const isOdd = (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff
  return isAllowed && !isOdd ? String.fromCodePoint(code) : undefined
}

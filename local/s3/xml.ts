/** The XML that S3 speaks: written from plain objects, read into a small tree. */
import { S3Error } from './s3Error.ts'

const MAX_DEPTH = 12
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'
const NAMED_ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/!?]+)[^<>]*?(\/?)>|[^<]+|</g

/** What an element holds: text, or child elements by name (a list repeats its element; `undefined` is left out). */
export type XmlContent = string | number | boolean | { [name: string]: XmlContent | XmlContent[] | undefined }

/** An element that was read; names are without namespace prefix, `text` joins its direct text. */
export interface XmlElement {
  name: string
  text: string
  children: XmlElement[]
}

/** A whole document with `root` as its element; `namespace: false` for errors, which S3 sends without one. */
export function writeXml(root: string, content: XmlContent, namespace = true): string {
  const attribute = namespace ? ` xmlns="${NAMESPACE}"` : ''
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`
}

/** The root element of `text`; throws `S3Error('MalformedXML')`, also for any document type declaration. */
export function readXml(text: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] }
  const open = [document]
  for (const match of text.matchAll(TOKEN)) {
    const [token, cdata, closing, name, selfClosing] = match
    const current = open.at(-1) ?? document
    if (name !== undefined) {
      const local = name.slice(name.indexOf(':') + 1)
      if (closing) {
        if (open.length < 2 || current.name !== local) throw malformed()
        open.pop()
        continue
      }
      const child: XmlElement = { name: local, text: '', children: [] }
      current.children.push(child)
      if (!selfClosing) open.push(child)
      if (open.length > MAX_DEPTH) throw malformed()
    } else if (cdata !== undefined) current.text += cdata
    else if (token.startsWith('<!--') || token.startsWith('<?')) continue
    else if (token === '<') throw malformed()
    else current.text += decodeEntities(token)
  }
  const [root] = document.children
  if (!root || open.length !== 1 || document.children.length !== 1 || document.text.trim()) throw malformed()
  return root
}

/** The text of the first child called `name`, `undefined` when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find(child => child.name === name)?.text
}

/** The children called `name`. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter(child => child.name === name)
}

function inner(content: XmlContent): string {
  if (typeof content !== 'object') return escapeText(String(content))
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(each => [name, each] as const))
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${inner(value)}</${name}>`))
    .join('')
}

/** Control characters become references, as S3 writes keys that hold them; XML 1.0 has no better way. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
  return text.replace(/[<>&"\u0000-\u001f\u007f]/g, character => {
    const entry = Object.entries(NAMED_ENTITIES).find(([, plain]) => plain === character)
    return entry ? `&${entry[0]};` : `&#x${character.charCodeAt(0).toString(16)};`
  })
}

function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]+);|&/g, (_, entity: string | undefined) => {
    if (entity === undefined) throw malformed()
    if (!entity.startsWith('#')) {
      const plain = NAMED_ENTITIES[entity]
      if (plain === undefined) throw malformed()
      return plain
    }
    const code = entity.startsWith('#x') ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
    if (code > 0x10ffff) throw malformed()
    return String.fromCodePoint(code)
  })
}

const malformed = () =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

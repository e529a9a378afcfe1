/**
 * Reads multipart/form-data as strictly as WeChat does. General parsers forgive what WeChat answers with 41005
 * (wechat-api.md §3.1), so they cannot stand in for it.
 */

/** A parameter of Content-Disposition and whether it stood in quotes. */
export interface Parameter {
  value: string
  quoted: boolean
}

/** One part, its bytes untouched. */
export interface Part {
  /** By lower-case name; `filename*` is not decoded and counts as a parameter of its own. */
  disposition: Map<string, Parameter>
  content: Buffer
}

/** `fault` names what WeChat's own parser does not understand. */
export type Multipart = { parts: Part[] } | { fault: string }

const CRLF = Buffer.from('\r\n')
const HEADER_END = Buffer.from('\r\n\r\n')
const MAX_BOUNDARY_BYTES = 200

/** Whether a Content-Type header says multipart/form-data at all. */
export const saysMultipart = (contentType: string): boolean => /^\s*multipart\/form-data\s*(;|$)/i.test(contentType)

/**
 * The parts of `body`, or why there are none. A boundary missing in the header is taken from the body's first line;
 * one in quotes is taken with its quotes and so fits nothing.
 */
export function parseMultipart(contentType: string, body: Buffer): Multipart {
  if (!saysMultipart(contentType)) return { fault: 'not multipart/form-data' }
  const stated = /;\s*boundary=([^;]*)/i.exec(contentType)?.[1]?.trim()
  const start = body.subarray(0, 2).equals(CRLF) ? 2 : 0
  const boundary = stated || firstLineBoundary(body, start)
  if (!boundary) return { fault: 'no boundary' }
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  if (!body.subarray(start, start + delimiter.length).equals(delimiter)) return { fault: 'body begins otherwise' }
  return readParts(body, start + delimiter.length, delimiter)
}

function firstLineBoundary(body: Buffer, start: number): string | undefined {
  const end = body.indexOf(CRLF, start)
  if (end < 0 || end - start > MAX_BOUNDARY_BYTES) return undefined
  const line = body.toString('latin1', start, end)
  return line.startsWith('--') ? line.slice(2) : undefined
}

function readParts(body: Buffer, afterFirstDelimiter: number, delimiter: Buffer): Multipart {
  const nextDelimiter = Buffer.concat([CRLF, delimiter])
  const parts: Part[] = []
  let position = afterFirstDelimiter
  while (body.toString('latin1', position, position + 2) !== '--') {
    if (!body.subarray(position, position + 2).equals(CRLF)) return { fault: 'delimiter line goes on' }
    const headersEnd = body.indexOf(HEADER_END, position)
    const contentEnd = headersEnd < 0 ? -1 : body.indexOf(nextDelimiter, headersEnd + CRLF.length)
    if (contentEnd < 0) return { fault: 'part without end' }
    const headers = body.toString('latin1', position + 2, headersEnd)
    const content = body.subarray(Math.min(headersEnd + HEADER_END.length, contentEnd), contentEnd)
    parts.push({ disposition: readDisposition(headers), content })
    position = contentEnd + nextDelimiter.length
  }
  return { parts }
}

function readDisposition(headers: string): Map<string, Parameter> {
  const line = headers.split('\r\n').find(header => /^content-disposition\s*:\s*form-data\b/i.test(header)) ?? ''
  const parameters = new Map<string, Parameter>()
  for (const [, name = '', quoted, bare = ''] of line.matchAll(/;\s*([\w*-]+)=(?:"((?:\\"|[^"])*)"|([^;]*))/g)) {
    const raw = quoted === undefined ? bare.trim() : quoted.replaceAll('\\"', '"')
    // Header bytes came in as latin1 so that none is lost; names are raw UTF-8 (§3.1).
    const value = Buffer.from(raw, 'latin1').toString('utf8')
    parameters.set(name.toLowerCase(), { value, quoted: quoted !== undefined })
  }
  return parameters
}

/** Builds multipart/form-data bodies by hand, so that a test decides over every byte. */

/** One part; `raw` replaces its whole header block. */
export interface Part {
  name?: string
  filename?: string
  contentType?: string
  bytes?: Uint8Array | string
  raw?: string
}

/** A body with the Content-Type header that announces it. */
export interface Multipart {
  contentType: string
  bytes: Buffer
}

const BOUNDARY = '----sucaiTestBoundary7MA4YWxk'

/** The parts in their order; `end: false` leaves the closing delimiter out. */
export function multipartBody(
  parts: Part[],
  { boundary = BOUNDARY, end = true }: { boundary?: string; end?: boolean } = {},
): Multipart {
  const chunks = parts.flatMap(part => [
    Buffer.from(`--${boundary}\r\n${part.raw ?? headers(part)}\r\n\r\n`),
    Buffer.from(part.bytes ?? ''),
    Buffer.from('\r\n'),
  ])
  const bytes = Buffer.concat([...chunks, Buffer.from(end ? `--${boundary}--\r\n` : '')])
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes }
}

function headers({ name = 'file', filename, contentType }: Part): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`
  const type = contentType === undefined ? '' : `\r\nContent-Type: ${contentType}`
  return `Content-Disposition: form-data; name="${name}"${file}${type}`
}

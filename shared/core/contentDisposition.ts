/** How a download is named (RFC 6266). */

/**
 * An `attachment` header value: the name as it is in `filename*` (RFC 8187), and for old clients in ASCII with an
 * underscore for every other character.
 */
export function attachment(filename: string): string {
  const ascii = filename.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_')
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded(filename)}`
}

/** encodeURIComponent leaves four characters that RFC 8187 does not allow. */
const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

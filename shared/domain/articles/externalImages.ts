/** Finds the images of an article's HTML that WeChat would drop. */

/** Quoted values may hold a `>`; a `<` outside of them begins another tag. */
const IMAGE = /<img(?=[\s/>])(?:"[^"]*"|'[^']*'|[^'"<>])*>/gi
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g
const TAG_NAME_LENGTH = '<img'.length

/**
 * The sources of all `<img>` that `keeps` refuses, each once, in their order; "" stands for an image without one. WeChat
 * itself writes `data-src` for `src`.
 */
export function externalImages(html: string, keeps: (source: string) => boolean): string[] {
  const sources = Array.from(html.matchAll(IMAGE), ([tag]) => sourceOf(tag))
  return [...new Set(sources)].filter(source => source === '' || !keeps(source))
}

function sourceOf(tag: string): string {
  const values = new Map<string, string>()
  for (const [, name = '', double, single, bare] of tag.slice(TAG_NAME_LENGTH).matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase()
    // Of an attribute that is given twice, the first one counts (HTML).
    if (!values.has(key)) values.set(key, double ?? single ?? bare ?? '')
  }
  const source = values.get('src') || values.get('data-src') || ''
  return source.replaceAll('&amp;', '&').trim()
}

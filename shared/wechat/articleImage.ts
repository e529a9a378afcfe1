/** Which images WeChat leaves in an article; all others it drops without a word (wechat-api.md §9). */

const IMAGE_HOST = /^(?:[\w-]+\.)*(?:qpic|qlogo)\.cn$/

/** True for a source on WeChat's image hosts, or on `apiOrigin`, where a simulator keeps its images. */
export function isWeChatImage(source: string, apiOrigin: string): boolean {
  // Relative and scheme-less sources are read as a page on https would.
  const base = 'https://article.invalid'
  if (!URL.canParse(source, base)) return false
  const url = new URL(source, base)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false
  return IMAGE_HOST.test(url.hostname) || url.origin === apiOrigin
}

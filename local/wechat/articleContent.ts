/** What WeChat does to an article's HTML (wechat-api.md §9). */
import type { Call } from './endpoint.ts'
import { imageKey } from './publicUrls.ts'
import { Refusal } from './refusal.ts'

const SCRIPT = /<script\b[^>]*>[\s\S]*?<\/script\s*>|<script\b[^>]*\/?>/gi
const TAG = /<[^>]+>/g
const EVENT_ATTRIBUTE = /\son[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi
const IMAGE = /<img\b[^>]*>/gi
const CARD_IMAGE = /<mp-miniprogram\b[^>]*?data-miniprogram-imageurl=["']([^"']*)["']/gi

/** The HTML without scripts and, silently, without images from elsewhere; throws `Refusal` 45166 for a bad card. */
export function cleanContent({ simulator, account }: Call, html: string): string {
  for (const [, url = ''] of html.matchAll(CARD_IMAGE)) {
    // Only library images will do; one of uploadimg was refused (§9).
    const key = imageKey(simulator, url.replaceAll('&amp;', '&'))
    const isMaterial = [...account.materials.values()].some(material => material.file.urlKey === key)
    if (key === undefined || !isMaterial) throw new Refusal(45166)
  }
  return html
    .replace(SCRIPT, '')
    .replace(TAG, tag => tag.replace(EVENT_ATTRIBUTE, ''))
    .replace(IMAGE, tag => (imageKey(simulator, sourceOf(tag)) === undefined ? '' : tag))
}

/** The plain text of HTML, its white space folded. */
export const textOf = (html: string): string =>
  html.replace(TAG, '').replaceAll('&nbsp;', ' ').replaceAll(/\s+/g, ' ').trim()

function sourceOf(tag: string): string {
  const [, double, single] = /\s(?:data-)?src\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag) ?? []
  return (double ?? single ?? '').replaceAll('&amp;', '&')
}

/** Signatures of the message push (wechat-api.md §6.1–§6.3). */
import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-1 over `parts` in the order of their bytes, as 40 lower-case hex digits; the account's token is one of them. */
export function pushSignature(parts: readonly string[]): string {
  const hash = createHash('sha1')
  for (const part of parts.map(part => Buffer.from(part)).sort(Buffer.compare)) hash.update(part)
  return hash.digest('hex')
}

/** Whether `given` is the signature of `parts`; takes the same time wherever the two differ. */
export function isPushSignature(given: string, parts: readonly string[]): boolean {
  const wanted = Buffer.from(pushSignature(parts))
  const bytes = Buffer.from(given)
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
}

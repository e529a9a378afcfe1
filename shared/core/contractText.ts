/** The OpenAPI document as functions answer it. */
import { brotliDecompressSync } from 'node:zlib'
import { CONTRACT } from './contract.gen.ts'

let text: string | undefined

/** The document as compact JSON. It is unpacked at the first call: as text it would be two thirds of the bundle. */
export function contractText(): string {
  text ??= brotliDecompressSync(Buffer.from(CONTRACT, 'base64')).toString('utf8')
  return text
}

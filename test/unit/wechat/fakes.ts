/** Stand-ins for the ports the client needs, and files with bytes that no text survives. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Quotas } from '../../../shared/ports/quotas.ts'
import type { AccessToken, Tokens } from '../../../shared/ports/tokens.ts'
import type { MediaFile } from '../../../shared/ports/wechat.ts'
import type { ApiAnswer } from '../../../shared/wechat/apiCall.ts'

export const APP_ID = 'wx0123456789abcdef'
export const SECRET = 'canary-secret-5f1d'
export const TOKEN = '75_canary-token-0'
export const NOW = Date.UTC(2026, 10, 23, 4, 0, 0)

/** Tokens that count how often they are asked; each replacement is a new string. */
export function fakeTokens(): Tokens & { replaced: AccessToken[] } {
  const replaced: AccessToken[] = []
  return {
    replaced,
    current: async () => ({ value: TOKEN, generation: 1, expiresAt: NOW + 7_200_000 }),
    replace: async (_appId, failed) => {
      replaced.push(failed)
      return {
        value: `75_canary-token-${replaced.length}`,
        generation: 1 + replaced.length,
        expiresAt: NOW + 7_200_000,
      }
    },
  }
}

/** Quotas that never end and remember nothing. */
export const noQuotas: Quotas = {
  check: async () => {},
  park: async () => {},
  blame: async () => {},
  succeeded: async () => {},
}

/** `length` bytes that begin like a JPEG and contain every byte value. */
export function jpegBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at++) bytes[at] = (at * 167 + (at >> 8)) & 0xff
  bytes.set(Buffer.from('ffd8ffe000104a464946', 'hex').subarray(0, length))
  return bytes
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A file over `bytes`, handed out in `chunk`-sized pieces; `opened` counts the openings. */
export function fakeFile(bytes: Buffer, changes: Partial<MediaFile> = {}): MediaFile & { opened: Readable[] } {
  const opened: Readable[] = []
  return {
    filename: '猫 "图片".jpg',
    contentType: 'image/jpeg',
    size: bytes.length,
    opened,
    open: async () => {
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length; at += 65_536) pieces.push(bytes.subarray(at, at + 65_536))
      const stream = Readable.from(pieces)
      opened.push(stream)
      return stream
    },
    ...changes,
  }
}

/** An answer as a judge gets it. */
export const answered = (text: string, changes: Partial<ApiAnswer> = {}): ApiAnswer => ({
  status: 200,
  contentType: 'application/json; encoding=utf-8',
  text,
  receivedAt: NOW,
  ...changes,
})

/** Everything a log could print of an error: its own fields and those of every cause. */
export function everythingIn(error: unknown, seen = new Set<unknown>()): string {
  if (typeof error !== 'object' || error === null) return String(error)
  if (seen.has(error)) return ''
  seen.add(error)
  const fields = Object.getOwnPropertyNames(error).map(
    name => `${name}=${everythingIn(Reflect.get(error, name), seen)}`,
  )
  return `${error instanceof Error ? error.name : ''} ${fields.join(' ')}`
}

/** The error that `promise` rejects with; fails the test when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('did not reject')
    },
    (error: unknown) => error,
  )
}

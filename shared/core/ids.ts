/** Identifiers: short, unguessable, sorted by time where that helps. */
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_LENGTH = 10
const CHANCE_LENGTH = 16

/** `length` characters of lower-case Crockford base 32, five random bits each. */
export function randomId(random: Random, length: number): string {
  return Array.from(random.bytes(length), byte => ALPHABET.charAt(byte & 31)).join('')
}

/** 26 characters: 48 bits of time (ms), then 80 random bits; later ids sort after earlier ones (ULID). */
export function timeOrderedId({ clock, random }: { clock: Clock; random: Random }): string {
  let rest = clock.now()
  let time = ''
  for (let position = 0; position < TIME_LENGTH; position++) {
    time = ALPHABET.charAt(rest % 32) + time
    rest = Math.floor(rest / 32)
  }
  return time + randomId(random, CHANCE_LENGTH)
}

/** What an upload_id looks like. */
export const TIME_ORDERED_ID = /^[0-9a-hjkmnp-tv-z]{26}$/

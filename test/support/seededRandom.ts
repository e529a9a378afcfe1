import type { Random } from '../../shared/ports/random.ts'

/** Repeatable randomness (mulberry32) for tests: the same seed, the same run. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { fraction, bytes: length => Uint8Array.from({ length }, () => Math.floor(fraction() * 256)) }
}

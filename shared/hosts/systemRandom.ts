import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../ports/random.ts'

const FRACTION_STEPS = 2 ** 47

/** The machine's own cryptographic randomness. */
export const systemRandom: Random = {
  bytes: length => randomBytes(length),
  fraction: () => randomInt(FRACTION_STEPS) / FRACTION_STEPS,
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomId, TIME_ORDERED_ID, timeOrderedId } from '../../../shared/core/ids.ts'
import { seededRandom } from '../../support/seededRandom.ts'
import { virtualClock } from '../../support/virtualClock.ts'

describe('a time-ordered id', () => {
  it('sorts after every earlier one, for any two times until the year 10889', () => {
    const time = fc.nat({ max: 2 ** 48 - 1 })
    fc.assert(
      fc.property(time, time, fc.nat(), (a, b, seed) => {
        const random = seededRandom(seed)
        const [first, second] = [a, b].map(now => timeOrderedId({ clock: virtualClock(now), random }))
        if (a < b) expect(String(first) < String(second)).toBe(true)
        expect(first).toMatch(TIME_ORDERED_ID)
      }),
    )
  })

  it('differs from others of the same millisecond', () => {
    const ports = { clock: virtualClock(), random: seededRandom() }
    expect(new Set(Array.from({ length: 1_000 }, () => timeOrderedId(ports))).size).toBe(1_000)
  })

  it.each([
    '',
    '01kb00000000000000000000z',
    '01KB00000000000000000000ZZ',
    '01kb0000000000000000000iIo',
    '01kb00000000000000000000zz\n',
  ])('is not %j', text => {
    expect(TIME_ORDERED_ID.test(text)).toBe(false)
  })
})

it('a random id uses five bits of each byte, all of them', () => {
  const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => at + 0xe0)
  expect(randomId({ bytes, fraction: () => 0 }, 32)).toBe('0123456789abcdefghjkmnpqrstvwxyz')
})

import { describe, expect, it } from 'vitest'
import { faultCounts } from './faultCounts.ts'
import { playMedia, type Without } from './mediaSchedule.ts'

const FIRST = Number(process.env['SIMULATION_FIRST'] ?? 1)
const LIVES = Number(process.env['SIMULATION_LIVES'] ?? 300)
const BLOCK = Math.min(50, LIVES)
const LIFE_MS = 3_000

// A seed tells where it goes wrong; mapping the stack of each of a million expected errors would take a third of the time.
Error.stackTraceLimit = 0

describe('fans’ media are kept, each once, through outages, redeliveries, crashes and erasures', () => {
  const struck = faultCounts()
  let media = 0

  it.each(Array.from({ length: Math.ceil(LIVES / BLOCK) }, (_, block) => FIRST + block * BLOCK))(
    'in random lives from seed %i on',
    async first => {
      for (let seed = first; seed < first + BLOCK; seed++) {
        const life = await playMedia(seed)
        expect({ seed, broken: life.broken }).toEqual({ seed, broken: [] })
        struck.add(life.struck)
        media += life.media
      }
    },
    BLOCK * LIFE_MS,
  )

  it('and every fault has struck: one that never does proves nothing', () => {
    if (LIVES > 300) struck.report(`${LIVES} lives, ${media} media`)
    expect(struck.missing()).toEqual([])
  })

  it.each<[string, Without]>([
    ['I6', 'the mirror’s schedule'],
    ['I7', 'the archiver’s schedule'],
  ])('but %s would be broken without %s', async (invariant, without) => {
    const broken: string[] = []
    for (let seed = 1; seed <= 10; seed++) broken.push(...(await playMedia(seed, without)).broken)
    expect(broken.join()).toContain(invariant)
  })
})

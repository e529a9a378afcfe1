import { describe, expect, it } from 'vitest'
import { playMedia, type Without } from './mediaSchedule.ts'

const BLOCK = 50
const TIMEOUT_MS = 60_000

describe('fans’ media are kept, each once, through outages, redeliveries and crashes', () => {
  it.each([1, 51, 101, 151, 201, 251])(
    'in fifty random lives from seed %i on',
    async first => {
      for (let seed = first; seed < first + BLOCK; seed++) {
        expect({ seed, broken: await playMedia(seed) }).toEqual({ seed, broken: [] })
      }
    },
    TIMEOUT_MS,
  )

  it.each<[string, Without]>([
    ['I6', 'the mirror’s schedule'],
    ['I7', 'the archiver’s schedule'],
  ])('but %s would be broken without %s', async (invariant, without) => {
    const broken: string[] = []
    for (let seed = 1; seed <= 10; seed++) broken.push(...(await playMedia(seed, without)))
    expect(broken.join()).toContain(invariant)
  })
})

/** Token custody under clocks that differ, a hostile other holder, and refreshers that die at any step. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readToken } from '../../shared/domain/tokens/tokenRow.ts'
import type { Table } from '../../shared/ports/table.ts'
import { unconditional } from '../support/brokenTables.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { LAB_APP_ID, neverBack, type TokenLab, tokenLab } from '../support/tokenLab.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SCHEDULE = { trigger: 'schedule' } as const
const CALL = { trigger: 'call', payload: { app_id: LAB_APP_ID } } as const

const refusals = ({ calls }: TokenLab) => calls.filter(({ errcode }) => errcode !== 0)
const fetches = ({ calls }: TokenLab) => calls.filter(({ path }) => path === 'stable_token' || path === 'token')
const skew = fc.integer({ min: -300, max: 300 }).map(seconds => seconds * 1_000)
const minutes = (count: number) => Array.from({ length: count }, (_, minute) => minute)

describe('clocks that differ by up to five minutes', () => {
  /** Five hours with the schedule each minute, on one of two refreshers, and calls from three other processes. */
  const live = async (seed: number, offsets: number[]): Promise<TokenLab> => {
    const lab = await tokenLab(seed)
    const chance = seededRandom(seed)
    const [first = 0, second = 0, ...others] = offsets
    const refreshers = [lab.process({ offset: first }), lab.process({ offset: second })]
    const either = () => refreshers[Math.floor(chance.fraction() * refreshers.length)] ?? lab.process()
    const readers = others.map(offset => lab.process({ offset, refresher: either }))
    for (const _ of minutes(300)) {
      await lab.drive(either().refresh(SCHEDULE))
      for (const reader of readers) await lab.drive(reader.use())
      await lab.clock.advance(MINUTE_MS)
    }
    return lab
  }

  it('no expired token is used, no call fails, and two calls an expiry window are enough', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(skew, { minLength: 5, maxLength: 5 }), async (seed, offsets) => {
        const lab = await live(seed, offsets)
        expect(refusals(lab)).toEqual([])
        expect(neverBack(lab.written)).toBe(true)
        // The first call, and two windows; each new refresher may ask once too early, until it knows the time.
        expect(fetches(lab).length).toBeLessThanOrEqual(1 + 2 * 2 + 2)
        expect(lab.simulator.state.ledger.filter(({ kind }) => kind === 'stable_token/forced')).toEqual([])
      }),
      {
        numRuns: 8,
        examples: [
          [1, [300_000, -300_000, -300_000, 300_000, 0]],
          [2, [-300_000, -300_000, 300_000, 300_000, -300_000]],
        ],
      },
    )
  }, 120_000)

  it('a token that a fast refresher wrote is renewed in time by a slow one', async () => {
    const lab = await tokenLab(9)
    const fast = lab.process({ offset: 300_000 })
    const slow = lab.process({ offset: -300_000 })
    const reader = lab.process({ offset: -300_000, refresher: () => slow })
    await lab.drive(fast.refresh(CALL))
    for (const _ of minutes(125)) {
      await lab.drive(slow.refresh(SCHEDULE))
      await lab.drive(reader.use())
      await lab.clock.advance(MINUTE_MS)
    }
    expect(refusals(lab)).toEqual([])
    expect(lab.metrics.map(({ name }) => name)).toContain('ClockSkew')
  })
})

describe('a thousand callers in four processes', () => {
  it('fetch one token when there is none, and one more when it has ended', async () => {
    const lab = await tokenLab(11)
    const processes = Array.from({ length: 4 }, () => lab.process())
    const storm = () =>
      Promise.all(Array.from({ length: 1_000 }, (_, at) => processes[at % 4]?.tokens.current(LAB_APP_ID)))
    expect(new Set((await lab.drive(storm())).map(token => token?.value)).size).toBe(1)
    expect(fetches(lab)).toHaveLength(1)
    await lab.clock.advance(2 * HOUR_MS)
    expect(new Set((await lab.drive(storm())).map(token => token?.generation))).toEqual(new Set([2]))
    expect(fetches(lab)).toHaveLength(2)
  })
})

describe('a hostile holder that takes classic tokens', () => {
  it('costs at most one repetition a call and one alarm an hour, and no storm', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async seed => {
        const lab = await tokenLab(seed, 'token')
        const chance = seededRandom(seed)
        const hostile = lab.process()
        const steal = async () => {
          const { credentials } = await stealing(lab)
          await lab.drive(credentials())
        }
        const callers = [lab.process({ refresher: () => hostile }), lab.process({ refresher: () => hostile })]
        let stolen = 0
        let uses = 0
        for (const _ of minutes(180)) {
          if (chance.fraction() < 0.3) {
            await steal()
            stolen++
          }
          for (const caller of callers) {
            const before = lab.calls.filter(({ path }) => path === 'material/get_materialcount').length
            await lab.drive(caller.use())
            const tries = lab.calls.filter(({ path }) => path === 'material/get_materialcount').length - before
            expect(tries).toBeLessThanOrEqual(2)
            uses++
          }
          await lab.clock.advance(MINUTE_MS)
        }
        expect(uses).toBe(360)
        // Their own and at most one of ours for each of theirs, beside the usual renewals.
        expect(fetches(lab).length).toBeLessThanOrEqual(2 * stolen + 4)
        const alarms = lab.metrics.filter(({ name }) => name === 'TokenContested').map(({ at }) => at)
        expect(alarms.length).toBeGreaterThan(0)
        for (const [at, time] of alarms.entries()) {
          if (at > 0) expect(time - (alarms[at - 1] ?? 0)).toBeGreaterThanOrEqual(HOUR_MS)
        }
        expect(neverBack(lab.written)).toBe(true)
      }),
      { numRuns: 4 },
    )
  }, 120_000)

  it('does not touch stable tokens at all', async () => {
    const lab = await tokenLab(5)
    const caller = lab.process()
    for (const _ of minutes(60)) {
      const { credentials } = await stealing(lab)
      await lab.drive(credentials())
      await lab.drive(caller.use())
      await lab.clock.advance(MINUTE_MS)
    }
    expect(refusals(lab)).toEqual([])
  })
})

/** Somebody who has the secret too. */
async function stealing(lab: TokenLab) {
  let take: () => Promise<unknown> = async () => undefined
  lab.process({
    credentials: own => {
      take = async () => own.token?.issue({ appId: LAB_APP_ID, secret: async () => 'CNRY-lab-secret', force: false })
      return own
    },
  })
  return { credentials: () => take() }
}

describe('a refresher that dies', () => {
  /** A table and strategies whose process does not outlive its step number `step`. */
  const dying = (lab: TokenLab, step: number, moment: 'before' | 'after') => {
    let steps = 0
    let isDead = false
    const never = new Promise<never>(() => undefined)
    const stepping = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDead) return never
      const here = ++steps
      if (here === step && moment === 'before') isDead = true
      if (isDead) return never
      const result = await work()
      if (here === step) isDead = true
      return isDead ? never : result
    }
    const table: Table = {
      ...lab.table,
      get: (key, signal) => stepping(() => lab.table.get(key, signal)),
      put: (draft, expected, signal) => stepping(() => lab.table.put(draft, expected, signal)),
    }
    const process = lab.process({
      table,
      credentials: own => ({
        stable_token: {
          parameter: 'access_token',
          forceable: true,
          issue: (ask, signal) => stepping(async () => issued(await own.stable_token?.issue(ask, signal))),
        },
      }),
    })
    return { process, died: () => isDead }
  }

  const MOMENTS = ['before', 'after'] as const
  const STEPS = [1, 2, 3, 4, 5].flatMap(step => MOMENTS.map(moment => [moment, step] as const))

  it.each(STEPS)('%s its step %i keeps callers without a token for 20 s at the most', async (moment, step) => {
    const lab = await tokenLab(step)
    const { process, died } = dying(lab, step, moment)
    void process.refresh(CALL)
    await lab.clock.advance(1_000)
    expect(died()).toBe(true)
    const begun = lab.clock.now()
    await lab.drive(lab.process().use())
    expect(lab.clock.now() - begun).toBeLessThanOrEqual(20_000)
    expect(fetches(lab).length).toBeLessThanOrEqual(2)
    expect(neverBack(lab.written)).toBe(true)
  })

  it.each(STEPS)(
    '%s its step %i delays nobody whose token is still good, and the next run renews',
    async (moment, step) => {
      const lab = await tokenLab(step + 10)
      const reader = lab.process()
      await lab.drive(reader.use())
      await lab.clock.advance(115 * MINUTE_MS + 1_000)
      const { process, died } = dying(lab, step, moment)
      void process.refresh(CALL)
      await lab.clock.advance(1_000)
      expect(died()).toBe(true)
      const begun = lab.clock.now()
      await lab.drive(reader.use())
      expect(lab.clock.now() - begun).toBeLessThanOrEqual(1_000)
      const next = lab.process()
      for (const _ of minutes(2)) {
        await lab.clock.advance(MINUTE_MS)
        await lab.drive(next.refresh(SCHEDULE))
      }
      const row = await readToken(lab.table, LAB_APP_ID)
      expect(row?.data.lease).toBeUndefined()
      expect(row?.due?.at).toBeGreaterThan(lab.clock.now())
      expect(refusals(lab)).toEqual([])
    },
  )

  it('runs through no more steps than these', async () => {
    const lab = await tokenLab(1)
    const { process, died } = dying(lab, 6, 'before')
    await lab.drive(process.refresh(CALL))
    expect(died()).toBe(false)
  })
})

const issued = <T>(token: T | undefined): T => {
  if (token === undefined) throw new Error('no token')
  return token
}

describe('refreshers whose steps come in any order', () => {
  /** Three refreshers, one of which believes the lease of another to be dead; answers the order in which tokens were minted. */
  const race = async (scheduler: fc.Scheduler, break_: (table: Table) => Table) => {
    const lab = await tokenLab(3, 'token')
    const minted: string[] = []
    const shuffled = (table: Table): Table => ({
      ...table,
      get: scheduler.scheduleFunction(table.get) as Table['get'],
      put: scheduler.scheduleFunction(table.put) as Table['put'],
    })
    const issue = async () => {
      const access_token = `token-${minted.length}`
      minted.push(access_token)
      return { access_token, expires_in: 7_200 }
    }
    const token = { parameter: 'access_token' as const, forceable: false, issue: scheduler.scheduleFunction(issue) }
    const processes = Array.from({ length: 3 }, () =>
      lab.process({ table: shuffled(break_(lab.table)), credentials: () => ({ token }) }),
    )
    const work = processes.map(async process => {
      await process.refresh(CALL)
      const lease = (await readToken(lab.table, LAB_APP_ID))?.data.lease
      await process.refresh({ trigger: 'call', payload: { app_id: LAB_APP_ID, unchanged: lease?.id } })
      await process.refresh({ trigger: 'call', payload: { app_id: LAB_APP_ID, failed_generation: 1 } })
    })
    await scheduler.waitFor(Promise.all(work))
    const values = lab.written.map(({ data }) => data.value).filter(value => value !== '')
    const order = values.map(value => minted.indexOf(value))
    return order.every((place, at) => at === 0 || place >= (order[at - 1] ?? 0)) && neverBack(lab.written)
  }

  it('never write an older token over a newer one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), scheduler => race(scheduler, table => table)),
      { numRuns: 150 },
    )
  }, 60_000)

  it('do when writes have no condition (the twin)', async () => {
    const found = await fc.check(
      fc.asyncProperty(fc.scheduler(), scheduler => race(scheduler, unconditional)),
      { numRuns: 150, endOnFailure: true },
    )
    expect(found.failed).toBe(true)
  }, 60_000)
})

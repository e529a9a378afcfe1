/** The scheduled renewal of thousands of accounts, and rows that are lost, late or written by clocks of others. */
import { describe, expect, it } from 'vitest'
import { AppError } from '../../shared/core/errors.ts'
import { readToken, tokenKey, tokenRow } from '../../shared/domain/tokens/tokenRow.ts'
import type { Credential } from '../../shared/ports/credentials.ts'
import { LAB_APP_ID, type TokenLab, tokenLab } from '../support/tokenLab.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SCHEDULE = { trigger: 'schedule' } as const

const appIds = (count: number) => Array.from({ length: count }, (_, at) => `wx${String(at).padStart(16, '0')}`)
const fetches = ({ calls }: TokenLab) => calls.filter(({ path }) => path === 'stable_token').length
const ask = (appId: string, more: object = {}) => ({ trigger: 'call', payload: { app_id: appId, ...more } }) as const

/** A strategy of the test's own, and the most calls that were under way at once. */
function counted(issue: Credential['issue']) {
  const seen = { now: 0, most: 0 }
  const stable_token: Credential = {
    parameter: 'access_token',
    forceable: true,
    issue: async (request, signal) => {
      seen.most = Math.max(seen.most, ++seen.now)
      try {
        return await issue(request, signal)
      } finally {
        seen.now--
      }
    },
  }
  return { seen, credentials: () => ({ stable_token }) }
}

/** Token rows that are all due now. */
async function allDue(lab: TokenLab, ids: string[], expiresAt = lab.clock.now() + 180_000): Promise<void> {
  for (const app_id of ids) {
    await lab.addAccount(app_id)
    const row = tokenRow({ app_id, value: `old-${app_id}`, generation: 1, issued_at: 0, expires_at: expiresAt })
    await lab.table.put(row, 0)
  }
}

describe('a run that finds thousands of tokens due', () => {
  it('renews twenty at a time until its time is up, and the next run renews the rest', async () => {
    const lab = await tokenLab(1)
    const ids = appIds(2_000)
    await allDue(lab, ids)
    let answered = 0
    const { seen, credentials } = counted(async ({ appId }) => {
      await lab.clock.sleep(300)
      answered++
      return { access_token: `new-${appId}`, expires_in: 7_200 }
    })
    const refresher = lab.process({ credentials })
    const begun = lab.clock.now()
    const first = await lab.drive(refresher.refresh(SCHEDULE))
    expect(lab.clock.now() - begun).toBeLessThanOrEqual(25_000)
    expect(seen.most).toBe(20)
    expect(answered).toBeGreaterThan(1_000)
    expect(answered).toBeLessThan(2_000)
    expect(first).toMatchObject({ renewed: answered })
    await lab.drive(refresher.refresh(SCHEDULE))
    expect(answered).toBe(2_000)
    for (const id of ids) expect((await readToken(lab.table, id))?.data).toMatchObject({ value: `new-${id}` })
  })

  it('is not held up by those that stay due', async () => {
    const lab = await tokenLab(2)
    const stuck = appIds(150)
    const last = 'wxzzzzzzzzzzzzzzzz'
    await allDue(lab, stuck, lab.clock.now() + 1_000)
    await allDue(lab, [last])
    const { credentials } = counted(async ({ appId }) => ({
      access_token: appId === last ? 'another' : `old-${appId}`,
      expires_in: appId === last ? 7_200 : 200,
    }))
    await lab.drive(lab.process({ credentials }).refresh(SCHEDULE))
    expect((await readToken(lab.table, last))?.data.value).toBe('another')
  })

  it('is not held up by accounts that fail, and forgets none', async () => {
    const lab = await tokenLab(3)
    const ids = appIds(300)
    await allDue(lab, ids)
    const broken = new Set(ids.filter((_, at) => at % 20 === 0))
    const { credentials } = counted(async ({ appId }) => {
      await lab.clock.sleep(100)
      if (broken.has(appId)) throw new AppError('ACCOUNT_MISCONFIGURED', 'The AppSecret is wrong.')
      return { access_token: `new-${appId}`, expires_in: 7_200 }
    })
    const refresher = lab.process({ credentials })
    expect(await lab.drive(refresher.refresh(SCHEDULE))).toMatchObject({ renewed: 285 })
    const due = await lab.table.due('token', lab.clock.now() + HOUR_MS + MINUTE_MS, 1_000)
    expect(due.map(({ pk }) => pk.slice('TOKEN#'.length)).sort()).toEqual([...broken].sort())
  })
})

describe('a caller whose refresher is throttled', () => {
  it('reads the row until somebody else has renewed it', async () => {
    const lab = await tokenLab(7)
    const throttled = lab.process({
      refresher: () => {
        throw new Error('TooManyRequestsException')
      },
    })
    const served = throttled.use()
    await lab.clock.advance(3_000)
    expect(fetches(lab)).toBe(0)
    await lab.drive(lab.process().refresh(ask(LAB_APP_ID)))
    await lab.drive(served)
    expect(fetches(lab)).toBe(1)
  })
})

describe('a token row', () => {
  it('that earlier code wrote is understood, its lease and its failure too', async () => {
    const lab = await tokenLab(8)
    const now = lab.clock.now()
    const failure = { code: 'WECHAT_BUSY', message: 'WeChat is busy.', at: now - 60_000, retry_at: now - 55_000 }
    const data = {
      ...{ app_id: LAB_APP_ID, value: '', generation: 0, issued_at: 0, expires_at: 0 },
      ...{ lease: { id: 'abcdefgh12345678', until: now + 9_000 }, failure, forced_at: now - HOUR_MS },
    }
    await lab.table.put({ ...tokenKey(LAB_APP_ID), schemaVersion: 1, data }, 0)
    const begun = lab.clock.now()
    await lab.drive(lab.process().use())
    expect(lab.clock.now() - begun).toBeLessThanOrEqual(20_000)
    expect((await readToken(lab.table, LAB_APP_ID))?.data).toMatchObject({ generation: 1, forced_at: now - HOUR_MS })
  })

  it('that was removed early is made anew, and callers who know a later generation are served', async () => {
    const lab = await tokenLab(4)
    const reader = lab.process()
    await lab.drive(reader.use())
    for (const generation of [1, 2]) await lab.drive(reader.refresh(ask(LAB_APP_ID, { failed_generation: generation })))
    await lab.clock.advance(MINUTE_MS)
    await lab.drive(reader.use())
    const row = await readToken(lab.table, LAB_APP_ID)
    expect(row?.data.generation).toBe(3)
    await lab.table.remove(tokenKey(LAB_APP_ID), row?.version ?? 0)
    lab.simulator.record({ event: 'expire', appId: LAB_APP_ID, errcode: 40001 })
    const before = fetches(lab)
    await lab.drive(reader.use())
    expect(fetches(lab)).toBe(before + 1)
    expect((await readToken(lab.table, LAB_APP_ID))?.data.generation).toBe(4)
  })

  it('that was not removed for two days is not believed', async () => {
    const lab = await tokenLab(5)
    await lab.drive(lab.process().use())
    await lab.clock.advance(48 * HOUR_MS)
    await lab.drive(lab.process().use())
    expect(lab.calls.every(({ errcode }) => errcode === 0)).toBe(true)
  })

  it('with a failure of a clock five minutes ahead keeps nobody longer than the failure’s own pause', async () => {
    const lab = await tokenLab(6)
    let isDown = true
    const refresher = lab.process({
      offset: 300_000,
      credentials: own => ({
        stable_token: {
          parameter: 'access_token',
          forceable: true,
          issue: async (request, signal) => {
            if (isDown || !own.stable_token) throw new AppError('WECHAT_UNREACHABLE', 'WeChat is not reachable.')
            return own.stable_token.issue(request, signal)
          },
        },
      }),
    })
    const reader = lab.process({ refresher: () => refresher })
    await expect(lab.drive(reader.use())).rejects.toMatchObject({ code: 'WECHAT_UNREACHABLE' })
    isDown = false
    await lab.clock.advance(6_000)
    await lab.drive(reader.use())
  })
})

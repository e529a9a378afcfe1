/** What a refresher remembers of its renewals: how many calls of the table it saves, and that a hint that is wrong harms nobody. */
import { describe, expect, it } from 'vitest'
import { accountKey } from '../../shared/core/account.ts'
import { removeToken } from '../../shared/domain/tokens/tokenChanges.ts'
import { readToken, tokenKey, tokenRow } from '../../shared/domain/tokens/tokenRow.ts'
import type { RowKey, Table } from '../../shared/ports/table.ts'
import { LAB_APP_ID, type TokenLab, tokenLab } from '../support/tokenLab.ts'

const PROCESSES = 8
const refreshed = (payload: object) => ({ trigger: 'call', payload: { app_id: LAB_APP_ID, ...payload } }) as const
const fetches = ({ calls }: TokenLab) => calls.filter(({ path }) => path === 'stable_token').length

/** The lab's table, counting the calls about the token's row. */
function counting(lab: TokenLab) {
  const { pk } = tokenKey(LAB_APP_ID)
  const counted = { calls: 0 }
  const count = (key: RowKey): void => void (key.pk === pk && counted.calls++)
  const table: Table = {
    ...lab.table,
    get: (key, signal) => {
      count(key)
      return lab.table.get(key, signal)
    },
    put: (draft, expected, signal) => {
      count(draft)
      return lab.table.put(draft, expected, signal)
    },
  }
  return { counted, table }
}

/** Eight processes without a token want it at once; answers the calls of the table for it. */
async function coldStart(lab: TokenLab): Promise<number> {
  const { counted, table } = counting(lab)
  const one = lab.process({ table })
  const processes = Array.from({ length: PROCESSES }, () => lab.process({ table, refresher: () => one }))
  const tokens = await lab.drive(Promise.all(processes.map(({ tokens }) => tokens.current(LAB_APP_ID))))
  expect(new Set(tokens.map(({ value }) => value)).size).toBe(1)
  return counted.calls
}

/** A refresher that has just renewed, over a table whose calls count from now on. */
async function afterRenewal() {
  const lab = await tokenLab(1)
  const { counted, table } = counting(lab)
  const refresher = lab.process({ table })
  expect(await lab.drive(refresher.refresh(refreshed({ seen: 0 })))).toEqual({ outcome: 'renewed' })
  counted.calls = 0
  const reader = lab.process({ table, refresher: () => refresher })
  return { lab, counted, table, refresher, reader }
}

describe('eight processes without a token', () => {
  it('read, ask and read again, and one refresher reads, takes the lease and writes once for all', async () => {
    const lab = await tokenLab(1)
    const calls = await coldStart(lab)
    expect(calls).toBeLessThanOrEqual(2 * PROCESSES + 3)
    expect(fetches(lab)).toBe(1)
  })

  it('leave whoever comes while the lease is held asking nobody', async () => {
    const lab = await tokenLab(3)
    void lab.process().refresh(refreshed({}))
    await lab.clock.advance(0)
    let asked = 0
    const other = lab.process()
    const refresher = () => {
      asked++
      return other
    }
    await lab.drive(lab.process({ refresher }).tokens.current(LAB_APP_ID))
    expect(asked).toBe(0)
  })
})

describe('a refresher that has just renewed', () => {
  it('answers who saw the row before without the table, for five seconds', async () => {
    const { lab, counted, refresher } = await afterRenewal()
    const version = (await readToken(lab.table, LAB_APP_ID))?.version ?? 0
    expect(await refresher.refresh(refreshed({ seen: version - 1 }))).toEqual({ outcome: 'fresh' })
    expect(counted.calls).toBe(0)
    await lab.clock.advance(5_000)
    expect(await refresher.refresh(refreshed({ seen: version - 1 }))).toEqual({ outcome: 'fresh' })
    expect(counted.calls).toBe(1)
  })

  it('reads the row for who saw this one, and for who does not say', async () => {
    const { lab, counted, refresher } = await afterRenewal()
    const seen = (await readToken(lab.table, LAB_APP_ID))?.version
    await refresher.refresh(refreshed({ seen }))
    await refresher.refresh(refreshed({}))
    expect(counted.calls).toBe(2)
  })

  it('fetches another token when WeChat refused this one', async () => {
    const { lab, reader, refresher } = await afterRenewal()
    const token = await lab.drive(reader.tokens.current(LAB_APP_ID))
    lab.simulator.record({ event: 'expire', appId: LAB_APP_ID, errcode: 40001 })
    const refused = refreshed({ failed_generation: token.generation, seen: 0 })
    expect(await lab.drive(refresher.refresh(refused))).toEqual({ outcome: 'renewed' })
    expect(fetches(lab)).toBe(2)
  })

  it('fetches another token when an operator wants one', async () => {
    const { lab, refresher } = await afterRenewal()
    await lab.drive(refresher.refresh(refreshed({ force: true, seen: 0 })))
    expect(fetches(lab)).toBe(2)
  })

  it('never says where a token is that has ended', async () => {
    const lab = await tokenLab(4)
    const refresher = lab.process({
      credentials: ({ stable_token: own }) => ({
        stable_token: {
          parameter: 'access_token',
          forceable: true,
          issue: async (...ask) => ({ access_token: '', ...(await own?.issue(...ask)), expires_in: 1 }),
        },
      }),
    })
    await lab.drive(refresher.refresh(refreshed({ seen: 0 })))
    expect(await lab.drive(refresher.refresh(refreshed({ seen: 0 })))).toEqual({ outcome: 'renewed' })
  })
})

describe('a memory that is wrong', () => {
  it('of a row that another process has replaced sends callers to the newer one', async () => {
    const { lab, reader, table } = await afterRenewal()
    const held = await lab.drive(reader.tokens.current(LAB_APP_ID))
    lab.simulator.record({ event: 'expire', appId: LAB_APP_ID, errcode: 40001 })
    const other = lab.process({ table })
    const renewed = await lab.drive(other.tokens.replace(LAB_APP_ID, held))
    expect(await lab.drive(reader.tokens.replace(LAB_APP_ID, held))).toEqual(renewed)
    expect(fetches(lab)).toBe(2)
  })

  it('of an account that was deleted costs one more question, and then the account is not there', async () => {
    const { lab, reader } = await afterRenewal()
    await removeToken(lab.table, LAB_APP_ID)
    const account = await lab.table.get(accountKey(LAB_APP_ID))
    await lab.table.remove(accountKey(LAB_APP_ID), account?.version ?? 0)
    const begun = lab.clock.now()
    await expect(lab.drive(reader.tokens.current(LAB_APP_ID))).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
    expect(lab.clock.now() - begun).toBeLessThan(1_000)
  })

  it('of a row that was lost costs one more question, and then there is a token', async () => {
    const { lab, reader } = await afterRenewal()
    await removeToken(lab.table, LAB_APP_ID)
    const begun = lab.clock.now()
    expect(await lab.drive(reader.tokens.current(LAB_APP_ID))).toMatchObject({ generation: 1 })
    expect(lab.clock.now() - begun).toBeLessThan(2_500)
  })

  it('of an account that became degraded hides the failure from nobody', async () => {
    const { lab, reader } = await afterRenewal()
    const row = await readToken(lab.table, LAB_APP_ID)
    const at = lab.clock.now()
    const failure = { code: 'ACCOUNT_MISCONFIGURED', message: 'no', details: {}, at, retry_at: at + 3_600_000 }
    const degraded = { app_id: LAB_APP_ID, value: '', generation: 1, issued_at: 0, expires_at: 0, failure }
    await lab.table.put(tokenRow(degraded), row?.version ?? 0)
    await expect(lab.drive(reader.tokens.current(LAB_APP_ID))).rejects.toMatchObject({ code: 'ACCOUNT_MISCONFIGURED' })
    expect(fetches(lab)).toBe(1)
  })

  it('of a renewal that hangs is believed by nobody after the life of a lease', async () => {
    const lab = await tokenLab(5)
    let hangs = true
    const never = new Promise<never>(() => undefined)
    const table: Table = { ...lab.table, get: (key, signal) => (hangs ? never : lab.table.get(key, signal)) }
    const refresher = lab.process({ table })
    void refresher.refresh(refreshed({ seen: 0 }))
    await lab.clock.advance(15_000)
    hangs = false
    expect(await lab.drive(refresher.refresh(refreshed({ seen: 0 })))).toEqual({ outcome: 'renewed' })
  })
})

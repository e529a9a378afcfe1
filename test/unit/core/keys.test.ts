import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authenticate, authorize, type KeyData, keyRow, newApiKey, presentedKey } from '../../../shared/core/keys.ts'
import { memoryTable } from '../../../shared/stores/memoryTable.ts'
import { seededRandom } from '../../support/seededRandom.ts'

const A = 'wxaaaaaaaaaaaaaaaa'
const B = 'wxbbbbbbbbbbbbbbbb'

describe('a new key', () => {
  it('has 256 bits and a prefix that scanners can know', () => {
    const random = seededRandom()
    const keys = Array.from({ length: 100 }, () => newApiKey(random))
    for (const key of keys) expect(key).toMatch(/^sucai_[\w-]{43}$/)
    expect(new Set(keys).size).toBe(100)
  })

  it('is not in its row', () => {
    const key = newApiKey(seededRandom())
    expect(JSON.stringify(keyRow(key, { role: 'read', app_ids: '*', created_at: 1 }))).not.toContain(key.slice(6))
  })
})

describe('the presented key', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer   abc' }, 'abc'],
    [{ 'x-api-key': 'abc' }, 'abc'],
    [{ authorization: 'Bearer abc', 'x-api-key': 'def' }, 'abc'],
    [{ authorization: 'Basic abc' }, undefined],
    [{ authorization: 'Bearer' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{}, undefined],
  ])('of %j is %j', (headers, key) => {
    expect(presentedKey(new Headers(Object.entries(headers)))).toBe(key)
  })
})

describe('authenticating', () => {
  it('knows exactly the keys that have a row', async () => {
    const table = memoryTable()
    const key = newApiKey(seededRandom(1))
    await table.put(keyRow(key, { role: 'write', app_ids: [A], created_at: 1 }), 0)
    expect(await authenticate(key, table, 0)).toMatchObject({ role: 'write', app_ids: [A] })
    for (const wrong of [undefined, '', `${key}x`, key.slice(0, -1), newApiKey(seededRandom(2))]) {
      await expect(authenticate(wrong, table, 0)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    }
  })

  it('refuses a key whose hash only begins like a known one', async () => {
    const table = memoryTable()
    const key = newApiKey(seededRandom(1))
    const row = keyRow(key, { role: 'admin', app_ids: '*', created_at: 1 })
    await table.put(
      { ...row, data: { ...row.data, hash: row.data.hash.replace(/.$/, last => (last === '0' ? '1' : '0')) } },
      0,
    )
    await expect(authenticate(key, table, 0)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('refuses a key from the moment it expires', async () => {
    const table = memoryTable()
    const key = newApiKey(seededRandom())
    await table.put(keyRow(key, { role: 'read', app_ids: '*', created_at: 1, expires_at: 100 }), 0)
    await authenticate(key, table, 99_999)
    await expect(authenticate(key, table, 100_000)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

describe('authorizing', () => {
  const roles = ['read', 'write', 'admin'] as const
  it('allows exactly what the role and the grant say, for any key, account and action', () => {
    const appIds = fc.oneof(fc.constant('*' as const), fc.subarray([A, B]))
    fc.assert(
      fc.property(
        fc.constantFrom(...roles),
        appIds,
        fc.constantFrom(...roles),
        fc.constantFrom(A, B),
        (role, app_ids, needed, appId) => {
          const key: KeyData = { key_id: 'k', hash: '', role, app_ids, created_at: 0 }
          const allowed = roles.indexOf(role) >= roles.indexOf(needed) && (app_ids === '*' || app_ids.includes(appId))
          if (allowed) expect(() => authorize(key, needed, appId)).not.toThrow()
          else expect(() => authorize(key, needed, appId)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
        },
      ),
    )
  })
})

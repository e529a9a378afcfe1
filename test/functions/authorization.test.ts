/** Random principals × accounts × operations: who may do what is decided by this small model, and by nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as exported from '../../functions/index.ts'
import { keyRow } from '../../shared/core/keys.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { addMaterial } from '../support/library.ts'
import { openAndPost } from '../support/uploads.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ACCOUNTS = [APP_ID, 'wxaaaaaaaaaaaaaaaa', 'wxbbbbbbbbbbbbbbbb'] as const
const UNKNOWN = 'wx0000000000000000'
const RANK = { read: 1, write: 2, admin: 3, public: 0 }
const RUNS = 25

type AnyOperation = Operation<never, unknown, unknown, unknown, unknown>

interface Case {
  role: 'read' | 'write' | 'admin'
  grants: '*' | string[]
  validFor: number | undefined
  named: string
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  role: fc.constantFrom('read', 'write', 'admin'),
  grants: fc.oneof(fc.constant('*' as const), fc.subarray([...ACCOUNTS, UNKNOWN])),
  validFor: fc.constantFrom(undefined, undefined, 3_600, 0, -1),
  named: fc.constantFrom(...ACCOUNTS, UNKNOWN),
})

const operations = Object.values(exported).flatMap(served =>
  served.kind === 'operation' ? [served as AnyOperation] : [],
)

/** The whole of the rule. */
function model({ role: needed, account = 'query' }: AnyOperation, { role, grants, validFor, named }: Case) {
  if (needed === 'public') return 'yes'
  if (validFor !== undefined && validFor <= 0) return 401
  const isGranted = account === 'none' || grants === '*' || grants.includes(named)
  return RANK[role] >= RANK[needed] && isGranted ? 'yes' : 403
}

describe('authorisation', () => {
  it.each(operations.map(one => [one.id, one] as const))(
    '%s lets in whom the model lets in',
    async (_id, operation) => {
      await using service = await world()
      for (const appId of ACCOUNTS.slice(1)) await service.addAccount(appId)
      const mine = await belongings(service)
      const before = await rowsOf(service, APP_ID)
      await fc.assert(
        fc.asyncProperty(anyCase, async given => {
          const { role, grants, validFor, named } = given
          const now = Math.floor(service.clock.now() / 1000)
          const expiry = validFor === undefined ? {} : { expires_at: now + validFor }
          const key = await service.addKey({ role, app_ids: grants, ...expiry })
          const params = {
            appId: named,
            uploadId: mine.uploadId,
            mediaId: mine.mediaId,
            keyId: mine.keyId,
            type: 'image',
          }
          const { status, json } = await service.drive(service.request(operation, { key, params, appId: named }))
          await service.settled()
          const verdict = model(operation, given)
          if (verdict === 'yes') expect([401, 403]).not.toContain(status)
          else expect(status).toBe(verdict)
          if (grants !== '*') expect(await service.table.get({ pk: 'KEY', sk: mine.keyId })).toBeDefined()
          if (grants !== '*' && !grants.includes(APP_ID)) {
            const text = JSON.stringify(json ?? null)
            for (const id of [mine.mediaId, mine.name, mine.keyId]) {
              // What the caller said may be repeated in a refusal.
              if (status < 400) expect(text).not.toContain(id)
            }
            expect(await rowsOf(service, APP_ID)).toEqual(before)
          } else await restore(service, { before, mine })
        }),
        { numRuns: RUNS },
      )
    },
  )

  it('of an account that does not exist is refused in the same words', async () => {
    await using service = await world()
    const key = await service.addKey({ role: 'admin', app_ids: [ACCOUNTS[1]] })
    for (const operation of operations.filter(({ account, role }) => account !== 'none' && role !== 'public')) {
      const ask = (appId: string) => ({ key, appId, params: { appId, uploadId: 'x', mediaId: 'x', type: 'image' } })
      const known = await service.fails(operation, ask(APP_ID))
      const unknown = await service.fails(operation, ask(UNKNOWN))
      const shown = ({ message, code }: typeof known) => ({ message, code })
      expect(shown(known)).toEqual({
        code: unknown.code,
        message: unknown.message.replace(UNKNOWN, APP_ID),
      })
    }
  })
})

/** What one account has, and a key that is above a limited one's grants. */
async function belongings(service: World) {
  const { uploadId } = await openAndPost(service)
  const mediaId = await addMaterial(service, { filename: '只属于甲.jpg' })
  const draft = keyRow('sucai_of_somebody_else', { role: 'admin', app_ids: '*', created_at: 0 })
  await service.table.put(draft, 0)
  return { uploadId, mediaId, name: '只属于甲', keyId: draft.sk, keyDraft: draft }
}

/** The rows that only this account's grant may touch. */
async function rowsOf({ table }: World, appId: string) {
  const uploads = await table.list(`UPL#${appId}`, { limit: 10 })
  return { account: await table.get({ pk: 'ACCOUNT', sk: appId }), uploads: uploads.items }
}

interface Kept {
  before: Awaited<ReturnType<typeof rowsOf>>
  mine: Awaited<ReturnType<typeof belongings>>
}

/** Whoever may change things may have done so; the next caller finds them as they were. */
async function restore({ table }: World, { before, mine }: Kept): Promise<void> {
  const rows = [before.account, ...before.uploads].flatMap(row => (row ? [row] : []))
  for (const row of rows) {
    const present = await table.get(row)
    if (present) await table.remove(row, present.version)
    await table.put(row, 0)
    for (let version = 1; version < row.version; version++) await table.put(row, version)
  }
  await table.put(mine.keyDraft, 0)
}

/** Adds or changes an account at run time; a secret that WeChat does not take is never kept. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { type AccountData, accountRow, callbackContext, findAccount } from '../../core/account.ts'
import { AppError } from '../../core/errors.ts'
import type { PortsOf } from '../../core/ports.ts'
import { remoteValue } from '../../core/remoteAnswer.ts'
import type { PutAccountBody } from '../../core/schemas/accounts.ts'
import { forgetRefusals } from '../quotas/refusalRow.ts'
import { clearFailure } from '../tokens/tokenChanges.ts'
import { REFRESHER } from '../tokens/tokenReader.ts'
import { hint } from '../uploads/hint.ts'
import { SWEEPER } from '../uploads/jobNames.ts'

/** What an operator wants of an account. */
export interface AccountChange {
  appId: string
  body: z.infer<typeof PutAccountBody>
  signal: AbortSignal
}

type ChangePorts = PortsOf<'table' | 'sealer' | 'invoker'>

const FINGERPRINT_DIGITS = 8
/** The refresher's word that WeChat took the secret. */
const Taken = z.object({ expires_in: z.number() })

/**
 * Writes the account. Throws what WeChat refuses the secret with (`ACCOUNT_MISCONFIGURED`, …), `INVALID_REQUEST` for a
 * new account without secret, `WRITE_CONFLICT`; nothing is changed then. A change also lifts what stands against the
 * account: its last fault, its parked calls and the token's failure; and uploads that waited for it need not wait longer.
 */
export async function putAccount(ports: ChangePorts, { appId, body, signal }: AccountChange): Promise<AccountData> {
  const { table, sealer, clock } = ports
  const row = await findAccount(table, appId, signal)
  const { secret, callback, archive, library_limits: libraryLimits, ...settings } = body
  const before = row?.data ?? newAccount(appId, secret)
  const next: AccountData = {
    ...before,
    ...withoutUndefined(settings),
    ...(secret !== undefined && {
      sealed_secret: await sealer.seal(secret, appId),
      secret_fingerprint: createHash('sha256').update(secret).digest('hex').slice(0, FINGERPRINT_DIGITS),
    }),
    ...(callback && { sealed_callback: await sealer.seal(JSON.stringify(callback), callbackContext(appId)) }),
    ...(archive && { archive }),
    ...(libraryLimits && { library_limits: libraryLimits }),
    updated_at: clock.now(),
  }
  if (archive === null) delete next.archive
  if (libraryLimits === null) delete next.library_limits
  if (callback === null) delete next.sealed_callback
  const isOther = secret !== undefined || next.credential !== before.credential
  if (isOther) await check(ports, next, signal)
  const written = await table.put(accountRow(next), row?.version ?? 0, signal)
  if (!written.ok) throw new AppError('WRITE_CONFLICT', 'The account changed meanwhile; try again.')
  await clearFailure(table, appId)
  await forgetRefusals(table, appId)
  if (row) await hint(ports, SWEEPER, { mended: appId })
  return next
}

function newAccount(appId: string, secret: string | undefined): AccountData {
  if (secret === undefined) {
    const issues = [{ in: 'body', field: 'secret', problem: 'is needed for a new account' }]
    throw new AppError('INVALID_REQUEST', 'The body is not valid: secret: is needed for a new account.', { issues })
  }
  return {
    app_id: appId,
    name: '',
    kind: 'official',
    articles: 'draft',
    limits: 'current',
    credential: 'stable_token',
    sealed_secret: '',
  }
}

/** The refresher alone may open the secret, so it is the one to try it. */
async function check(
  { invoker }: ChangePorts,
  { app_id, sealed_secret, credential }: AccountData,
  signal: AbortSignal,
): Promise<void> {
  const answer = await invoker.call(REFRESHER, { app_id, check: { sealed_secret, credential } }, signal)
  remoteValue(Taken, answer)
}

/** Absent fields keep what they were. */
function withoutUndefined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  return Object.assign(given, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)))
}

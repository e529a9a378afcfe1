/** Writes and removes the grants of mini programs. */
import type * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { type GrantData, grantKey, grantRow } from '../../core/grants.ts'
import type { PortsOf } from '../../core/ports.ts'
import type { GrantCall } from '../../core/schemas/calls.ts'

/**
 * The grant as it is now, `null` when there is none any more. Throws `WRITE_CONFLICT` when somebody else changed it
 * meanwhile.
 */
export async function putGrant(
  { table, clock }: PortsOf<'table'>,
  { mini_program, openid, role, app_ids, name }: z.infer<typeof GrantCall>['payload'],
  signal: AbortSignal,
): Promise<GrantData | null> {
  const key = grantKey(mini_program, openid)
  const before = await table.get<unknown>(key, signal)
  if (role === 'none') {
    if (before && !(await table.remove(key, before.version, signal))) throw conflict()
    return null
  }
  const named = name === undefined ? {} : { name }
  const data: GrantData = { mini_program, openid, role, app_ids, ...named, updated_at: clock.now() }
  const written = await table.put(grantRow(data), before?.version ?? 0, signal)
  if (!written.ok) throw conflict()
  return data
}

const conflict = (): AppError => new AppError('WRITE_CONFLICT', 'The grant changed meanwhile; try again.')

/** The `cloudbase_access_token` of the open interface service, which the platform hands to each run (wechat-api.md §8.3). */
import { readFileSync } from 'node:fs'
import type { CloudTokenSource } from '../../domain/tokens/cloudTokens.ts'
import { env } from '../env.ts'
import { systemClock } from '../systemClock.ts'
import type { RunVariables } from './cloudContext.ts'

const HEADER = 'x-wx-cloudbase-access-token'
const VARIABLE = 'WX_CLOUDBASE_ACCESSTOKEN'
const FILE = '/.tencentcloudbase/wx/cloudbase_access_token'
/** A token lives 30 minutes and is renewed every 10: one that came so long ago has been renewed. */
const HELD_MS = 10 * 60_000

let held: { value: string; until: number } | undefined

/**
 * Remembers the token that came with a run, if one did. The header counts only where `CLOUDBASE_TOKEN_HEADER` says that
 * the platform sets it (云托管): through an access service that passes it on, any client could give us a token of its
 * own, and get the files.
 */
export function noteCloudToken(variables: RunVariables, headers?: Headers): void {
  const trusted = env('CLOUDBASE_TOKEN_HEADER') === 'trusted' ? headers?.get(HEADER) : undefined
  const value = trusted ?? variables[VARIABLE]
  if (value) held = { value, until: systemClock.now() + HELD_MS }
}

/** The token of this process: the last one that came with a run, else that of the mounted file. */
export const cloudTokenSource: CloudTokenSource = () => {
  if (held && held.until > systemClock.now()) return { value: held.value, expiresAt: held.until }
  try {
    const value = readFileSync(env('CLOUDBASE_ACCESS_TOKEN_FILE') ?? FILE, 'utf8').trim()
    return value === '' ? undefined : { value, expiresAt: systemClock.now() + HELD_MS }
  } catch {
    // No file is the usual case: the open interface service is off.
    return undefined
  }
}

/** An account's settings of the message push, opened once for each process. */
import * as z from 'zod'
import { callbackContext, findAccount } from '../../core/account.ts'
import type { PortsOf } from '../../core/ports.ts'
import { CallbackSettings } from '../../core/schemas/callback.ts'
import type { Opener } from '../../ports/secrets.ts'

/** More accounts than one process meets in its life, most likely. */
const MAX_KEPT = 1_000

/** A field that later code adds must not stop this one. */
const Kept = z.object(CallbackSettings.shape)

/** By sealed text, so that a change of the account is seen at once; what was opened never leaves the process. */
const opened = new WeakMap<Opener, Map<string, CallbackSettings>>()

/** The settings, `undefined` when there is no such account or it has none. Throws `SECRET_UNREADABLE`, `STORE_UNAVAILABLE`. */
export async function openCallback(
  { table, secrets }: PortsOf<'table' | 'secrets'>,
  appId: string,
  signal?: AbortSignal,
): Promise<CallbackSettings | undefined> {
  const sealed = (await findAccount(table, appId, signal))?.data.sealed_callback
  if (sealed === undefined) return undefined
  const kept = opened.get(secrets) ?? new Map<string, CallbackSettings>()
  opened.set(secrets, kept)
  const known = kept.get(sealed)
  if (known) return known
  const settings = Kept.parse(JSON.parse(await secrets.open(sealed, callbackContext(appId))))
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(sealed, settings)
  return settings
}

/** Whether the function that sends an upload is dead: for those to say who watched it, since clocks differ. */
import type { Clock } from '../../ports/clock.ts'
import { MAX_SKEW_MS } from '../tokens/clockSkew.ts'
import { type Watch, watchOver } from '../tokens/watch.ts'
import { CLAIM_MS } from './transitions.ts'
import type { UploadData } from './uploadRow.ts'

/** One watch for a process: its clock stands for it. */
const watches = new WeakMap<Clock, Watch>()

/**
 * True once this process has seen the claim for longer than any run lasts. A process that begins with each sweep sees
 * nothing for long: without a watcher only a time that no skew of clocks explains ends a claim.
 */
export function hasLostItsSender({ clock }: { clock: Clock }, { upload_id, claim }: UploadData): boolean {
  const watch = watches.get(clock) ?? watchOver(clock)
  watches.set(clock, watch)
  const { id, started_at } = claim ?? { id: '', started_at: 0 }
  return watch.since(`${upload_id}/${id}`) >= CLAIM_MS || started_at + CLAIM_MS + 2 * MAX_SKEW_MS <= clock.now()
}

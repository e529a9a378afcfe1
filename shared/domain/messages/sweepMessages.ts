/** The guarantee behind every hint about a message: what was not handed over, or failed, is taken up again. */
import type { Call } from '../../core/operation.ts'
import type { RowKey } from '../../ports/table.ts'
import { sweepDue } from '../due/sweepDue.ts'
import { type ArchivePorts, archiveMessage } from './archiveMessage.ts'
import { type ForwardPorts, forwardMessage } from './forwardMessage.ts'
import { FORWARD_QUEUE, MESSAGE_QUEUE, parseMessageKey } from './messageRow.ts'

/** Archives every message that is due; answers how many. */
export function archiveDueMessages(ports: ArchivePorts, call: Call): Promise<number> {
  const work = async (key: RowKey): Promise<void> => {
    const name = parseMessageKey(key)
    if (name) await archiveMessage(ports, name, call)
  }
  return sweepDue(ports, { queue: MESSAGE_QUEUE, work }, call)
}

/**
 * Hands on every push that is due; answers how many it looked at. Once an account's consumer fails, the rest of its pushes
 * waits for the next run: one that hangs must not hold up the others.
 */
export function forwardDueMessages(ports: ForwardPorts, call: Call): Promise<number> {
  const failing = new Set<string>()
  const work = async (key: RowKey): Promise<void> => {
    const name = parseMessageKey(key)
    if (!name || failing.has(name.appId)) return
    if ((await forwardMessage(ports, name, call)) === 'later') failing.add(name.appId)
  }
  return sweepDue(ports, { queue: FORWARD_QUEUE, work }, call)
}

/** The functions that the message push hands work to, and how. */
import type { PortsOf } from '../../core/ports.ts'
import type { MessageData } from './messageRow.ts'

/** Tracks a message's media and starts their copies. */
export const ARCHIVER = 'archiveMessage'
/** Hands a push on to the account's `forward_url`. */
export const PUSH_FORWARDER = 'forwardMessage'

/** WeChat waits for its answer; the schedule does not mind. */
const LIMIT_MS = 400

/** Hands work to a function; a hint only, for what is lost here is taken up by a schedule. Never throws. */
export async function handOver(
  { invoker, clock, log }: PortsOf<'invoker'>,
  id: string,
  payload: Record<string, unknown>,
): Promise<void> {
  const stop = new AbortController()
  const handed = invoker
    .send(id, payload, stop.signal)
    .catch((error: unknown) => log.warn('work waits for the schedule', { id, payload, error }))
  await Promise.race([handed, clock.sleep(LIMIT_MS, stop.signal).catch(() => undefined)])
  stop.abort()
}

/** Tells a function of a message. */
export const tellOf = (
  ports: PortsOf<'invoker'>,
  id: typeof ARCHIVER | typeof PUSH_FORWARDER,
  { app_id, message_id }: MessageData,
): Promise<void> => handOver(ports, id, { app_id, message_id })

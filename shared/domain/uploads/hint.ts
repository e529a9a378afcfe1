/** Work that is told of before its time. */
import type { PortsOf } from '../../core/ports.ts'

/** The row says already what must happen and the sweeper finds it; a lost hint costs time, not the request. Never throws. */
export async function hint(
  { invoker, log }: PortsOf<'invoker'>,
  id: string,
  payload: Record<string, string>,
): Promise<void> {
  try {
    await invoker.send(id, payload)
  } catch (error) {
    log.warn('a function could not be called; the sweeper will do its work', { function: id, ...payload, error })
  }
}

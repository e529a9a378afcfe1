import { AppError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ApiRequest } from './apiCall.ts'
import type { Endpoint } from './endpoints.ts'

/** What is known of one try of a call. */
export interface SeenCall {
  app_id: string
  endpoint: Endpoint
  duration_ms: number
  /** bytes of the request's body */
  bytes: number
  /** WeChat's code, 0 for success; absent when it gave none. */
  errcode?: number
  rid?: string
  /** Our code of the failure. */
  code?: string
}

/** Who is told of calls. */
export interface CallWatch {
  clock: Clock
  /** Told of every try, however it ended. */
  seen?: (call: SeenCall) => void
}

/** Makes one try of a call and tells how it ended. Throws what `attempt` throws. */
export async function watched<T>(
  { clock, seen }: CallWatch,
  { appId, request: { endpoint, body } }: { appId: string; request: ApiRequest },
  attempt: () => Promise<T>,
): Promise<T> {
  const started = clock.now()
  const tell = (end: Pick<SeenCall, 'errcode' | 'rid' | 'code'>) =>
    seen?.({ app_id: appId, endpoint, duration_ms: clock.now() - started, bytes: body?.length ?? 0, ...end })
  try {
    const result = await attempt()
    tell({ errcode: 0 })
    return result
  } catch (error) {
    tell(endOf(error))
    throw error
  }
}

function endOf(error: unknown): Pick<SeenCall, 'errcode' | 'rid' | 'code'> {
  if (!(error instanceof AppError)) return { code: 'INTERNAL' }
  const { errcode, rid } = error.wechat ?? {}
  return { code: error.code, ...(errcode !== undefined && { errcode }), ...(rid !== undefined && { rid }) }
}

/** Calls another function of this service by its operation id. */
export interface Invoker {
  /** Waits for the answer of `id`; throws `AppError('INTERNAL')` when the function failed. */
  call(id: string, payload: unknown, signal?: AbortSignal): Promise<unknown>
  /** Hands `payload` over and returns once it is accepted; the platform retries a failing run. */
  send(id: string, payload: unknown, signal?: AbortSignal): Promise<void>
}

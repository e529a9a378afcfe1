/** Types for the two files of undici that the transport loads: the package only types its whole entry. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export = Agent
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici'

  /** undici takes iterable bodies (its docs/api/Dispatcher.md) without typing them. */
  type Options = Omit<Dispatcher.RequestOptions, 'body'> & { body: AsyncIterable<Uint8Array> | Buffer | null }
  function request(this: Pick<Dispatcher, 'dispatch'>, options: Options): Promise<Dispatcher.ResponseData>
  export = request
}

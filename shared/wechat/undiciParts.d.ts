/** Types for the two files of undici that the transport loads: the package only types its whole entry. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export = Agent
}

declare module 'undici/lib/api/api-request.js' {
  import type { Readable } from 'node:stream'
  import type { Dispatcher } from 'undici'

  type Options = Omit<Dispatcher.RequestOptions, 'body'> & { body: Readable | Buffer | null }
  function request(this: Pick<Dispatcher, 'dispatch'>, options: Options): Promise<Dispatcher.ResponseData>
  export = request
}

/** Types for the files of undici that are loaded: the package only types its whole entry. */
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

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici'
  export = buildConnector
}

declare module 'undici/lib/core/symbols.js' {
  const symbols: { readonly kParser: unique symbol }
  export = symbols
}

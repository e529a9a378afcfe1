/** The Table port on DynamoDB by calls that this process signs itself: the same table, without the SDK. */
import type { Random } from '../ports/random.ts'
import type { Table } from '../ports/table.ts'
import type { AwsCaller } from './awsCaller.ts'
import { tableOver } from './tableOver.ts'

/** `call` is asked for at the first use. */
export interface SignedTableOptions {
  tableName: string
  call: () => AwsCaller
  random: Random
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html */
const VERSION = 'DynamoDB_20120810'

/** The table; throws as `tableOver` says. */
export function signedTable({ tableName, call, random }: SignedTableOptions): Table {
  const send = async <T>(operation: string, input: object, signal: AbortSignal | undefined): Promise<T> => {
    const target = `${VERSION}.${operation}`
    const answer = await call()({ target, contentType: 'application/x-amz-json-1.0', input, signal })
    const { status, text, attempts } = answer
    // Every consumer reads the fields that the service documents, as it does of the SDK's answers.
    if (status < 300) return JSON.parse(text) as T
    throw refusal(status, text, attempts)
  }
  return tableOver({
    tableName,
    random,
    calls: {
      getItem: (input, { abortSignal }) => send('GetItem', input, abortSignal),
      putItem: (input, { abortSignal }) => send('PutItem', input, abortSignal),
      deleteItem: (input, { abortSignal }) => send('DeleteItem', input, abortSignal),
      query: (input, { abortSignal }) => send('Query', input, abortSignal),
    },
  })
}

/** As the SDK would have thrown it. */
function refusal(status: number, body: string, attempts: number): Error {
  const { __type: type = '', message = '', Item }: { __type?: string; message?: string; Item?: object } = parsed(body)
  const error = new Error(`${status} ${message}`)
  error.name = type.split('#').at(-1) ?? ''
  return Object.assign(error, { $fault: status >= 500 ? 'server' : 'client', $metadata: { attempts }, Item })
}

function parsed(body: string): object {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** Which operations the table server knows, and how one is run. */
import type { Clock } from '../../shared/ports/clock.ts'
import { ApiError, hasAnswer } from './apiError.ts'
import { dynaliteAction, dynaliteChecks, dynaliteValidation, type RequestData, type Validation } from './dynalite.ts'
import { expiryIndex } from './expiryIndex.ts'
import { type ItemStore, openItemStore } from './itemStore.ts'
import { tableOperations } from './tableOperations.ts'
import { type Execute, timeToLive } from './timeToLive.ts'

const PLAIN = ['GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeTable', 'ListTables', 'BatchWriteItem']
const CONDITIONAL_WRITES = ['PutItem', 'UpdateItem', 'DeleteItem']

/** The part of a conditional write's request that dynalite does not know. */
const FAILURE_TYPES = { ReturnValuesOnConditionCheckFailure: { type: 'String', enum: ['ALL_OLD', 'NONE'] } }

/** The engine of the table server, without HTTP. */
export interface Operations {
  /** Runs an operation by its API name; throws errors that `errorAnswer` can answer. */
  execute: Execute
  /** Removes expired items; tells how many went. */
  sweepExpired(): Promise<number>
  close(): Promise<void>
}

/** Opens the database in `dataDir`; throws `DataDirInUseError`. */
export async function openOperations(dataDir: string, clock: Clock): Promise<Operations> {
  const expiries = expiryIndex()
  const store = await openItemStore(dataDir, expiries.note)
  const tables = tableOperations(store, expiries)
  const expiry = await timeToLive(store, expiries, clock)

  const handlers = new Map<string, (request: RequestData) => Promise<object>>([
    ...PLAIN.map(name => [name, dynaliteOperation(store, name)] as const),
    ...CONDITIONAL_WRITES.map(name => [name, dynaliteOperation(store, name, FAILURE_TYPES)] as const),
    ['CreateTable', request => tables.create(checked(store, request, dynaliteValidation('createTable')))],
    ['DeleteTable', request => tables.remove(checked(store, request, dynaliteValidation('deleteTable')))],
    ['UpdateTable', tables.update],
    ['UpdateTimeToLive', expiry.update],
    ['DescribeTimeToLive', expiry.describe],
  ])

  const execute: Execute = (operation, request) => {
    const handler = handlers.get(operation)
    if (!handler) throw new ApiError('UnknownOperationException', `The table server has no ${operation}`)
    return handler(request)
  }
  return { execute, sweepExpired: () => expiry.sweep(execute), close: store.close }
}

function dynaliteOperation(store: ItemStore, name: string, types: Validation['types'] = {}) {
  const fileName = name.charAt(0).toLowerCase() + name.slice(1)
  const action = dynaliteAction(fileName)
  const known = dynaliteValidation(fileName)
  const validation = { ...known, types: { ...known.types, ...types } }

  return async (request: RequestData): Promise<object> => {
    const data = checked(store, request, validation)
    return new Promise<object>((resolve, reject) => {
      const view = store.view(data, reject)
      action(view.store, data, (error, answer) => {
        if (error) reject(withFailedItem(error, data, view.lastRead()))
        else resolve(answer ?? {})
      })
    })
  }
}

function checked(store: ItemStore, request: RequestData, { types, custom }: Validation): RequestData {
  const data = dynaliteChecks.checkTypes(request, types)
  dynaliteChecks.checkValidations(data, types, custom, store.limits)
  return data
}

/** The row that failed the condition travels on the error (API reference, ReturnValuesOnConditionCheckFailure). */
function withFailedItem(error: unknown, data: RequestData, item: object | undefined): unknown {
  const wanted = data['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD'
  const isCondition = hasAnswer(error) && error.body.__type.endsWith('#ConditionalCheckFailedException')
  if (wanted && isCondition && item) error.body.Item = item
  return error
}

import { signedTable } from '../../stores/signedTable.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { systemRandom } from '../systemRandom.ts'
import { callerOf } from './caller.ts'

/** The table named by `TABLE_NAME`, without the SDK: it is two thirds of what a function would have to load (docs/performance.md, row 13). */
export const table = once(() =>
  signedTable({ tableName: requiredEnv('TABLE_NAME'), call: callerOf('dynamodb'), random: systemRandom }),
)

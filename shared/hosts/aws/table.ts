import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamoTable } from '../../stores/dynamoTable.ts'
import { requiredEnv } from '../env.ts'
import { once } from '../once.ts'
import { systemRandom } from '../systemRandom.ts'

/** The table named by `TABLE_NAME`. */
export const table = once(() =>
  dynamoTable({
    tableName: requiredEnv('TABLE_NAME'),
    client: once(() => new DynamoDBClient({})),
    random: systemRandom,
  }),
)

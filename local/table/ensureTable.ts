/** Creates the service's table when it is not there yet. */
import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { tableSchema, tableTimeToLive } from '../../shared/stores/tableSchema.ts'

/** Creates the table and enables its time to live, each only when missing. Meant for the embedded server. */
export async function ensureTable(client: DynamoDBClient, tableName: string): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableSchema(tableName)))
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }))
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return
  await client.send(new UpdateTimeToLiveCommand(tableTimeToLive(tableName)))
}

/** The usual handler with one GetItem: the SDK as it is installed, its client made when the module loads. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'

const client = new DynamoDBClient({})

/** As a function. */
export async function main(): Promise<unknown> {
  const key = { pk: { S: 'KEY' }, sk: { S: 'x' } }
  const { Item } = await client.send(new GetItemCommand({ TableName: process.env['TABLE_NAME'], Key: key }))
  return Item ?? null
}

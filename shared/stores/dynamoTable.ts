/** The Table port on DynamoDB through the AWS SDK. */
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import type { Random } from '../ports/random.ts'
import type { Table } from '../ports/table.ts'
import { tableOver } from './tableOver.ts'

/** What the adapter needs. `client` is called at the first use. */
export interface DynamoTableOptions {
  tableName: string
  client: () => DynamoDBClient
  /** Stamps each write, so that a repeated attempt recognises its own success. */
  random: Random
}

/** The table in DynamoDB; throws as `tableOver` says. */
export function dynamoTable({ tableName, client, random }: DynamoTableOptions): Table {
  let held: DynamoDBClient | undefined
  const dynamo = () => {
    held ??= client()
    return held
  }
  return tableOver({
    tableName,
    random,
    calls: {
      getItem: (input, options) => dynamo().send(new GetItemCommand(input), options),
      putItem: (input, options) => dynamo().send(new PutItemCommand(input), options),
      deleteItem: (input, options) => dynamo().send(new DeleteItemCommand(input), options),
      query: (input, options) => dynamo().send(new QueryCommand(input), options),
    },
  })
}

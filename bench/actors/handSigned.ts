/** The limit of a function with one GetItem: node:https and Signature Version 4 by hand, no SDK. */
import { createHash, createHmac } from 'node:crypto'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'

const agent = new Agent({ keepAlive: true })
const SERVICE = 'dynamodb'
const TARGET = 'DynamoDB_20120810.GetItem'
const TYPE = 'application/x-amz-json-1.0'

const hash = (value: string): string => createHash('sha256').update(value).digest('hex')
const hmac = (key: string | Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest()

/** Reads one item of the table that the environment names. */
export async function getItem(): Promise<unknown> {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = '', AWS_REGION: region = '' } = process.env
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '', TABLE_NAME: table = '' } = process.env
  const body = JSON.stringify({ TableName: table, Key: { pk: { S: 'KEY' }, sk: { S: 'x' } }, ConsistentRead: true })
  const url = new URL(endpoint)
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`
  const signed = 'content-type;host;x-amz-date;x-amz-target'
  const canonical = `POST\n/\n\ncontent-type:${TYPE}\nhost:${url.host}\nx-amz-date:${time}\nx-amz-target:${TARGET}\n\n${signed}\n${hash(body)}`
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, time.slice(0, 8)), region), SERVICE), 'aws4_request')
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
  const headers = { authorization, 'content-type': TYPE, 'x-amz-date': time, 'x-amz-target': TARGET }
  const answer = await new Promise<string>((resolve, reject) => {
    request(url, { method: 'POST', agent, headers }, response => void text(response).then(resolve, reject))
      .once('error', reject)
      .end(body)
  })
  return JSON.parse(answer)
}

/** As a function. */
export const main = getItem

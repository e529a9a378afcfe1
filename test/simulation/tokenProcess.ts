/**
 * One process of the multi-process test: reader and refresher over the table and the WeChat that its arguments name.
 * Prints `ready`, waits for a line, makes its calls at once, prints the fingerprints of the tokens it was given.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { refreshToken } from '../../functions/refreshToken.ts'
import { tokenReader } from '../../shared/domain/tokens/tokenReader.ts'
import { systemClock as clock } from '../../shared/hosts/systemClock.ts'
import { systemRandom as random } from '../../shared/hosts/systemRandom.ts'
import type { Invoker } from '../../shared/ports/invoker.ts'
import type { Log } from '../../shared/ports/log.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { tokenClient } from '../../shared/wechat/client.ts'
import { secretCredentials } from '../../shared/wechat/credentials.ts'
import { undiciTransport } from '../../shared/wechat/transport.ts'
import { tableClient } from '../local/tableServer.ts'

const LIMIT_MS = 25_000
const [tableUrl = '', tableName = '', weChatUrl = '', appId = '', calls = '1'] = process.argv.slice(2)

const nothing = () => undefined
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const client = tableClient(tableUrl)
const table = dynamoTable({ tableName, client: () => client, random })
const transport = undiciTransport({ baseUrl: weChatUrl })
const ambient = { clock, random, log, metrics: { record: nothing } }
const ports = {
  ...{ ...ambient, table },
  credentials: secretCredentials(tokenClient({ transport, clock })),
  secrets: { open: async (sealed: string) => sealed },
}
const invoker: Invoker = {
  call: (_id, payload) => {
    const end = clock.now() + LIMIT_MS
    const call = { requestId: 'run', remaining: () => end - clock.now(), signal: AbortSignal.timeout(LIMIT_MS) }
    return refreshToken.run({ trigger: 'call', payload }, ports, call)
  },
  send: async () => undefined,
}
const tokens = tokenReader({ ...ambient, table, invoker })
// The connection is there before the start, so that all begin together.
await table.get({ pk: 'none', sk: 'none' })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const got = await Promise.all(Array.from({ length: Number(calls) }, () => tokens.current(appId)))
const fingerprints = got.map(({ value }) => createHash('sha256').update(value).digest('hex'))
process.stdout.write(`${JSON.stringify([...new Set(fingerprints)])}\n`)
process.stdin.destroy()
client.destroy()
await transport.close()

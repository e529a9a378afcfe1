/** How rows and objects name a fan without holding the openid. */
import { createHmac } from 'node:crypto'
import * as z from 'zod'
import type { PortsOf } from '../../core/ports.ts'
import type { RowKey } from '../../ports/table.ts'

const SCHEMA_VERSION = 1
const KEY_BYTES = 32
const HASH_CHARS = 32

const OpenidKeyData = z.object({ app_id: z.string(), sealed_key: z.string(), created_at: z.number() })

/** A fan as WeChat names it. */
export interface Fan {
  appId: string
  openid: string
}

const keyOf = (appId: string): RowKey => ({ pk: `OPENID#${appId}`, sk: 'key' })
const contextOf = (appId: string): string => `${appId}/openid`

/**
 * HMAC-SHA256 of an openid (the first 128 bits, hex) under a key of the account, which is made at first use and rests
 * sealed in the table: whoever has the table or the bucket alone can neither tell who a fan is nor recognise one of whom
 * the openid is known. Throws `SECRET_UNREADABLE` when the key cannot be opened, and what the ports throw.
 */
export async function openidHash(
  ports: PortsOf<'table' | 'secrets' | 'sealer'>,
  { appId, openid }: Fan,
  signal?: AbortSignal,
): Promise<string> {
  const { table, sealer, clock, random } = ports
  const key = keyOf(appId)
  let row = await table.get<unknown>(key, signal)
  if (!row) {
    const fresh = Buffer.from(random.bytes(KEY_BYTES)).toString('base64')
    const data = { app_id: appId, sealed_key: await sealer.seal(fresh, contextOf(appId)), created_at: clock.now() }
    const written = await table.put<unknown>({ ...key, schemaVersion: SCHEMA_VERSION, data }, 0, signal)
    row = written.ok ? written.row : written.current
  }
  return hashUnder(ports, row?.data, { appId, openid })
}

/** The same, `undefined` while the account has no key: then nothing of it names any fan. */
export async function knownOpenidHash(
  ports: PortsOf<'table' | 'secrets'>,
  fan: Fan,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const row = await ports.table.get<unknown>(keyOf(fan.appId), signal)
  return row && hashUnder(ports, row.data, fan)
}

async function hashUnder({ secrets }: PortsOf<'secrets'>, data: unknown, { appId, openid }: Fan): Promise<string> {
  const { sealed_key } = OpenidKeyData.parse(data)
  const opened = Buffer.from(await secrets.open(sealed_key, contextOf(appId)), 'base64')
  return createHmac('sha256', opened).update(openid).digest('hex').slice(0, HASH_CHARS)
}

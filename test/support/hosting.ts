/** What host tests need: recorded events, made to fit a world, and the world's ports as a function's last line names them. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Operation } from '../../shared/core/operation.ts'
import type { NamedPorts, PortName, Wiring } from '../../shared/core/ports.ts'
import { objectKey, type UploadData, uploadRow } from '../../shared/domain/uploads/uploadRow.ts'
import { fileBytes } from './files.ts'
import { OPERATIONS } from './functionMap.ts'
import { APP_ID, type World } from './world.ts'

const EVENTS = new URL('../../events/', import.meta.url)

/** The upload that recorded events are about. */
export const RECORDED_UPLOAD_ID = '01kas9m2e0q4x8v7n3c5h6t2ya'

/** A recorded event's JSON object. */
export type Recorded = Record<string, unknown>

/** `events/<path>`, with an API key in its place that may do it. */
export function recorded(service: World, path: string): Recorded {
  const text = readFileSync(new URL(path, EVENTS), 'utf8')
  const operation = OPERATIONS.find(({ id }) => path.startsWith(`${id}/`))
  const key = operation?.role === 'admin' ? service.keys.admin : service.keys.write
  const event: unknown = JSON.parse(text.replaceAll('REPLACE_WITH_AN_API_KEY', key))
  if (typeof event !== 'object' || event === null) throw new Error(`${path} is no object`)
  return { ...event }
}

/** The recorded cases of a kind, as `<function>/<case>.<kind>.json`. */
export const recordedOf = (kind: string): string[] =>
  readdirSync(EVENTS).flatMap(id =>
    readdirSync(new URL(`${id}/`, EVENTS))
      .filter(name => name.endsWith(`.${kind}.json`))
      .map(name => `${id}/${name}`),
  )

/** Operations whose recorded success needs more of its world than an upload: a key, a secret, a signature that is right. */
const NEEDS_MORE = new Set(['deleteKey', 'putAccount', 'receiveMessage', 'verifyCallback'])

/** The recorded successes of a kind that {@link openRecorded} makes possible, each with its operation. */
export const successesOf = (kind: string): [string, Operation][] =>
  OPERATIONS.filter(({ id }) => !NEEDS_MORE.has(id)).flatMap(operation =>
    recordedOf(kind)
      .filter(path => path === `${operation.id}/ok.${kind}.json`)
      .map((path): [string, Operation] => [path, operation]),
  )

/** Opens the recorded upload; its bytes are posted unless it is `CREATED`. */
export async function openRecorded(service: World, state: 'CREATED' | 'POSTED' | 'PARKED'): Promise<Buffer> {
  const bytes = fileBytes('jpg', 300)
  const now = service.clock.now()
  const data: UploadData = {
    upload_id: RECORDED_UPLOAD_ID,
    app_id: APP_ID,
    state: 'CREATED',
    type: 'image',
    permanent: true,
    filename: '日落.jpg',
    content_type: 'image/jpeg',
    size: bytes.length,
    object_key: objectKey(APP_ID, RECORDED_UPLOAD_ID, 'jpg'),
    attempts: 0,
    misses: 0,
    created_at: now,
    updated_at: now,
    expires_at: now + 900_000,
  }
  if (state !== 'CREATED') await service.objects.write(data.object_key ?? '', bytes, { contentType: 'image/jpeg' })
  const parked: UploadData = { ...data, state: 'PARKED', parked_until: now + 900_000 }
  await service.table.put(uploadRow(state === 'PARKED' ? parked : data, now), 0)
  return bytes
}

/** Every port of the world, as providers. */
export function wiringOf({ ports }: World): Wiring<PortName> {
  const provide =
    <N extends PortName>(name: N): (() => NamedPorts[N]) =>
    () =>
      ports[name]
  return {
    table: provide('table'),
    objects: provide('objects'),
    signer: provide('signer'),
    wechat: provide('wechat'),
    credentials: provide('credentials'),
    sealer: provide('sealer'),
    secrets: provide('secrets'),
    invoker: provide('invoker'),
    outbound: provide('outbound'),
  }
}

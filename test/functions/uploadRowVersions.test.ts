/** Rows of the code before this one, as it wrote them: a deployment meets them in every state (reliability.md row 45). */
import { expect, it } from 'vitest'
import { getUpload } from '../../functions/getUpload.ts'
import { type UploadData, uploadKey } from '../../shared/domain/uploads/uploadRow.ts'
import { fileBytes } from '../support/files.ts'
import { APP_ID, type World, world } from '../support/world.ts'

const ID = '01kb0000000abcdefghjkmnpqr'
const KEY = `in/${APP_ID}/${ID}.jpg`
const BYTES = fileBytes('jpg', 300)

/** What version 1 wrote. It knew neither `reused`, `unsure`, `ruled_out`, `handed`, `force`, nor a hash that nobody declared. */
const COMMON = {
  upload_id: ID,
  app_id: APP_ID,
  type: 'image',
  permanent: true,
  filename: '日落.jpg',
  content_type: 'image/jpeg',
  size: 300,
  object_key: KEY,
  attempts: 0,
  misses: 0,
} as const

type Stored = Partial<UploadData> & Pick<UploadData, 'state'>

async function given(service: World, row: Stored): Promise<void> {
  const now = service.clock.now()
  const { etag } = await service.objects.write(KEY, BYTES, { contentType: 'image/jpeg', size: BYTES.length })
  const pinned = row.state === 'CREATED' ? {} : { etag }
  const times = { created_at: now - 60_000, updated_at: now - 60_000, expires_at: now + 840_000 }
  const data = { ...COMMON, ...times, ...pinned, ...row }
  await service.table.put({ ...uploadKey(APP_ID, ID), schemaVersion: 1, data, due: { queue: 'upload', at: now } }, 0)
}

it.each<[string, Stored]>([
  ['waiting for its bytes', { state: 'CREATED' }],
  ['posted', { state: 'UPLOADED' }],
  ['being sent by a process that is gone', { state: 'SENDING', attempts: 1, claim: { id: 'c', started_at: 0 } }],
  ['unclear', { state: 'UNKNOWN', attempts: 1, misses: 1, claim: { id: 'c', started_at: Date.UTC(2026, 10, 23, 3) } }],
  [
    'parked after "busy"',
    { state: 'PARKED', attempts: 1, parked_until: 0, error: { code: 'WECHAT_BUSY', message: 'busy' } },
  ],
])('an upload of version 1 that is %s is stored', async (_what, row) => {
  await using service = await world()
  await given(service, row)
  for (let minute = 0; minute < 5; minute++) {
    await service.sweep()
    await service.clock.advance(60_000)
  }
  const { data } = await service.ok(getUpload, { params: { uploadId: ID } })
  expect(data).toMatchObject({ state: 'STORED', media_id: service.materials()[0]?.media_id })
  expect(service.materials()).toHaveLength(1)
  expect((await service.table.get(uploadKey(APP_ID, ID)))?.schemaVersion).toBe(2)
})

it.each<Stored>([
  { state: 'STORED', media_id: 'm', url: 'http://x/', attempts: 1 },
  { state: 'REJECTED', error: { code: 'WECHAT_REFUSED', message: 'no', wechat: { errcode: 40007, errmsg: 'x' } } },
  { state: 'EXPIRED' },
])('a finished upload of version 1 ($state) is still answered', async row => {
  await using service = await world()
  await given(service, row)
  const { data } = await service.ok(getUpload, { params: { uploadId: ID } })
  expect(data).toMatchObject({ state: row.state, filename: '日落.jpg', size: 300 })
})

/** What the service uploads as temporary media itself is kept from its own bytes, whichever way they came. */
import { expect, it } from 'vitest'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { getUpload } from '../../functions/getUpload.ts'
import { uploadTemporaryMedia } from '../../functions/uploadTemporaryMedia.ts'
import { AppError } from '../../shared/core/errors.ts'
import { failingWrites } from '../support/brokenTables.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { behind } from '../support/library.ts'
import { multipartBody } from '../support/multipartBody.ts'
import { rowOf } from '../support/temporary.ts'
import { openAndPost } from '../support/uploads.ts'
import { type World, world } from '../support/world.ts'

const DAY_MS = 86_400_000
const BYTES = fileBytes('jpg', 4000, 9)
const FORM = multipartBody([{ name: 'file', filename: '海边 “一”.jpg', contentType: 'image/jpeg', bytes: BYTES }])

async function keptBytes(service: World, mediaId: string): Promise<Buffer> {
  await service.clock.advance(4 * DAY_MS)
  const answer = await service.ok(getTemporaryMedia, { params: { mediaId } })
  if (!('down_url' in answer)) throw new Error('no file')
  return (await behind(service, answer.down_url)).bytes
}

it('the bytes of a request are kept at once, under their own name', async () => {
  await using service = await world()
  const { data } = await service.ok(uploadTemporaryMedia, { form: FORM })
  expect(await rowOf(service, data.media_id)).toMatchObject({
    ...{ source: 'upload', state: 'MIRRORED', type: 'image', age_known: true },
    file: { sha256: sha256(BYTES), filename: '海边 “一”.jpg' },
  })
  expect(await keptBytes(service, data.media_id)).toEqual(BYTES)
  expect(service.calls('media/get')).toBe(0)
})

it('a store that fails costs no answer; the mirror fetches the media later', async () => {
  await using service = await world()
  const write = async () => {
    throw new AppError('STORE_UNAVAILABLE', 'The object store cannot be reached.')
  }
  const ports = { objects: { ...service.objects, write } }
  const { data } = await service.ok(uploadTemporaryMedia, { form: FORM, ports })
  expect((await rowOf(service, data.media_id)).state).toBe('PENDING')
  expect(await service.mirror()).toMatchObject({ mirrored: 1 })
  expect(await keptBytes(service, data.media_id)).toEqual(BYTES)
})

it('a table that fails costs no answer either', async () => {
  await using service = await world()
  const table = failingWrites(service.table, ({ pk }) => pk.startsWith('MED'))
  await service.ok(uploadTemporaryMedia, { form: FORM, ports: { table } })
  expect(service.lines().filter(({ level }) => level === 'error')).toHaveLength(1)
})

it('posted bytes stay until the mirror has copied them, which asks WeChat nothing', async () => {
  await using service = await world()
  const opened = await openAndPost(service, { bytes: BYTES, declared: { permanent: false } })
  await service.deliver()
  const { data } = await service.ok(getUpload, { params: { uploadId: opened.uploadId } })
  const mediaId = data.media_id ?? ''
  const posted = opened.fields['key'] ?? ''
  expect(await rowOf(service, mediaId)).toMatchObject({ state: 'PENDING', source: 'upload', origin: posted })
  expect(await service.objects.head(posted)).toBeDefined()
  expect(await service.mirror()).toMatchObject({ mirrored: 1 })
  expect(await service.objects.head(posted)).toBeUndefined()
  expect(await keptBytes(service, mediaId)).toEqual(BYTES)
  expect(service.calls('media/get')).toBe(0)
})

it('a media that cannot be tracked is sent again: what counts as stored is always tracked', async () => {
  await using service = await world()
  const opened = await openAndPost(service, { bytes: BYTES, declared: { permanent: false } })
  const all = service.table.put
  service.table.put = (draft, expected, signal) =>
    draft.pk.startsWith('MED')
      ? Promise.reject(new AppError('STORE_UNAVAILABLE', 'The table is not reachable.'))
      : all(draft, expected, signal)
  await service.deliver()
  const view = async () => (await service.ok(getUpload, { params: { uploadId: opened.uploadId } })).data
  expect(await view()).toMatchObject({ state: 'PARKED' })
  service.table.put = all
  await service.clock.advance(120_000)
  await service.sweep()
  const { state, media_id = '' } = await view()
  expect(state).toBe('STORED')
  expect((await rowOf(service, media_id)).source).toBe('upload')
})

/** The addresses of getMaterial and getTemporaryMedia against a server that speaks S3. */
import { describe, expect, it } from 'vitest'
import { getMaterial } from '../../functions/getMaterial.ts'
import { getTemporaryMedia } from '../../functions/getTemporaryMedia.ts'
import { s3Objects } from '../../shared/stores/s3Objects.ts'
import { s3Signer } from '../../shared/stores/s3Signer.ts'
import { fileBytes, sha256 } from '../support/files.ts'
import { addMaterial, mediaFile } from '../support/library.ts'
import { TEST_BUCKET, TEST_CREDENTIALS, TEST_REGION, testObjectServer } from '../support/objectServer.ts'
import { APP_ID, world } from '../support/world.ts'

const MIB = 1024 * 1024

/** A world whose objects lie in a real store. */
async function stored() {
  const server = await testObjectServer()
  const objects = s3Objects({ bucket: TEST_BUCKET, client: () => server.client })
  const credentials = TEST_CREDENTIALS
  const where = { bucket: TEST_BUCKET, region: TEST_REGION, endpoint: server.url }
  const signer = s3Signer({ ...where, credentials, clock: { now: () => Date.now() } })
  return { server, ports: { objects, signer } }
}

describe('a signed address', () => {
  it('gives a video byte for byte as an attachment under its Chinese title, then ends', async () => {
    await using service = await world()
    const { server, ports } = await stored()
    try {
      const bytes = fileBytes('mp4', 3 * MIB)
      const mediaId = await addMaterial(service, { type: 'video', format: 'mp4', bytes })
      const found = await service.ok(getMaterial, { params: { mediaId }, ports })
      const address = 'down_url' in found ? found.down_url : ''
      const answer = await fetch(address)
      expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(bytes))
      expect(answer.headers.get('content-type')).toBe('video/mp4')
      expect(answer.headers.get('content-length')).toBe(String(3 * MIB))
      const disposition = answer.headers.get('content-disposition') ?? ''
      expect(decodeURIComponent(/filename\*=UTF-8''(\S+)$/.exec(disposition)?.[1] ?? '')).toBe('春节 “一”.mp4')
      await server.clock.advance(15 * 60_000 + 5_000)
      expect((await fetch(address)).status).toBe(403)
    } finally {
      await server.close()
    }
  })

  it('is where ?redirect=1 leads', async () => {
    await using service = await world()
    const { server, ports } = await stored()
    try {
      const { media_id: mediaId } = await service.wechat.media(APP_ID).upload('image', mediaFile('png'))
      const query = { redirect: '1' }
      const { headers } = await service.request(getTemporaryMedia, { params: { mediaId }, query, ports })
      const answer = await fetch(headers.get('location') ?? '')
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(fileBytes('png'))
      expect(answer.headers.get('content-type')).toBe('image/png')
    } finally {
      await server.close()
    }
  })

  it('is of a whole file only: one that breaks off at WeChat leaves no object', async () => {
    await using service = await world()
    const { server, ports } = await stored()
    try {
      const mediaId = await addMaterial(service, { bytes: fileBytes('jpg', MIB) })
      service.control.addFault({ path: '/cgi-bin/material/get_material', kind: 'truncate', times: 1 })
      const problem = await service.fails(getMaterial, { params: { mediaId }, ports })
      expect(problem).toMatchObject({ code: 'WECHAT_BAD_ANSWER', status_code: 502 })
      expect(await ports.objects.head(`store/${APP_ID}/material/${mediaId}.jpg`)).toBeUndefined()
    } finally {
      await server.close()
    }
  })
})

/** Answers a media_id that is valid now for the bytes of a tracked media, uploading them again where needed. */
import { objects, serve, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { MediaIdPath } from '../shared/core/schemas/library.ts'
import { RenewAnswer } from '../shared/core/schemas/temporary.ts'
import { renewMedia } from '../shared/domain/temporary/renewMedia.ts'
import { seconds } from '../shared/domain/temporary/temporaryView.ts'

export const renewTemporaryMedia = operation({
  id: 'renewTemporaryMedia',
  method: 'POST',
  path: '/wechat/media/temporary/{mediaId}/renew',
  role: 'write',
  miniProgram: true,
  summary: 'A valid media_id for the same bytes',
  params: MediaIdPath,
  response: RenewAnswer,
  needs: ['table', 'objects', 'wechat'],
  errors: ['MEDIA_NOT_FOUND', 'FILE_TYPE_NOT_ALLOWED', 'OBJECT_CHANGED', 'WRITE_CONFLICT'],
  run: async ({ appId, params: { mediaId } }, ports, call) => {
    const { data, renewed } = await renewMedia(ports, { appId, mediaId }, call)
    const { media_id, type, created_at, expires_at } = data
    return { data: { media_id, type, created_at: seconds(created_at), expires_at: seconds(expires_at), renewed } }
  },
})

export const main = serve(renewTemporaryMedia, { table, objects, wechat })

/** Answers a signed URL of a temporary media's file, which is fetched from WeChat once and outlives its three days. */
import { objects, serve, signer, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { redirectTo } from '../shared/core/redirect.ts'
import { MediaIdPath, TemporaryFileAnswer, TemporaryQuery } from '../shared/core/schemas/library.ts'
import { fileLink } from '../shared/domain/library/fileLink.ts'
import { getTemporaryMedia as get } from '../shared/domain/temporary/getTemporaryMedia.ts'

export const getTemporaryMedia = operation({
  id: 'getTemporaryMedia',
  method: 'GET',
  path: '/wechat/material/{mediaId}/temporary',
  role: 'read',
  miniProgram: true,
  summary: 'A temporary media',
  params: MediaIdPath,
  query: TemporaryQuery,
  response: TemporaryFileAnswer,
  needs: ['table', 'objects', 'signer', 'wechat'],
  errors: ['MEDIA_NOT_FOUND', 'WRITE_CONFLICT'],
  run: async ({ appId, params: { mediaId }, query }, ports, { signal }) => {
    const { file } = await get(ports, { appId, mediaId }, signal)
    const { url, facts } = await fileLink(ports, file)
    if (query.redirect) return redirectTo(url)
    return file.content_type.startsWith('video/') ? { video_url: url, ...facts } : { down_url: url, ...facts }
  },
})

export const main = serve(getTemporaryMedia, { table, objects, signer, wechat })

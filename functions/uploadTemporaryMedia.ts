/** Uploads one file as temporary media (three days), straight through the gateway. */
import { objects, serve, table, wechat } from '#host'
import { readForm } from '../shared/core/multipart.ts'
import { operation } from '../shared/core/operation.ts'
import { parseWith } from '../shared/core/readInput.ts'
import { MediaTypeName, TemporaryMediaAnswer, TemporaryUploadQuery } from '../shared/core/schemas/media.ts'
import { keepUploaded } from '../shared/domain/temporary/trackUpload.ts'
import { checkForm } from '../shared/domain/uploads/checkForm.ts'

export const uploadTemporaryMedia = operation({
  id: 'uploadTemporaryMedia',
  method: 'POST',
  path: '/wechat/media/temporary',
  role: 'write',
  miniProgram: true,
  summary: 'Upload temporary media',
  query: TemporaryUploadQuery,
  read: async (request, { query, account }, signal) => {
    const { file, fields } = await readForm(request, query.file_field, signal)
    const type = query.type ?? parseWith(MediaTypeName.optional(), fields['type'], 'body')
    return checkForm(file, { type, permanent: false, account })
  },
  form: TemporaryUploadQuery,
  response: TemporaryMediaAnswer,
  needs: ['wechat', 'table', 'objects'],
  run: async ({ account, body: { type, file, warnings } }, ports, { signal }) => {
    const media = await ports.wechat.media(account.app_id).upload(type, file, signal)
    await keepUploaded(ports, { account, media, file }, signal)
    return { data: { ...media, ...(warnings.length > 0 && { warnings }) } }
  },
})

export const main = serve(uploadTemporaryMedia, { table, objects, wechat })

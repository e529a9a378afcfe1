/** Uploads one file as permanent material, straight through the gateway. */
import { serve, table, wechat } from '#host'
import { readForm } from '../shared/core/multipart.ts'
import { operation } from '../shared/core/operation.ts'
import { parseWith } from '../shared/core/readInput.ts'
import {
  MaterialAnswer,
  MaterialTypePath,
  MaterialUploadForm,
  MaterialUploadQuery,
  VideoText,
} from '../shared/core/schemas/media.ts'
import { checkForm } from '../shared/domain/uploads/checkForm.ts'
import { uploadDirectly } from '../shared/domain/uploads/directUpload.ts'

export const uploadMaterial = operation({
  id: 'uploadMaterial',
  method: 'POST',
  path: '/wechat/{type}/material',
  role: 'write',
  summary: 'Upload permanent material',
  params: MaterialTypePath,
  query: MaterialUploadQuery,
  read: async (request, { query }, signal) => {
    const { file, fields } = await readForm(request, query.file_field, signal)
    return { file, description: parseWith(VideoText, fields, 'body') }
  },
  form: MaterialUploadForm,
  response: MaterialAnswer,
  errors: ['VIDEO_TITLE_MISSING', 'LIBRARY_FULL', 'SAME_BYTES_UPLOADING', 'WRITE_CONFLICT'],
  needs: ['table', 'wechat'],
  run: async ({ account, params: { type }, query: { force }, body: { file, description } }, ports, call) => {
    const direct = checkForm(file, { type, permanent: true, account })
    const material = await uploadDirectly(ports, { direct, account, description, force }, call)
    return { data: { ...material, ...(direct.warnings.length > 0 && { warnings: direct.warnings }) } }
  },
})

export const main = serve(uploadMaterial, { table, wechat })

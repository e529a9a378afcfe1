/** "The bytes are there": the same effect as the storage event, for stores without triggers and impatient callers. */
import { invoker, objects, serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { UploadAnswer, UploadPath } from '../shared/core/schemas/upload.ts'
import { completeUpload as complete } from '../shared/domain/uploads/completeUpload.ts'
import { uploadView } from '../shared/domain/uploads/uploadRow.ts'

export const completeUpload = operation({
  id: 'completeUpload',
  method: 'POST',
  path: '/wechat/uploads/{uploadId}/complete',
  role: 'write',
  miniProgram: true,
  summary: 'Tell that the bytes of an upload are in the object store',
  params: UploadPath,
  response: UploadAnswer,
  needs: ['table', 'objects', 'invoker'],
  errors: ['UPLOAD_NOT_FOUND', 'UPLOAD_STATE_CONFLICT', 'OBJECT_MISSING'],
  run: async ({ appId, params: { uploadId } }, ports, { signal }) => ({
    data: uploadView(await complete(ports, { appId, uploadId, signal })),
  }),
})

export const main = serve(completeUpload, { table, objects, invoker })

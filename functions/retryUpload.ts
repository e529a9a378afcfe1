/** Gives an upload that is rejected, parked or unclear another try, without the client sending its bytes again. */
import { invoker, objects, serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { UploadAnswer, UploadPath } from '../shared/core/schemas/upload.ts'
import { retryUpload as retry } from '../shared/domain/uploads/completeUpload.ts'
import { uploadView } from '../shared/domain/uploads/uploadRow.ts'

export const retryUpload = operation({
  id: 'retryUpload',
  method: 'POST',
  path: '/wechat/uploads/{uploadId}/retry',
  role: 'write',
  miniProgram: true,
  summary: 'Try a rejected, parked or unclear upload again',
  params: UploadPath,
  response: UploadAnswer,
  needs: ['table', 'objects', 'invoker'],
  errors: ['UPLOAD_NOT_FOUND', 'UPLOAD_STATE_CONFLICT', 'OBJECT_MISSING', 'WRITE_CONFLICT'],
  run: async ({ appId, params: { uploadId } }, ports, { signal }) => ({
    data: uploadView(await retry(ports, { appId, uploadId, signal })),
  }),
})

export const main = serve(retryUpload, { table, objects, invoker })

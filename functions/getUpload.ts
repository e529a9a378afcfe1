/** Shows how far an upload is; with `?wait=` it answers once the upload is final or the seconds have passed. */
import { serve, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { UploadAnswer, UploadPath, UploadQuery } from '../shared/core/schemas/upload.ts'
import { uploadView } from '../shared/domain/uploads/uploadRow.ts'
import { waitForUpload } from '../shared/domain/uploads/waitForUpload.ts'

export const getUpload = operation({
  id: 'getUpload',
  method: 'GET',
  path: '/wechat/uploads/{uploadId}',
  role: 'read',
  miniProgram: true,
  summary: 'The state of an upload',
  params: UploadPath,
  query: UploadQuery,
  response: UploadAnswer,
  needs: ['table'],
  errors: ['UPLOAD_NOT_FOUND'],
  run: async ({ appId, params, query }, ports, call) => {
    const row = await waitForUpload(ports, { appId, uploadId: params.uploadId, waitMs: query.wait * 1000 }, call)
    return { data: uploadView(row.data) }
  },
})

export const main = serve(getUpload, { table })

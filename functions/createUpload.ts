/** Opens an upload: a signed policy with which the client posts its bytes straight into the object store. */
import { serve, signer, table } from '#host'
import { operation } from '../shared/core/operation.ts'
import { CreateUploadBody, UploadTargetAnswer } from '../shared/core/schemas/upload.ts'
import { createUpload as create } from '../shared/domain/uploads/createUpload.ts'

export const createUpload = operation({
  id: 'createUpload',
  method: 'POST',
  path: '/wechat/uploads',
  role: 'write',
  summary: 'Open an upload through the object store',
  status: 201,
  body: CreateUploadBody,
  response: UploadTargetAnswer,
  needs: ['table', 'signer'],
  run: async ({ account, body }, ports) => ({ data: await create(ports, account, body) }),
})

export const main = serve(createUpload, { table, signer })

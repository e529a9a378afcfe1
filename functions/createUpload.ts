/** Opens an upload: a signed policy with which the client posts its bytes straight into the object store. */
import { serve, signer, table, wechat } from '#host'
import { operation } from '../shared/core/operation.ts'
import { CreateUploadAnswer, CreateUploadBody } from '../shared/core/schemas/upload.ts'
import { createUpload as create, targetAgain } from '../shared/domain/uploads/createUpload.ts'

export const createUpload = operation({
  id: 'createUpload',
  method: 'POST',
  path: '/wechat/uploads',
  role: 'write',
  miniProgram: ({ body }) => !body.permanent,
  summary: 'Open an upload through the object store',
  status: 201,
  body: CreateUploadBody,
  response: CreateUploadAnswer,
  needs: ['table', 'signer', 'wechat'],
  errors: [
    'FILE_TYPE_NOT_ALLOWED',
    'FILE_CONTENT_MISMATCH',
    'FILE_TOO_LARGE',
    'FILE_EMPTY',
    'VIDEO_TITLE_MISSING',
    'LIBRARY_FULL',
  ],
  run: async ({ account, body }, ports, { signal }) => ({ data: await create(ports, account, { body, signal }) }),
  replay: async ({ data }, { appId }, ports) => ({ data: await targetAgain(ports, appId, data) }),
})

export const main = serve(createUpload, { table, signer, wechat })

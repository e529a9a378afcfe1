/** Signs a new policy for an upload whose first one ran out before the bytes came. */
import { serve, signer, table } from '#host'
import { AppError } from '../shared/core/errors.ts'
import { operation } from '../shared/core/operation.ts'
import { UploadPath, UploadTargetAnswer } from '../shared/core/schemas/upload.ts'
import { signTarget, targetAgain } from '../shared/domain/uploads/createUpload.ts'
import { extended } from '../shared/domain/uploads/transitions.ts'
import { readUpload } from '../shared/domain/uploads/uploadRow.ts'

export const renewUploadUrl = operation({
  id: 'renewUploadUrl',
  method: 'POST',
  path: '/wechat/uploads/{uploadId}/url',
  role: 'write',
  miniProgram: true,
  summary: 'A fresh signed policy for an upload that waits for its bytes',
  params: UploadPath,
  response: UploadTargetAnswer,
  needs: ['table', 'signer'],
  errors: ['UPLOAD_NOT_FOUND', 'UPLOAD_STATE_CONFLICT'],
  run: async ({ appId, params: { uploadId } }, { table, signer, clock }, { signal }) => {
    const row = await readUpload(table, { appId, uploadId, signal })
    const { state, object_key } = row.data
    const conflict = new AppError('UPLOAD_STATE_CONFLICT', `The upload is ${state} and takes no bytes any more.`, {
      state,
    })
    if (state !== 'CREATED' || object_key === undefined) throw conflict
    const next = extended(row.data, clock.now())
    const written = await table.put(next, row.version, signal)
    if (!written.ok) throw conflict
    return { data: await signTarget(signer, next.data) }
  },
  replay: async ({ data }, { appId }, ports) => ({ data: await targetAgain(ports, appId, data) }),
})

export const main = serve(renewUploadUrl, { table, signer })

/** What functions of this service send each other. */
import * as z from 'zod'
import { AppId } from '../account.ts'
import { TIME_ORDERED_ID } from '../ids.ts'

/** A call of the forwarder. */
export const UploadCall = z.object({
  payload: z
    .object({ app_id: AppId, upload_id: z.string().regex(TIME_ORDERED_ID) })
    .transform(({ app_id, upload_id }) => ({ appId: app_id, uploadId: upload_id })),
})

/** A call of the refresher; `failed_generation` names the token that WeChat refused. */
export const RefreshCall = z.object({
  payload: z.object({ app_id: AppId, failed_generation: z.int().min(1).optional() }),
})

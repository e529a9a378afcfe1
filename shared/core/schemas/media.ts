/** Shapes that several operations share (service-api.md §1, §2). */
import * as z from 'zod'

/** WeChat's media types. */
export const MediaTypeName = z.enum(['image', 'voice', 'video', 'thumb'])

/** WeChat's own alphabet. */
export const MediaId = z.string().regex(/^[\w-]{1,128}$/, 'is not a media_id')

/** Why something that runs by itself failed last. */
export const FailureView = z.object({
  code: z.string(),
  message: z.string(),
  wechat: z.object({ errcode: z.int().min(-10_000_000), errmsg: z.string(), rid: z.string().optional() }).optional(),
})

/** seed004: `file_field` names the form field of the file; `type` may be left to the bytes. */
export const TemporaryUploadQuery = z.object({
  file_field: z.string().min(1).optional(),
  type: MediaTypeName.optional(),
})

/** The query of a permanent upload: seed004's `file_field`, and whether the same bytes may be there twice. */
export const MaterialUploadQuery = z.object({
  file_field: z.string().min(1).optional(),
  force: z
    .enum(['true', 'false'])
    .default('false')
    .transform(text => text === 'true')
    .describe('true: upload it although the library has the same bytes'),
})

/** `/wechat/{type}/material` */
export const MaterialTypePath = z.object({ type: MediaTypeName })

/** seed004 §1. */
export const TemporaryMediaAnswer = z.object({
  data: z.object({
    type: MediaTypeName,
    media_id: z.string(),
    created_at: z.int().min(0).describe('seconds since the epoch'),
    warnings: z.array(z.string()).optional(),
  }),
})

/** seed004 §3, with the media_id that its callers need. */
export const MaterialAnswer = z.object({
  data: z.object({
    media_id: z.string(),
    url: z.string().describe('"" for voice and video'),
    upload_id: z.string(),
    reused: z.literal(true).optional().describe('the library had the same bytes; this is their media_id'),
    warnings: z.array(z.string()).optional(),
  }),
})

/** The text fields beside a permanent video; bounds are those of CreateUploadBody. */
export const VideoText = z.object({
  title: z.string().max(200).optional(),
  introduction: z.string().max(2000).optional(),
})

/** The fields of a permanent upload's form beside the file. */
export const MaterialUploadForm = MaterialUploadQuery.pick({ file_field: true }).extend(VideoText.shape)

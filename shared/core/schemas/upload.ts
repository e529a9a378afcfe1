/** Shapes of the uploads through the object store (service-api.md §3). */
import * as z from 'zod'
import { TIME_ORDERED_ID } from '../ids.ts'
import { FailureView, MediaTypeName } from './media.ts'

/** The states a caller sees. */
export const UploadStateName = z.enum([
  'CREATED',
  'UPLOADED',
  'SENDING',
  'STORED',
  'REJECTED',
  'UNKNOWN',
  'PARKED',
  'EXPIRED',
])

/** What a caller declares before the bytes travel. */
export const CreateUploadBody = z.object({
  type: MediaTypeName,
  filename: z.string().min(1).max(400),
  size: z.int().min(1).describe('bytes, exactly'),
  content_type: z.string().max(100).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
    .optional(),
  permanent: z.boolean().default(true),
  title: z.string().min(1).max(200).optional(),
  introduction: z.string().max(2000).optional(),
  force: z.boolean().default(false).describe('true: upload it although WeChat has the same bytes of this account'),
})

/** `/wechat/uploads/{uploadId}` */
export const UploadPath = z.object({ uploadId: z.string().regex(TIME_ORDERED_ID, 'is not an upload_id') })

/** `?wait=` in seconds. */
export const UploadQuery = z.object({ wait: z.coerce.number().min(0).max(20).default(0) })

/** `?state=&limit=&cursor=` */
export const UploadListQuery = z.object({
  state: UploadStateName.optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  cursor: z.string().min(1).optional(),
})

/** An upload as callers see it; times in seconds since the epoch. */
export const UploadView = z.object({
  upload_id: z.string(),
  state: UploadStateName,
  type: MediaTypeName,
  permanent: z.boolean(),
  filename: z.string(),
  size: z.int().min(0).describe('bytes'),
  media_id: z.string().optional(),
  url: z.string().optional(),
  reused: z.literal(true).optional().describe('the media_id is that of an earlier upload of the same bytes'),
  media_expires_at: z.int().min(0).optional().describe('end of a temporary media_id, seconds since the epoch'),
  error: FailureView.optional(),
  attempts: z.int().min(0),
  parked_until: z.int().min(0).optional(),
  created_at: z.int().min(0),
  updated_at: z.int().min(0),
})

const UploadTarget = z.object({
  upload_id: z.string(),
  state: UploadStateName,
  method: z.enum(['POST', 'PUT']),
  url: z.string(),
  fields: z.record(z.string(), z.string()).optional().describe('form fields, to be sent before the file'),
  headers: z.record(z.string(), z.string()).optional(),
  expires_at: z.int().min(0).describe('seconds since the epoch'),
  warnings: z.array(z.string()).optional(),
})

/** Where and how the bytes are posted. */
export const UploadTargetAnswer = z.object({ data: UploadTarget })

/** Where the bytes are posted, or, for a declared SHA-256 that WeChat has, the finished upload (`state` tells). */
export const CreateUploadAnswer = z.object({ data: z.union([UploadTarget, UploadView]) })

/** One upload. */
export const UploadAnswer = z.object({ data: UploadView })

/** A page of uploads. */
export const UploadListAnswer = z.object({ data: z.array(UploadView), next_cursor: z.string().nullable() })

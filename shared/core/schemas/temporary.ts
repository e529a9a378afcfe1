/** Shapes of tracked temporary media (service-api.md §4). */
import * as z from 'zod'
import { FailureView, MediaId, MediaTypeName } from './media.ts'

/** How the service came to know of a media: it uploaded it, a fan sent it, or a caller or reader named it. */
export const MediaSource = z.enum(['upload', 'fan', 'tracked'])

/** `PENDING`: to be copied; `MIRRORED`: the copy is in the store; `LOST`: WeChat dropped it first; `ERASED`: on request. */
export const MirrorState = z.enum(['PENDING', 'MIRRORED', 'LOST', 'ERASED'])

const Seconds = z.int().min(0).describe('seconds since the epoch')

/** `?source=&state=&limit=&cursor=` */
export const TemporaryListQuery = z.object({
  source: MediaSource.optional(),
  state: MirrorState.optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
  cursor: z.string().min(1).max(2000).optional(),
})

/** A media as callers see it. */
export const TemporaryView = z.object({
  media_id: z.string(),
  type: MediaTypeName.optional().describe('absent until somebody says it or its bytes are there'),
  source: MediaSource,
  state: MirrorState,
  created_at: Seconds,
  expires_at: Seconds.describe('when WeChat drops it, seconds since the epoch'),
  age_known: z.boolean().describe('false: created_at is when the service first heard of it; it may expire earlier'),
  content_type: z.string().optional(),
  size: z.int().min(0).optional().describe('bytes'),
  sha256: z.string().optional(),
  down_url: z.string().optional().describe('of the copy; lives 15 minutes'),
  error: FailureView.optional().describe('why the last copy failed'),
})

/** One media. */
export const TemporaryAnswer = z.object({ data: TemporaryView })

/** A page of media. */
export const TemporaryListAnswer = z.object({ data: z.array(TemporaryView), next_cursor: z.string().nullable() })

/** An id that was obtained elsewhere. */
export const TrackBody = z.strictObject({
  media_id: MediaId,
  type: MediaTypeName.optional(),
  created_at: Seconds.optional().describe('when WeChat got it, seconds since the epoch; say it when it is known'),
  hd: z.boolean().optional().describe('a voice of the JS-SDK: its better form is kept (media/get/jssdk)'),
})

/** A media_id that is valid now. */
export const RenewAnswer = z.object({
  data: z.object({
    media_id: z.string(),
    type: MediaTypeName,
    created_at: Seconds,
    expires_at: Seconds,
    renewed: z.boolean().describe('false: the same media_id still has more than 12 hours, and WeChat knows it'),
  }),
})

/** A fan, by the openid that the account knows. */
export const EraseBody = z.strictObject({ openid: z.string().regex(/^[\w-]{10,64}$/, 'is not an openid') })

/** How many media are gone. */
export const EraseAnswer = z.object({ data: z.object({ erased: z.int().min(0) }) })

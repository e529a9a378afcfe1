/** Shapes of tracked temporary media (service-api.md §4). */
import * as z from 'zod'

/** How the service came to know of a media: it uploaded it, a fan sent it, or a caller or reader named it. */
export const MediaSource = z.enum(['upload', 'fan', 'tracked'])

/** `PENDING`: to be copied; `MIRRORED`: the copy is in the store; `LOST`: WeChat dropped it first; `ERASED`: on request. */
export const MirrorState = z.enum(['PENDING', 'MIRRORED', 'LOST', 'ERASED'])

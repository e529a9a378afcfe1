/** The table row of an upload: the truth about it, for every trigger is only a hint (docs/data-model.md). */
import * as z from 'zod'
import { AppError } from '../../core/errors.ts'
import { MediaTypeName } from '../../core/schemas/media.ts'
import { UploadStateName, type UploadView } from '../../core/schemas/upload.ts'
import type { ListQuery, Page, Row, RowDraft, RowKey, Table } from '../../ports/table.ts'

/** The schema version that this code writes. */
export const UPLOAD_SCHEMA_VERSION = 2
/** The due-time queue that the sweeper reads. */
export const UPLOAD_QUEUE = 'upload'
/** Final rows are kept this long, but for those that answer for their bytes. */
const KEEP_FINAL_S = 30 * 24 * 3600

/** One of the states. */
export type UploadState = z.infer<typeof UploadStateName>

/** States in which nothing happens any more by itself. */
export const FINAL_STATES: ReadonlySet<UploadState> = new Set(['STORED', 'REJECTED', 'EXPIRED'])

/** Whether nothing happens any more by itself. */
export const isFinal = ({ state }: Pick<UploadData, 'state'>): boolean => FINAL_STATES.has(state)

/** Why an upload is where it is. */
export const UploadError = z.object({
  code: z.string(),
  message: z.string(),
  wechat: z.object({ errcode: z.number(), errmsg: z.string(), rid: z.string().optional() }).optional(),
})

/** What the row's `data` holds; times in ms since the epoch. */
export const UploadData = z.object({
  upload_id: z.string(),
  app_id: z.string(),
  state: UploadStateName,
  type: MediaTypeName,
  permanent: z.boolean(),
  filename: z.string(),
  content_type: z.string(),
  /** bytes */
  size: z.number(),
  /** Declared, or of the pinned bytes; lower-case hex. */
  sha256: z.string().optional(),
  /** Uploaded although WeChat has the same bytes. */
  force: z.boolean().optional(),
  title: z.string().optional(),
  introduction: z.string().optional(),
  /** Absent for a direct upload, whose bytes were in the request only. */
  object_key: z.string().optional(),
  /** Pinned when the bytes were first seen: later bytes never count. */
  etag: z.string().optional(),
  /** Times the bytes were sent. */
  attempts: z.number(),
  /** Times the sweeper handed it over since anything else happened to it. */
  handed: z.number().optional(),
  /** Runs that began with it since it was handed over in vain, and left no other trace. */
  begun: z.number().optional(),
  /** Times WeChat's list was read without finding it. */
  misses: z.number(),
  /** Parked after "busy": WeChat's list is read once before the bytes are sent again. */
  unsure: z.boolean().optional(),
  /** Materials of the list that were fetched and are not these bytes. */
  ruled_out: z.array(z.string()).optional(),
  /** The present sending, if any. */
  claim: z.object({ id: z.string(), started_at: z.number() }).optional(),
  media_id: z.string().optional(),
  url: z.string().optional(),
  /** The media_id is that of an earlier upload of the same bytes. */
  reused: z.boolean().optional(),
  /** End of a temporary media_id. */
  media_expires_at: z.number().optional(),
  /** Another upload answers for these bytes now. */
  retired: z.boolean().optional(),
  error: UploadError.optional(),
  created_at: z.number(),
  updated_at: z.number(),
  /** When an upload that never came expires. */
  expires_at: z.number(),
  /** PARKED until then. */
  parked_until: z.number().optional(),
})

/** The stored form of an upload. */
export type UploadData = z.infer<typeof UploadData>

/** A row with its version. */
export type UploadRow = Row<UploadData>

/** Where an upload's row is. */
export const uploadKey = (appId: string, uploadId: string): RowKey => ({ pk: `UPL#${appId}`, sk: uploadId })

/** The upload that a row key belongs to. */
export const parseUploadKey = ({ pk, sk }: RowKey): { appId: string; uploadId: string } | undefined =>
  pk.startsWith('UPL#') ? { appId: pk.slice('UPL#'.length), uploadId: sk } : undefined

/** Where an upload's bytes are posted. */
export const objectKey = (appId: string, uploadId: string, extension: string): string =>
  `in/${appId}/${uploadId}.${extension}`

/** The upload that an object key belongs to, `undefined` for a key we never gave out. */
export function parseObjectKey(key: string): { appId: string; uploadId: string } | undefined {
  const match = /^in\/(wx[0-9a-zA-Z]{16})\/([0-9a-z]{26})\.[0-9a-z]+$/.exec(key)
  return match?.[1] && match[2] ? { appId: match[1], uploadId: match[2] } : undefined
}

/** Reads an upload, `undefined` when there is none. */
export async function findUpload(
  table: Table,
  { appId, uploadId, signal }: { appId: string; uploadId: string; signal?: AbortSignal },
): Promise<UploadRow | undefined> {
  const row = await table.get<unknown>(uploadKey(appId, uploadId), signal)
  return row && { ...row, data: UploadData.parse(row.data) }
}

/** Reads an upload; throws `AppError('UPLOAD_NOT_FOUND')`. */
export async function readUpload(
  table: Table,
  upload: { appId: string; uploadId: string; signal?: AbortSignal },
): Promise<UploadRow> {
  const row = await findUpload(table, upload)
  if (!row)
    throw new AppError('UPLOAD_NOT_FOUND', `There is no upload ${upload.uploadId}.`, { upload_id: upload.uploadId })
  return row
}

/** One account's uploads, newest first. */
export async function listUploads(
  table: Table,
  appId: string,
  query: Pick<ListQuery, 'limit' | 'cursor' | 'where'>,
): Promise<Page<UploadData>> {
  const page = await table.list<unknown>(`UPL#${appId}`, { ...query, descending: true })
  return { items: page.items.map(row => UploadData.parse(row.data)), cursor: page.cursor }
}

/** The row to write for `data`; `dueAt` (ms) is when the sweeper must look at it. */
export function uploadRow(data: UploadData, dueAt?: number): RowDraft<UploadData> {
  return {
    ...uploadKey(data.app_id, data.upload_id),
    schemaVersion: UPLOAD_SCHEMA_VERSION,
    data,
    ...(dueAt !== undefined && { due: { queue: UPLOAD_QUEUE, at: dueAt } }),
    ...(isFinal(data) && !answersForBytes(data) && { ttl: Math.ceil(data.updated_at / 1000) + KEEP_FINAL_S }),
  }
}

/** A row that its `HASH#` row leads to: it stays as long as the material may be asked for again. */
const answersForBytes = ({ state, permanent, sha256, reused, retired }: UploadData): boolean =>
  state === 'STORED' && permanent && sha256 !== undefined && !reused && !retired

/** The upload as callers see it. */
export function uploadView(data: UploadData): z.infer<typeof UploadView> {
  return {
    upload_id: data.upload_id,
    state: data.state,
    type: data.type,
    permanent: data.permanent,
    filename: data.filename,
    size: data.size,
    ...(data.media_id !== undefined && { media_id: data.media_id, url: data.url ?? '' }),
    ...(data.reused && { reused: true }),
    ...(data.media_expires_at !== undefined && { media_expires_at: seconds(data.media_expires_at) }),
    ...(data.error && { error: data.error }),
    attempts: data.attempts,
    ...(data.parked_until !== undefined && { parked_until: seconds(data.parked_until) }),
    created_at: seconds(data.created_at),
    updated_at: seconds(data.updated_at),
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

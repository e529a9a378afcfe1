/** The row of a temporary media: what it is, when WeChat drops it, where its copy lies (docs/data-model.md). */
import * as z from 'zod'
import { FailureView, MediaTypeName } from '../../core/schemas/media.ts'
import { MediaSource, MirrorState } from '../../core/schemas/temporary.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'
import type { MediaName } from '../library/libraryRows.ts'
import { StoredFile } from '../library/storedFile.ts'

/** The schema version that this code writes; 1 was the mere memory of a copy. */
export const TEMPORARY_SCHEMA_VERSION = 2
/** The due-time queue of media that have no copy yet. */
export const MIRROR_QUEUE = 'mirror'
/** Those whose copying was begun before. */
const MIRROR_AGAIN_QUEUE = 'mirror-again'
/** Those among them whose next try is in their last day. */
const MIRROR_LAST_QUEUE = 'mirror-last'
/** All media without a copy, in the order in which they are looked for. */
export const MIRROR_QUEUES = [MIRROR_LAST_QUEUE, MIRROR_AGAIN_QUEUE, MIRROR_QUEUE] as const
/** The due-time queue of copies whose time will be over. */
export const RETENTION_QUEUE = 'retention'
/** WeChat drops temporary media so long after their upload (wechat-api.md §2), ms. */
export const LIFE_MS = 3 * 86_400_000
const LAST_DAY_MS = 86_400_000
/** Rows without a file are kept so long after WeChat's end of the media. */
const KEEP_GONE_S = 30 * 86_400

/** What the row's `data` holds; times in ms since the epoch. */
export const TemporaryData = z.object({
  app_id: z.string(),
  media_id: z.string(),
  source: MediaSource,
  /** Unknown until somebody says it or the bytes are there. */
  type: MediaTypeName.optional(),
  state: MirrorState,
  /** When WeChat got it, or the service first heard of it. */
  created_at: z.number(),
  /** False while `created_at` is only when the service first heard of it: WeChat may drop the media earlier. */
  age_known: z.boolean(),
  /** When WeChat drops it. */
  expires_at: z.number(),
  /** Times a copy was begun. */
  attempts: z.number(),
  /** PENDING: when the next copy is begun. */
  try_at: z.number().optional(),
  /** The copy. */
  file: StoredFile.optional(),
  /** Stems of keys (no extension) under which a copy may lie, for the media's day was another one before. */
  stems: z.array(z.string()).optional(),
  /** An object of ours with the same bytes, from which the copy is made without asking WeChat. */
  origin: z.string().optional(),
  /** A voice of the JS-SDK, whose better form media/get/jssdk gives out (wechat-api.md §2.3). */
  hd: z.boolean().optional(),
  /** Keyed hash of the fan who sent it; see `openidHash`. */
  openid_hash: z.string().optional(),
  /** What the copy is called when it is downloaded, without or with extension; the media_id when absent. */
  filename: z.string().optional(),
  /** The media of which this one is a later upload. */
  renewed_from: z.string().optional(),
  /** The latest upload of the same bytes. */
  renewed_as: z.string().optional(),
  /** Somebody uploads them again just now. */
  renewing: z.object({ id: z.string(), until: z.number() }).optional(),
  /** When the copy is to be removed, for good when absent; of an erased media, when what late runs left is. */
  keep_until: z.number().optional(),
  /** The copy's time is over and its object goes: nobody may upload it again. */
  removing: z.boolean().optional(),
  /** Why the last copy failed. */
  error: FailureView.optional(),
})

/** The stored form of temporary media. */
export type TemporaryData = z.infer<typeof TemporaryData>

/** A row with its version. */
export type TemporaryRow = Row<TemporaryData>

/** A temporary media whose file is in the object store. */
export type KeptTemporary = TemporaryData & { file: StoredFile }

/** Version 1: `created_at` was the row's own time. */
const FirstTemporaryData = z.object({
  app_id: z.string(),
  media_id: z.string(),
  file: StoredFile.optional(),
  created_at: z.number(),
})

/** Where a media's row is. */
export const temporaryKey = ({ appId, mediaId }: MediaName): RowKey => ({ pk: `MED#${appId}`, sk: mediaId })

/** The media that a row key belongs to. */
export const parseTemporaryKey = ({ pk, sk }: RowKey): MediaName | undefined =>
  pk.startsWith('MED#') ? { appId: pk.slice('MED#'.length), mediaId: sk } : undefined

/** Reads a media's row, `undefined` when there is none. */
export async function findTemporary(
  table: Table,
  name: MediaName,
  signal?: AbortSignal,
): Promise<TemporaryRow | undefined> {
  const row = await table.get<unknown>(temporaryKey(name), signal)
  return row && asTemporary(row)
}

/** The row of any schema version as this code knows it. */
export function asTemporary(row: Row<unknown>): TemporaryRow {
  return {
    ...row,
    data: row.schemaVersion < 2 ? upgraded(FirstTemporaryData.parse(row.data)) : TemporaryData.parse(row.data),
  }
}

function upgraded(first: z.infer<typeof FirstTemporaryData>): TemporaryData {
  return {
    ...first,
    source: 'tracked',
    state: first.file ? 'MIRRORED' : 'PENDING',
    age_known: false,
    expires_at: first.created_at + LIFE_MS,
    attempts: 0,
    ...(!first.file && { try_at: first.created_at }),
  }
}

/** The row to write for `data`. */
export function temporaryRow(data: TemporaryData): RowDraft<TemporaryData> {
  return {
    ...temporaryKey({ appId: data.app_id, mediaId: data.media_id }),
    schemaVersion: TEMPORARY_SCHEMA_VERSION,
    data,
    ...dueOf(data),
    ...ttlOf(data),
  }
}

function dueOf({
  state,
  attempts,
  try_at,
  created_at,
  expires_at,
  keep_until,
}: TemporaryData): Pick<RowDraft<never>, 'due'> {
  if (state === 'PENDING') {
    const at = try_at ?? created_at
    const tried = expires_at - at <= LAST_DAY_MS ? MIRROR_LAST_QUEUE : MIRROR_AGAIN_QUEUE
    return { due: { queue: attempts > 0 ? tried : MIRROR_QUEUE, at } }
  }
  const isKept = state === 'MIRRORED' || state === 'ERASED'
  return isKept && keep_until !== undefined ? { due: { queue: RETENTION_QUEUE, at: keep_until } } : {}
}

/** When rows about a media without a copy may be collected: never before what is still to be done. */
export const ttlOf = ({ state, expires_at, keep_until = 0 }: TemporaryData): { ttl?: number } =>
  state === 'LOST' || state === 'ERASED'
    ? { ttl: Math.ceil(Math.max(expires_at, keep_until) / 1000) + KEEP_GONE_S }
    : {}

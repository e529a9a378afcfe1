/** The row that says which upload answers for which bytes (docs/data-model.md). */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { MediaTypeName } from '../../core/schemas/media.ts'
import type { Row, RowDraft, RowKey, Table } from '../../ports/table.ts'
import { TEMPORARY_LIFE_MS } from './transitions.ts'
import type { UploadData } from './uploadRow.ts'

/** The schema version that this code writes. */
export const HASH_SCHEMA_VERSION = 1

const TEXT_DIGITS = 16

/** What the row's `data` holds. */
export const HashData = z.object({
  app_id: z.string(),
  type: MediaTypeName,
  permanent: z.boolean(),
  /** lower-case hex */
  sha256: z.string(),
  /** The upload that sends these bytes or has sent them: its row knows the media_id. */
  upload_id: z.string(),
  /** The upload from which `force` took the claim: it answers again if the forced one is refused. */
  before: z.string().optional(),
  /** ms since the epoch */
  claimed_at: z.number(),
})

/** The stored form of a claim on bytes. */
export type HashData = z.infer<typeof HashData>

/** What makes two uploads the same. */
export type SameParts = Pick<UploadData, 'app_id' | 'type' | 'permanent' | 'title' | 'introduction'> & {
  sha256: string
}

/**
 * Where the claim on these bytes is. The text of a permanent video belongs to it: WeChat keeps it with the bytes and
 * never changes it, so that the same film under another title is another material.
 */
export function hashKey({ app_id, type, permanent, title, introduction, sha256 }: SameParts): RowKey {
  const text =
    type === 'video' && permanent
      ? `#${createHash('sha256')
          .update(JSON.stringify([title ?? '', introduction ?? '']))
          .digest('hex')
          .slice(0, TEXT_DIGITS)}`
      : ''
  return { pk: `HASH#${app_id}`, sk: `${type}#${permanent ? 'permanent' : 'temporary'}#${sha256}${text}` }
}

/** Reads the claim on these bytes. */
export async function findHash(
  table: Table,
  parts: SameParts,
  signal?: AbortSignal,
): Promise<Row<HashData> | undefined> {
  const row = await table.get<unknown>(hashKey(parts), signal)
  return row && { ...row, data: HashData.parse(row.data) }
}

/** The row with which `upload_id` claims these bytes. */
export function hashRow(parts: SameParts & Pick<HashData, 'upload_id' | 'before'>, now: number): RowDraft<HashData> {
  const { app_id, type, permanent, sha256, upload_id, before } = parts
  return {
    ...hashKey(parts),
    schemaVersion: HASH_SCHEMA_VERSION,
    data: { app_id, type, permanent, sha256, upload_id, ...(before !== undefined && { before }), claimed_at: now },
    ...(!permanent && { ttl: Math.ceil((now + TEMPORARY_LIFE_MS) / 1000) }),
  }
}

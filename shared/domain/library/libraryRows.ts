/** The rows that remember what a media_id is and where its copy lies (docs/data-model.md). */
import * as z from 'zod'
import { MaterialKind } from '../../core/schemas/library.ts'
import type { Row, RowDraft, Table } from '../../ports/table.ts'
import { StoredFile } from './storedFile.ts'

/** The schema version that this code writes. */
export const LIBRARY_SCHEMA_VERSION = 1

const COMMON = {
  app_id: z.string(),
  media_id: z.string(),
  /** The copy in the object store, once somebody asked for it. */
  file: StoredFile.optional(),
  /** ms since the epoch; of the row */
  created_at: z.number(),
}

/** What the row of permanent material or of a draft holds. */
export const MaterialData = z.object({
  ...COMMON,
  kind: MaterialKind,
  type: z.enum(['image', 'voice', 'video', 'news']).optional(),
  /** Of a video. */
  title: z.string().optional(),
  description: z.string().optional(),
})

/** The stored form of permanent material or of a draft. */
export type MaterialData = z.infer<typeof MaterialData>

/** Whose media. */
export interface MediaName {
  appId: string
  mediaId: string
}

/** The rows of one kind. */
export interface Shelved<T> {
  read(table: Table, name: MediaName, signal?: AbortSignal): Promise<Row<T> | undefined>
  parse(data: unknown): T
  draft(data: T): RowDraft<T>
}

/** Permanent material and drafts. */
export const materialRows: Shelved<MaterialData> = rows('MAT', data => MaterialData.parse(data))

function rows<T extends { app_id: string; media_id: string }>(prefix: string, parse: (data: unknown) => T): Shelved<T> {
  return {
    parse,
    async read(table, { appId, mediaId }, signal) {
      const row = await table.get<unknown>({ pk: `${prefix}#${appId}`, sk: mediaId }, signal)
      return row && { ...row, data: parse(row.data) }
    },
    draft: data => ({
      pk: `${prefix}#${data.app_id}`,
      sk: data.media_id,
      schemaVersion: LIBRARY_SCHEMA_VERSION,
      data,
    }),
  }
}

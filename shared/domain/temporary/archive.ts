/** The archive: where copies of temporary media lie, what they carry, how an account keeps them. */
import { type ArchiveRule, findAccount } from '../../core/account.ts'
import type { Table } from '../../ports/table.ts'
import { KEPT_EXTENSIONS } from '../library/downloadedFormat.ts'
import type { ArchiveFacts } from '../library/storedFile.ts'
import type { TemporaryData } from './temporaryRow.ts'

/** Where the copy goes, without extension: by the day (UTC) on which WeChat got the media, however late it is copied. */
export function archiveStem({ app_id, media_id, created_at }: TemporaryData): string {
  const day = new Date(created_at).toISOString().slice(0, 10).replaceAll('-', '/')
  return `store/${app_id}/temporary/${day}/${media_id}`
}

/**
 * Whether the object is this media's own: a renewed media shares that of the one it was made of. By name, whatever its
 * day: a media's age may become known after it was copied.
 */
export function ownsFile({ app_id, media_id, file }: TemporaryData): boolean {
  const key = file?.object_key ?? ''
  return key.startsWith(`store/${app_id}/temporary/`) && key.includes(`/${media_id}.`)
}

/** Where copies may lie beside {@link archiveStem}: under the day of an age that was put right, without extension. */
export function otherStems(data: TemporaryData): string[] {
  const { stems = [], file } = data
  const own = file && ownsFile(data) ? [file.object_key.slice(0, file.object_key.lastIndexOf('.'))] : []
  return [...new Set([...stems, ...own])].filter(stem => stem !== archiveStem(data))
}

/**
 * Every key under which a copy of this media may lie, whether its row knows of it or not: a run can die between the
 * bytes and the row. The format is known from the bytes alone, so it is each of them.
 */
export const placesOfCopies = (data: TemporaryData): string[] =>
  [archiveStem(data), ...otherStems(data)].flatMap(stem => KEPT_EXTENSIONS.map(extension => `${stem}.${extension}`))

/** What makes the object useful to somebody who has nothing but the bucket; the SHA-256 is added while it is written. */
export function archiveFacts({ source, openid_hash, created_at }: TemporaryData, rule: ArchiveRule): ArchiveFacts {
  const created = new Date(created_at).toISOString()
  return {
    metadata: { source, created_at: created, ...(openid_hash !== undefined && { openid_hash }) },
    storageClass: rule.storage_class,
  }
}

/** Answers how an account keeps copies. */
export type ArchiveRules = (appId: string, signal?: AbortSignal) => Promise<ArchiveRule>

/** The rules of all accounts, each read once: for one run. An account that is gone keeps copies for good. */
export function archiveRules(table: Table): ArchiveRules {
  const read = new Map<string, Promise<ArchiveRule>>()
  return (appId, signal) => {
    const before = read.get(appId)
    if (before) return before
    const rule = findAccount(table, appId, signal).then(row => row?.data.archive ?? {})
    read.set(appId, rule)
    // A failed read is not remembered.
    rule.catch(() => read.delete(appId))
    return rule
  }
}

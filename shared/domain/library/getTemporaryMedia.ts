/** A temporary media: fetched from WeChat once, and answered from the copy after WeChat has dropped it. */
import type { PortsOf } from '../../core/ports.ts'
import { type MediaName, type TemporaryData, temporaryRows } from './libraryRows.ts'
import { recordFile } from './recordFile.ts'
import { type StoredFile, storeFile } from './storedFile.ts'

/** A temporary media whose file is in the object store. */
export type KeptTemporary = TemporaryData & { file: StoredFile }

/** Throws what the `WeChat` port throws, `MEDIA_NOT_FOUND` above all. */
export async function getTemporaryMedia(
  ports: PortsOf<'table' | 'objects' | 'wechat'>,
  { appId, mediaId }: MediaName,
  signal: AbortSignal,
): Promise<KeptTemporary> {
  const { table, objects, wechat, clock } = ports
  const row = await temporaryRows.read(table, { appId, mediaId }, signal)
  const kept = row?.data.file
  if (row && kept && (await objects.head(kept.object_key, signal))) return { ...row.data, file: kept }
  const found = await wechat.media(appId).get(mediaId, signal)
  const media = found.kind === 'video' ? { ...(await found.open(signal)), filename: undefined } : found
  const now = clock.now()
  const stem = `store/${appId}/temporary/${datePath(now)}/${mediaId}`
  const file = await storeFile(objects, media, { stem, name: mediaId, now, signal })
  const data = { app_id: appId, media_id: mediaId, file, created_at: row?.data.created_at ?? now }
  return recordFile(ports, temporaryRows, { data, expected: row?.version ?? 0, signal })
}

/** `2026/11/23`, of UTC. */
const datePath = (now: number): string => new Date(now).toISOString().slice(0, 10).replaceAll('-', '/')

/** Our ways of moving files, bundled like a function: store → add_material, file → add_material, media/get → store. */
import { createReadStream } from 'node:fs'
import { timeOrderedId } from '../../shared/core/ids.ts'
import type { Call } from '../../shared/core/operation.ts'
import { storeFile } from '../../shared/domain/library/storedFile.ts'
import { mirrorDue } from '../../shared/domain/temporary/mirrorDue.ts'
import { trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import { forwardUpload } from '../../shared/domain/uploads/forwardUpload.ts'
import { created } from '../../shared/domain/uploads/transitions.ts'
import { objectKey } from '../../shared/domain/uploads/uploadRow.ts'
import { ambient } from '../../shared/hosts/ambient.ts'
import { objects } from '../../shared/hosts/aws/objects.ts'
import { memoryTable } from '../../shared/stores/memoryTable.ts'
import { APP_ID, ourWeChat } from './ourWeChat.ts'

/** A file to move; `files` of them at once. */
export interface FileTask {
  size: number
  sha256: string
  files: number
  /** Where the bytes of an upload from a file are. */
  path?: string
}

const NOBODY = { call: async () => undefined, send: async () => undefined }
const UNHEARD = { record: () => undefined }
const READ_BYTES = 256 * 1_024
const RUN_MS = 60_000

/** Its actions. */
export type OurFileActions = Awaited<ReturnType<typeof start>>

/** Makes the ports; stores and WeChat come from the environment. */
export function start() {
  const ports = { ...ambient(), table: memoryTable(), objects: objects(), wechat: ourWeChat() }
  const call = (): Call => ({
    requestId: 'bench',
    remaining: () => RUN_MS,
    signal: AbortSignal.timeout(RUN_MS),
  })

  const relayOne = async ({ size, sha256 }: FileTask): Promise<void> => {
    // Nobody remembers the bytes: what was sent before is not sent again.
    const fresh = { ...ports, table: memoryTable() }
    const now = ports.clock.now()
    const uploadId = timeOrderedId(ports)
    const data = {
      ...{ upload_id: uploadId, app_id: APP_ID, state: 'CREATED' as const, type: 'image' as const, permanent: true },
      ...{ filename: '海边.png', content_type: 'image/png', size, sha256, attempts: 0, misses: 0 },
      ...{ object_key: objectKey(APP_ID, uploadId, 'png'), created_at: now, updated_at: now, expires_at: now + RUN_MS },
    }
    await fresh.table.put(created(data, now), 0)
    const state = await forwardUpload(fresh, { appId: APP_ID, uploadId }, call())
    if (state !== 'STORED') throw new Error(`the upload is ${state}`)
  }

  const uploadOne = async ({ size, path = '' }: FileTask): Promise<void> => {
    const open = async () => createReadStream(path, { highWaterMark: READ_BYTES })
    const file = { filename: '海边.png', contentType: 'image/png', size, open }
    await ports.wechat.material(APP_ID).add('image', file, undefined, call().signal)
  }

  const mirrorOne = async (): Promise<void> => {
    const { signal } = call()
    const media = await ports.wechat.media(APP_ID).get('media-1', signal)
    if (media.kind !== 'binary') throw new Error('no file')
    await storeFile(ports.objects, media, { stem: 'store/x', name: 'x', now: 0, signal })
  }

  /** The mirror's whole work: rows, claims, copies, twenty at once. */
  const mirrorMany = async ({ files }: FileTask): Promise<void> => {
    const own = { ...ports, table: memoryTable(), invoker: NOBODY, metrics: UNHEARD }
    const sightings = Array.from({ length: files }, (_, index) => ({ appId: APP_ID, mediaId: `media-${index}` }))
    for (const sighting of sightings) await trackMedia(own, { ...sighting, source: 'fan', type: 'image' })
    const { mirrored } = await mirrorDue(own, call())
    if (mirrored !== files) throw new Error(`${mirrored} of ${files} media were mirrored`)
  }

  const times = (files: number, one: () => Promise<void>) => Promise.all(Array.from({ length: files }, one))
  return {
    relay: (task: FileTask) => times(task.files, () => relayOne(task)).then(() => undefined),
    upload: (task: FileTask) => times(task.files, () => uploadOne(task)).then(() => undefined),
    mirror: (task: FileTask) => times(task.files, mirrorOne).then(() => undefined),
    mirrorMany,
  }
}

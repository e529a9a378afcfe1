/** Temporary media as fans send them, and what the service makes of them. */
import { findTemporary, type TemporaryData } from '../../shared/domain/temporary/temporaryRow.ts'
import { type SeenMedia, trackMedia } from '../../shared/domain/temporary/trackMedia.ts'
import type { ObjectStore } from '../../shared/ports/objectStore.ts'
import { APP_ID, type World } from './world.ts'

/** How a fan's media differs from an image that was just sent. */
export type FanMedia = Partial<SeenMedia> & { kind?: 'jssdk' }

/** A fan's media at WeChat that the service has seen; answers its media_id. */
export async function seen(service: World, bytes: Buffer, more: FanMedia = {}): Promise<string> {
  const { kind, type = 'image', appId = APP_ID, ...rest } = more
  const mediaId = service.control.addFanMedia(appId, { type: kind ?? type, body: bytes })
  const sighting: SeenMedia = { appId, mediaId, source: 'fan', type, createdAt: service.clock.now(), ...rest }
  await trackMedia(service.ports, sighting)
  return mediaId
}

/** The media's row. */
export async function rowOf(service: World, mediaId: string, appId = APP_ID): Promise<TemporaryData> {
  const row = await findTemporary(service.table, { appId, mediaId })
  if (!row) throw new Error(`no row of ${mediaId}`)
  return row.data
}

/** The world's objects, and the keys of all that were written through them and are still there. */
export function recordedObjects({ objects }: World): { objects: ObjectStore; keys: () => Promise<string[]> } {
  const written = new Set<string>()
  return {
    objects: {
      ...objects,
      write: (key, ...rest) => {
        written.add(key)
        return objects.write(key, ...rest)
      },
    },
    async keys() {
      const left = await Promise.all([...written].map(async key => ((await objects.head(key)) ? [key] : [])))
      return left.flat()
    },
  }
}

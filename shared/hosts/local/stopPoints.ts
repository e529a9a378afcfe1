/**
 * Points at which the local stack's process can be made to stop dead, so that tests can kill it there: after a row was
 * written (`upload/<state>`, `token/leased`, `token/written`, `token/failed`) and after the outside has answered but
 * before anything was written down (`upload/read`, `upload/sent`, `upload/listed`, `token/issued`).
 */
import { writeSync } from 'node:fs'
import type { NamedPorts } from '../../core/ports.ts'
import type { Credentials } from '../../ports/credentials.ts'
import type { RowDraft, Table } from '../../ports/table.ts'

const STDOUT = 1

let armed: string | undefined

/** Arms a point: the next time it is reached, the process stops. */
export function stopAt(point: string): void {
  armed = point
}

/** SIGSTOP: nothing of the process goes on, its sockets stay open, as when a machine loses its power for others. */
function reached(point: string): void {
  if (point !== armed) return
  armed = undefined
  writeSync(STDOUT, `stopped at ${point}\n`)
  process.kill(process.pid, 'SIGSTOP')
}

/** Reaches the point of a row once it is written. */
export const stoppingTable = (table: Table): Table => ({
  ...table,
  async put(draft, expected, signal) {
    const result = await table.put(draft, expected, signal)
    const point = pointOf(draft)
    if (result.ok && point) reached(point)
    return result
  },
})

function pointOf({ pk, data }: RowDraft<unknown>): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  if (pk.startsWith('UPL#') && 'state' in data) return `upload/${data.state}`
  if (!pk.startsWith('TOKEN#')) return undefined
  return 'lease' in data ? 'token/leased' : 'failure' in data ? 'token/failed' : 'token/written'
}

/** Reaches `upload/read` when the posted bytes were opened, before the claim. */
export const stoppingObjects = (objects: NamedPorts['objects']): NamedPorts['objects'] => ({
  ...objects,
  read: after(objects.read, 'upload/read'),
})

/** Reaches `upload/sent` when WeChat has taken a file, `upload/listed` when it has told what it holds. */
export const stoppingWeChat = (wechat: NamedPorts['wechat']): NamedPorts['wechat'] => ({
  ...wechat,
  media: appId => {
    const media = wechat.media(appId)
    return { ...media, upload: after(media.upload, 'upload/sent') }
  },
  material: appId => {
    const material = wechat.material(appId)
    return { ...material, add: after(material.add, 'upload/sent'), list: after(material.list, 'upload/listed') }
  },
})

/** Reaches `token/issued` when WeChat has given a token. */
export const stoppingCredentials = ({ stable_token, ...others }: Credentials): Credentials => ({
  ...others,
  ...(stable_token && { stable_token: { ...stable_token, issue: after(stable_token.issue, 'token/issued') } }),
})

const after =
  <A extends unknown[], R>(method: (...args: A) => Promise<R>, point: string) =>
  async (...args: A): Promise<R> => {
    const result = await method(...args)
    reached(point)
    return result
  }

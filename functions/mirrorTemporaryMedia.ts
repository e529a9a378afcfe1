/** Copies temporary media into the store before WeChat drops them, the nearest deadline first. */
import { invoker, objects, serve, table, wechat } from '#host'
import { job } from '../shared/core/operation.ts'
import { MirrorCall } from '../shared/core/schemas/calls.ts'
import { mirrorDue, mirrorThese } from '../shared/domain/temporary/mirrorDue.ts'
import { removeExpired } from '../shared/domain/temporary/removeExpired.ts'

export const mirrorTemporaryMedia = job({
  id: 'mirrorTemporaryMedia',
  summary: 'Copies temporary media before WeChat drops them, and removes copies whose time is over',
  triggers: ['schedule', 'call'],
  needs: ['table', 'objects', 'wechat', 'invoker'],
  run: async (event, ports, call) => {
    if (event.trigger === 'call') return mirrorThese(ports, MirrorCall.parse(event).payload, call)
    const report = await mirrorDue(ports, call)
    return { ...report, removed: await removeExpired(ports, call) }
  },
})

export const main = serve(mirrorTemporaryMedia, { table, objects, wechat, invoker })

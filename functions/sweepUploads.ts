/** Moves on every upload that is due: lost events, dead claims, unclear outcomes, parked and abandoned uploads. Collects old rows. */
import { invoker, objects, serve, table, wechat } from '#host'
import { job } from '../shared/core/operation.ts'
import { SweepCall } from '../shared/core/schemas/calls.ts'
import { collectExpired } from '../shared/domain/due/collectExpired.ts'
import { probeFaults } from '../shared/domain/quotas/probeFaults.ts'
import { sweepUploads as sweep } from '../shared/domain/uploads/sweepUploads.ts'
import { wakeUploads } from '../shared/domain/uploads/wakeUploads.ts'

export const sweepUploads = job({
  id: 'sweepUploads',
  summary: 'Moves on every upload that is due',
  triggers: ['schedule', 'call'],
  needs: ['table', 'objects', 'wechat', 'invoker'],
  run: async (event, ports, call) => {
    const mended = event.trigger === 'call' ? SweepCall.parse(event).payload.mended : undefined
    if (mended !== undefined) return { woken: await wakeUploads(ports, mended, call) }
    // Beside each other: an account that hangs when it is tried keeps no other one's uploads waiting.
    const [swept] = await Promise.all([sweep(ports, call), probeFaults(ports, call)])
    const collected = await collectExpired(ports, call)
    return { swept, ...(collected > 0 && { collected }) }
  },
})

export const main = serve(sweepUploads, { table, objects, wechat, invoker })

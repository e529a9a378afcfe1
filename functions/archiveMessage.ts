/** Tracks the media of fans' messages and starts their copies; the schedule takes up what was not handed over. */
import { invoker, sealer, secrets, serve, table } from '#host'
import { job } from '../shared/core/operation.ts'
import { MessageCall } from '../shared/core/schemas/callback.ts'
import { archiveMessage as archive } from '../shared/domain/messages/archiveMessage.ts'
import { archiveDueMessages } from '../shared/domain/messages/sweepMessages.ts'

export const archiveMessage = job({
  id: 'archiveMessage',
  summary: 'Tracks the media of fans’ messages and starts their copies',
  triggers: ['schedule', 'call'],
  needs: ['table', 'secrets', 'sealer', 'invoker'],
  run: async (event, ports, call) => {
    if (event.trigger === 'schedule') return { archived: await archiveDueMessages(ports, call) }
    await archive(ports, MessageCall.parse(event).payload, call)
    return { archived: 1 }
  },
})

export const main = serve(archiveMessage, { table, secrets, sealer, invoker })

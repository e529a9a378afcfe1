/** Hands pushes on to the accounts' `forward_url`; the schedule repeats what was not taken. */
import { outbound, secrets, serve, table } from '#host'
import { job } from '../shared/core/operation.ts'
import { MessageCall } from '../shared/core/schemas/callback.ts'
import { forwardMessage as forward } from '../shared/domain/messages/forwardMessage.ts'
import { forwardDueMessages } from '../shared/domain/messages/sweepMessages.ts'

export const forwardMessage = job({
  id: 'forwardMessage',
  summary: 'Hands pushes on to the accounts’ forward_url',
  triggers: ['schedule', 'call'],
  needs: ['table', 'secrets', 'outbound'],
  run: async (event, ports, call) => {
    if (event.trigger === 'schedule') return { swept: await forwardDueMessages(ports, call) }
    return { outcome: await forward(ports, MessageCall.parse(event).payload, call) }
  },
})

export const main = serve(forwardMessage, { table, secrets, outbound })

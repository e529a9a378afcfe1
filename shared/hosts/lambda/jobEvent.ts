/** Storage events, schedules and direct calls, as AWS delivers them, turned into `JobEvent`s. */
import * as z from 'zod'
import type { JobEvent } from '../../core/operation.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const StorageEvent = z.object({
  Records: z.array(
    z.object({
      eventSource: z.literal('aws:s3'),
      eventName: z.string(),
      s3: z.object({
        object: z.object({ key: z.string(), size: z.number().default(0), eTag: z.string().default('') }),
      }),
    }),
  ),
})

/** Sent once when the notification is set up. */
const TestEvent = z.object({ Event: z.literal('s3:TestEvent') })
const ScheduledEvent = z.object({ source: z.enum(['aws.events', 'aws.scheduler']) })

/** The job events in `event`, in its order. Anything that is neither storage nor schedule is a call with that payload. */
export function jobEvents(event: unknown): JobEvent[] {
  if (TestEvent.safeParse(event).success) return []
  if (ScheduledEvent.safeParse(event).success) return [{ trigger: 'schedule' }]
  const storage = StorageEvent.safeParse(event)
  if (!storage.success) return [{ trigger: 'call', payload: event }]
  return storage.data.Records.flatMap(({ eventName, s3 }): JobEvent[] => {
    const key = decodeKey(s3.object.key)
    if (!eventName.startsWith('ObjectCreated:') || key === undefined) return []
    return [{ trigger: 'object', key, size: s3.object.size, etag: s3.object.eTag }]
  })
}

/** Keys arrive form-encoded: a plus is a space. `undefined` for one that is malformed, and so none of ours. */
function decodeKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** The process of an actor: loads its module, then runs the actions it is sent, one at a time or many. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import type { Actions, Measurement } from './actorPort.ts'

interface ActorModule {
  start(settings: unknown): Actions | Promise<Actions>
}

interface Message {
  id: number
  action: string
  argument: never
  /** Whether memory is what matters. */
  collect: boolean
}

const [file = '', settings = 'null', ...entryFlags] = process.argv.slice(2)
for (const flag of entryFlags) setFlagsFromString(flag)
const loaded: ActorModule = await import(pathToFileURL(file).href)
const actions = await loaded.start(JSON.parse(settings))

process.on('message', async ({ id, action, argument, collect }: Message) => {
  try {
    process.send?.({ id, measurement: await measured(() => actions[action]?.(argument), collect) })
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
process.once('disconnect', () => process.exit(0))
process.send?.({ ready: true })

async function measured(run: () => unknown, collect: boolean): Promise<Measurement> {
  // V8 sweeps on in other threads afterwards: a collection would be counted as CPU time of what follows.
  if (collect) globalThis.gc?.()
  const baseBytes = restartPeak()
  const cpu = process.cpuUsage()
  const start = performance.now()
  const value = await run()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { value, wallMs, cpuMs: (user + system) / 1_000, baseBytes, peakBytes: status('VmHWM') }
}

/** Linux forgets the highest resident size when 5 is written (proc(5), clear_refs); answers the present size. */
function restartPeak(): number {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    return 0
  }
  return status('VmRSS')
}

function status(name: string): number {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return Number(kilobytes ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** The functions of WeChat Cloud over a world's ports, and what the platform calls them with. */
import { vi } from 'vitest'
import { type CloudFunction, serve, serveOpen } from '../../shared/hosts/wxcloud/serve.ts'
import { functionMap } from './functionMap.ts'
import { wiringOf } from './hosting.ts'
import { type World, world } from './world.ts'

/** By id. */
export const FUNCTIONS = functionMap<CloudFunction>({ serve, serveOpen })

/** The context of a run. */
export const CONTEXT = {
  request_id: '0f4c2a3e-6a51-4e55-8d0f-0c8f4a1d2b3c',
  time_limit_in_ms: 20_000,
  memory_limit_in_mb: 256,
}

/** A world whose time is the machine's, for hosts have the machine's clock. */
export async function hosted(): Promise<World> {
  const service = await world()
  vi.useFakeTimers({ toFake: ['Date'], now: service.clock.now() })
  return service
}

/** The function `id` over the world's ports. */
export const functionOf = (service: World, id: string): CloudFunction => FUNCTIONS.entryOf(id, wiringOf(service))

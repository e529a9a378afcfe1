/** Turns the last line of a function into the ports it declared. */
import type { AmbientPorts, PortName, PortsOf, Provider, Wiring } from '../core/ports.ts'

/** Makes exactly the ports in `needs`; a name that was not wired is a compile error at `serve`. */
export const wire =
  <N extends PortName>(ambient: Provider<AmbientPorts>, needs: readonly N[], wiring: Wiring<N>): Provider<PortsOf<N>> =>
  () => {
    const ports: Partial<Record<PortName, unknown>> = {}
    for (const name of needs) ports[name] = wiring[name]()
    return { ...ambient(), ...ports } as PortsOf<N>
  }

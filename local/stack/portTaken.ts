/** A port that another program has; `variable` is the one to set. */
export class PortTaken extends Error {
  constructor(variable: string, port: number) {
    const others = variable === 'PORT' ? '' : ', or PORT, which it follows,'
    super(`port ${port} is taken: set ${variable}${others} to a free one, or stop the program that uses it`)
    this.name = 'PortTaken'
  }
}

/** Starts a server on `port`, turning Node's EADDRINUSE into a `PortTaken` that names `variable`. */
export async function onPort<T>(variable: string, port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw new PortTaken(variable, port)
    throw error
  }
}

/** A stack as a program: starts, prints its banner, ends with Ctrl-C. */
import { ZodError } from 'zod'

/** Ctrl-C ends the process within 2 s, whatever is still under way. */
const CLOSE_LIMIT_MS = 1_800

/** Runs until a signal comes; a stack that cannot start ends the process with one sentence. */
export async function runUntilStopped<S extends { close(): Promise<void> }>(
  start: () => Promise<S>,
  banner: (stack: S) => string,
): Promise<void> {
  try {
    const stack = await start()
    process.stdout.write(banner(stack))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        setTimeout(() => process.exit(0), CLOSE_LIMIT_MS).unref()
        void stack.close().then(() => process.exit(0))
      })
    }
  } catch (error) {
    process.stderr.write(`sucai cannot start: ${sentence(error)}\n`)
    process.exit(1)
  }
}

function sentence(error: unknown): string {
  if (error instanceof ZodError) {
    return error.issues.map(issue => `${issue.path.join('.') || 'configuration'}: ${issue.message}`).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}

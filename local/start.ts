/** `npm start`: the whole service, until Ctrl-C. */
import { ZodError } from 'zod'
import { banner } from './stack/banner.ts'
import { readSettings } from './stack/settings.ts'
import { startStack } from './stack/startStack.ts'

/** Ctrl-C ends the process within 2 s, whatever is still under way. */
const CLOSE_LIMIT_MS = 1_800

try {
  const stack = await startStack(readSettings(process.env))
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

function sentence(error: unknown): string {
  if (error instanceof ZodError) {
    return error.issues.map(issue => `${issue.path.join('.') || 'configuration'}: ${issue.message}`).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}

/** The log sink: one JSON line per entry on standard output, redacted. */
import { redact } from '../core/redact.ts'
import type { Log, LogFields } from '../ports/log.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** How much is logged. */
export type LogLevel = (typeof LEVELS)[number]

/** The level a name stands for; `info` for anything else. */
export const logLevel = (name: string | undefined): LogLevel => LEVELS.find(level => level === name) ?? 'info'

/** A log that writes entries of `level` and above through `write`; `always` is asked what every line says of its run. */
export function jsonLog(level: LogLevel, write: (line: string) => void, always: () => LogFields = () => ({})): Log {
  const entry =
    (of: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(of) < LEVELS.indexOf(level)) return
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level: of, message, ...(redact({ ...always(), ...fields }) as LogFields) })}\n`,
      )
    }
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
}

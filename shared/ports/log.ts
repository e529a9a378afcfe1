/** What one log line carries beside its message; values are redacted at the sink. */
export type LogFields = Record<string, unknown>

/** Structured log: one JSON line per call. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** What a function does before its first event: INIT has a whole processor, whatever memory a function has. */
import type { Provider } from '../../core/ports.ts'
import type { RowKey, Table } from '../../ports/table.ts'
import { env } from '../env.ts'

/** A store that does not answer must not make INIT fail: it has 10 s, and everything is made at first use otherwise. */
const LIMIT_MS = 1_500
/**
 * Rows that never are, of kinds that the function's role may read: asking for one opens a connection, reads the credentials
 * and runs what every read runs.
 */
export const NO_KEY: RowKey = { pk: 'KEY', sk: 'prime' }
/** The same for jobs, which read no keys. */
export const NO_TOKEN: RowKey = { pk: 'TOKEN#prime', sk: 'token' }

/** What there is to prime: `nowhere` is asked for; `rehearse` runs what every event runs and asks nobody. */
export interface Primable {
  table: Provider<Table> | undefined
  nowhere: RowKey
  rehearse?: () => Promise<unknown>
}

/** Makes the clients and runs once what every event runs, on AWS Lambda only. Never rejects, ends within 1.5 s. */
export async function prime({ table, nowhere, rehearse }: Primable): Promise<void> {
  if (env('AWS_LAMBDA_FUNCTION_NAME') === undefined) return
  const works = [() => table?.().get(nowhere, AbortSignal.timeout(LIMIT_MS)), rehearse]
  // Whoever needs what fails here hears of it then.
  await Promise.allSettled(works.map(async work => work?.()))
}

/** What a function does before its first event: INIT has a whole processor, whatever memory a function has. */
import type { Provider } from '../../core/ports.ts'
import type { RowKey, Table } from '../../ports/table.ts'
import { env } from '../env.ts'

/** A store that does not answer must not make INIT fail: it has 10 s, and everything is made at first use otherwise. */
const LIMIT_MS = 1_500
/**
 * A row that never is, of a kind that every role may read (deploy/permissions.ts): asking for it opens a connection, reads
 * the credentials and runs what every read runs.
 */
const NOWHERE: RowKey = { pk: 'PRIME', sk: 'prime' }

/** What there is to prime; `rehearse` runs what every event runs and asks nobody. */
export interface Primable {
  table: Provider<Table> | undefined
  rehearse?: () => Promise<unknown>
}

/** Makes the clients and runs once what every event runs, on AWS Lambda only. Never rejects, ends within 1.5 s. */
export async function prime({ table, rehearse }: Primable): Promise<void> {
  if (env('AWS_LAMBDA_FUNCTION_NAME') === undefined) return
  const works = [() => table?.().get(NOWHERE, AbortSignal.timeout(LIMIT_MS)), rehearse]
  // Whoever needs what fails here hears of it then.
  await Promise.allSettled(works.map(async work => work?.()))
}

/** What stands between a request and an operation that is not public. Apart, so that a public function does not carry it. */
import { enter } from './enter.ts'
import { onceOnly } from './onceOnly.ts'

/** The door, and the promise that a keyed request runs once. */
export interface Guards {
  enter: typeof enter
  onceOnly: typeof onceOnly
}

/** The guards of every operation that is not public. */
export const GUARDS: Guards = { enter, onceOnly }

/** The operation id of the mirror, for those who hand work over to it. */

/** Copies tracked media; called with `{ media: [{ app_id, media_id }, …] }`, 500 at most. */
export const MIRROR = 'mirrorTemporaryMedia'

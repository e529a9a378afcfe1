/** The operation ids of the upload jobs, for those who hand work over to them. */

/** Streams one upload to WeChat; called with `{ app_id, upload_id }`. */
export const FORWARDER = 'forwardUpload'

/** Moves on every upload that is due; called with `{}`, or `{ mended }`: an account that its operator has put in order. */
export const SWEEPER = 'sweepUploads'

/** The list of all functions: one line each, in the order of service-api.md. */

export { completeUpload } from './completeUpload.ts'
export { createUpload } from './createUpload.ts'
export { forwardUpload } from './forwardUpload.ts'
export { getUpload } from './getUpload.ts'
export { healthz } from './healthz.ts'
export { listUploads } from './listUploads.ts'
export { refreshToken } from './refreshToken.ts'
export { renewUploadUrl } from './renewUploadUrl.ts'
export { retryUpload } from './retryUpload.ts'
export { sweepUploads } from './sweepUploads.ts'
export { uploadMaterial } from './uploadMaterial.ts'
export { uploadTemporaryMedia } from './uploadTemporaryMedia.ts'

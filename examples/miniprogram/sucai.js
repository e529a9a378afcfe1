/** 素材 from a mini program: a picture in, a media_id out. Needs the functions of docs/deploy-wxcloud.md and a grant. */

/** Calls one operation through the `http` function; throws an Error with `code` when it is refused. */
async function call(operation, request) {
  const { result } = await wx.cloud.callFunction({ name: 'http', data: { operation, ...request } })
  if (result?.code) throw Object.assign(new Error(result.message), { code: result.code })
  return result.data
}

/** Picks one picture; resolves with its path, size in bytes and file name. */
async function pickPicture() {
  const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sizeType: ['compressed'] })
  const { tempFilePath, size } = tempFiles[0]
  return { path: tempFilePath, size, filename: tempFilePath.split('/').pop() }
}

/**
 * Uploads a picture into the library of the Official Account `appId`: open an upload, send the bytes to cloud storage,
 * tell that they are there, wait for WeChat. Resolves with the upload, whose `media_id` is WeChat's.
 */
async function uploadPicture(appId, { path, size, filename }) {
  const target = await call('createUpload', { app_id: appId, body: { type: 'image', filename, size } })
  const cloudPath = decodeURIComponent(target.headers.key)
  await wx.cloud.uploadFile({ cloudPath, filePath: path })
  const params = { uploadId: target.upload_id }
  await call('completeUpload', { app_id: appId, params })
  for (;;) {
    const upload = await call('getUpload', { app_id: appId, params, query: { wait: 10 } })
    if (upload.state === 'STORED') return upload
    if (!['CREATED', 'UPLOADED', 'SENDING', 'UNKNOWN'].includes(upload.state)) {
      throw Object.assign(new Error(upload.error ? upload.error.message : upload.state), { code: upload.state })
    }
  }
}

module.exports = { pickPicture, uploadPicture }

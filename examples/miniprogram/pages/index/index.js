const { pickPicture, uploadPicture } = require('../../sucai.js')

/** The Official Account whose library the picture goes into. */
const APP_ID = 'wx0123456789abcdef'

Page({
  data: { state: '', mediaId: '' },
  async upload() {
    try {
      const picture = await pickPicture()
      this.setData({ state: '上传中…', mediaId: '' })
      const { media_id: mediaId } = await uploadPicture(APP_ID, picture)
      this.setData({ state: '完成', mediaId })
    } catch (error) {
      this.setData({ state: `失败：${error.message || error.errMsg}` })
    }
  },
})

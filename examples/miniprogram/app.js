/** Put your own environment's id here. */
const CLOUD_ENV = 'sucai-1a2b3c'

App({
  onLaunch() {
    wx.cloud.init({ env: CLOUD_ENV })
  },
})

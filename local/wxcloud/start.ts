/** `npm run start:wxcloud`: the packaged functions of WeChat Cloud, until Ctrl-C. An argument names another folder of them. */
import { bannerOf } from '../stack/banner.ts'
import { readSettings } from '../stack/settings.ts'
import { runUntilStopped } from '../stack/untilStopped.ts'
import { startCloud } from './startCloud.ts'

await runUntilStopped(
  () => startCloud(readSettings(process.env), process.argv[2]),
  cloud => bannerOf(cloud, { CloudBase: `${cloud.cloudBaseUrl} (a stand-in)`, WeChat: cloud.wechatUrl }),
)

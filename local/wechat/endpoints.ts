/** The dispatch table: every cgi path of the simulator by name. */
import { addMaterial } from './actions/addMaterial.ts'
import { addNews } from './actions/addNews.ts'
import { batchgetMaterial } from './actions/batchgetMaterial.ts'
import { clearQuota } from './actions/clearQuota.ts'
import { delMaterial } from './actions/delMaterial.ts'
import { draftAdd } from './actions/draftAdd.ts'
import { draftBatchget } from './actions/draftBatchget.ts'
import { draftCount } from './actions/draftCount.ts'
import { draftDelete } from './actions/draftDelete.ts'
import { draftGet } from './actions/draftGet.ts'
import { draftUpdate } from './actions/draftUpdate.ts'
import { getMaterial } from './actions/getMaterial.ts'
import { getMaterialcount } from './actions/getMaterialcount.ts'
import { mediaGet } from './actions/mediaGet.ts'
import { mediaGetJssdk } from './actions/mediaGetJssdk.ts'
import { mediaUpload } from './actions/mediaUpload.ts'
import { mediaUploadimg } from './actions/mediaUploadimg.ts'
import { quotaGet } from './actions/quotaGet.ts'
import { stableToken } from './actions/stableToken.ts'
import { token } from './actions/token.ts'
import { updateNews } from './actions/updateNews.ts'
import type { Outcome } from './answer.ts'
import type { Call, Endpoint, TokenEndpoint } from './endpoint.ts'

const get = (run: (call: Call) => Outcome): TokenEndpoint => ({
  credential: 'token',
  method: 'GET',
  miniprogram: false,
  run,
})
const post = (run: (call: Call) => Outcome): TokenEndpoint => ({ ...get(run), method: 'POST' })
const alsoMiniprogram = (endpoint: TokenEndpoint): TokenEndpoint => ({ ...endpoint, miniprogram: true })

/** Every endpoint by its cgi path. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/cgi-bin/token', { credential: 'secret', method: 'GET', run: token }],
  ['/cgi-bin/stable_token', { credential: 'secret', method: 'POST', run: stableToken }],
  ['/cgi-bin/media/upload', alsoMiniprogram(post(mediaUpload))],
  ['/cgi-bin/media/get', alsoMiniprogram(get(mediaGet))],
  ['/cgi-bin/media/get/jssdk', get(mediaGetJssdk)],
  ['/cgi-bin/media/uploadimg', post(mediaUploadimg)],
  ['/cgi-bin/material/add_material', post(addMaterial)],
  ['/cgi-bin/material/get_material', post(getMaterial)],
  ['/cgi-bin/material/del_material', post(delMaterial)],
  ['/cgi-bin/material/get_materialcount', get(getMaterialcount)],
  ['/cgi-bin/material/batchget_material', post(batchgetMaterial)],
  ['/cgi-bin/material/add_news', post(addNews)],
  ['/cgi-bin/material/update_news', post(updateNews)],
  ['/cgi-bin/draft/add', post(draftAdd)],
  ['/cgi-bin/draft/get', post(draftGet)],
  ['/cgi-bin/draft/update', post(draftUpdate)],
  ['/cgi-bin/draft/delete', post(draftDelete)],
  ['/cgi-bin/draft/count', get(draftCount)],
  ['/cgi-bin/draft/batchget', post(draftBatchget)],
  ['/cgi-bin/openapi/quota/get', alsoMiniprogram(post(quotaGet))],
  ['/cgi-bin/clear_quota', alsoMiniprogram(post(clearQuota))],
])

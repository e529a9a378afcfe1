/**
 * The contracts of table and objects against a real environment of WeChat Cloud:
 *
 *   LIVE_CLOUDBASE_ENV=… TENCENTCLOUD_SECRETID=… TENCENTCLOUD_SECRETKEY=… npm run test:live
 *
 * The collection (LIVE_CLOUDBASE_COLLECTION, else sucai_test) and its indexes must exist; rows and files stay behind.
 */
import { systemRandom } from '../../shared/hosts/systemRandom.ts'
import { cloudBase } from '../../shared/stores/cloudBase.ts'
import { cloudObjects } from '../../shared/stores/cloudObjects.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { objectStoreContract } from '../contract/objectStore.ts'
import { tableContract } from '../contract/table.ts'

const { LIVE_CLOUDBASE_ENV: env, LIVE_CLOUDBASE_COLLECTION: collection = 'sucai_test' } = process.env

if (!env) throw new Error('LIVE_CLOUDBASE_ENV must name an environment')

const client = cloudBase({ env })
const close = async () => undefined
tableContract('a real CloudBase database', async () => ({
  table: cloudTable({ collection, client, random: systemRandom }),
  close,
}))
objectStoreContract('real CloudBase storage', async () => ({ store: cloudObjects({ client }), close }))

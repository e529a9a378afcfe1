import { ensureTable } from '../../local/table/ensureTable.ts'
import { post } from '../../shared/hosts/aws/post.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'
import { awsCaller } from '../../shared/stores/awsCaller.ts'
import { cloudTable } from '../../shared/stores/cloudTable.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { memoryTable } from '../../shared/stores/memoryTable.ts'
import { signedTable } from '../../shared/stores/signedTable.ts'
import { temporaryFolder, testTableServer } from '../local/tableServer.ts'
import { TEST_COLLECTION, testCloudBase } from '../support/cloudBase.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { tableContract } from './table.ts'

tableContract('memoryTable', async () => ({ table: memoryTable(), close: async () => {} }))

tableContract('dynamoTable on the embedded server', async () => {
  const folder = await temporaryFolder()
  const server = await testTableServer(folder.path)
  await ensureTable(server.client, 'sucai')
  return {
    table: dynamoTable({ tableName: 'sucai', client: () => server.client, random: seededRandom() }),
    async close() {
      await server.close()
      await folder.remove()
    },
  }
})

tableContract('signedTable on the embedded server', async () => {
  const folder = await temporaryFolder()
  const server = await testTableServer(folder.path)
  await ensureTable(server.client, 'sucai')
  const call = awsCaller({
    ...{ service: 'dynamodb', region: 'us-east-1', endpoint: server.url, clock: systemClock, random: seededRandom(2) },
    ...{ credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, post },
  })
  return {
    table: signedTable({ tableName: 'sucai', call: () => call, random: seededRandom() }),
    async close() {
      await server.close()
      await folder.remove()
    },
  }
})

tableContract('cloudTable on the stand-in of CloudBase', async () => {
  const server = await testCloudBase()
  const { client, close } = server
  return { table: cloudTable({ collection: TEST_COLLECTION, client, random: seededRandom() }), close }
})

import { ensureTable } from '../../local/table/ensureTable.ts'
import { dynamoTable } from '../../shared/stores/dynamoTable.ts'
import { memoryTable } from '../../shared/stores/memoryTable.ts'
import { temporaryFolder, testTableServer } from '../local/tableServer.ts'
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

/** A table server as a process of its own, to be killed: prints its URL, then runs until the signal. */
import { startTableServer } from '../../local/table/startTableServer.ts'
import { systemClock } from '../../shared/hosts/systemClock.ts'

const server = await startTableServer({ port: 0, dataDir: process.argv[2] ?? '', clock: systemClock })
console.log(server.url)

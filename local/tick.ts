/** `npm run tick <job>`: fires a schedule of the running stack now and prints what came of it. */
import { scheduledEvent } from './stack/schedules.ts'
import { readSettings } from './stack/settings.ts'
import { runningStack } from './stack/stackFile.ts'

const [job] = process.argv.slice(2)
const stack = runningStack(readSettings(process.env).dataDir)
if (!job || !stack) {
  process.stderr.write(
    job ? 'no stack is running on this DATA_DIR\n' : 'usage: npm run tick <job>, e.g. sweepUploads\n',
  )
  process.exit(1)
}
const answer = await fetch(`${stack.invoke_url}/2015-03-31/functions/${job}/invocations`, {
  method: 'POST',
  body: JSON.stringify(scheduledEvent(new Date())),
})
const failed = !answer.ok || answer.headers.has('x-amz-function-error')
process.stdout.write(`${job}: ${await answer.text()}\n`)
process.exitCode = failed ? 1 : 0

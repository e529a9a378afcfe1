/** `npm start`: the whole service, until Ctrl-C. */
import { banner } from './stack/banner.ts'
import { readSettings } from './stack/settings.ts'
import { startStack } from './stack/startStack.ts'
import { runUntilStopped } from './stack/untilStopped.ts'

await runUntilStopped(() => startStack(readSettings(process.env)), banner)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as exported from '../../functions/index.ts'
import { startStackProcess } from './stackProcess.ts'
import { takeTour } from './tour.ts'

/** What a tour calls: everything but WeChat's own callback. */
const OPERATIONS = Object.values(exported).flatMap(one =>
  one.kind === 'operation' && !one.path.startsWith('/wechat/callback') ? [one.id] : [],
)

test.each(['README.md', 'README.zh-CN.md'])(
  'the tour of %s runs word by word and prints what it says',
  async readme => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
    const stack = await startStackProcess(dataDir)
    try {
      takeTour(readme, { stack, dataDir })
      // The log is read only now: the shell kept this process waiting.
      await expect.poll(() => OPERATIONS.filter(id => !stack.output().includes(`"operation":"${id}"`))).toEqual([])
    } finally {
      await stack.end('SIGTERM')
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
  60_000,
)

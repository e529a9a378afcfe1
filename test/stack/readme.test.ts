import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as exported from '../../functions/index.ts'
import { startStackProcess } from './stackProcess.ts'

const ROOT = new URL('../..', import.meta.url)

interface Step {
  command: string
  output: string
}

/** What a tour calls: everything but what tracks temporary media, which is a matter of days, and WeChat's own callback. */
const OPERATIONS = Object.values(exported).flatMap(one => {
  if (one.kind !== 'operation' || one.path.startsWith('/wechat/callback')) return []
  const tracks = one.path.startsWith('/wechat/media/temporary') && one.id !== 'uploadTemporaryMedia'
  return tracks ? [] : [one.id]
})

/** The commands of all `console` blocks, each with the output that is printed below it. */
function steps(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/```console\n([\s\S]*?)```/g)].map(match => match[1] ?? '')
  const found: Step[] = []
  for (const line of blocks.join('').split('\n')) {
    const last = found.at(-1)
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: '' })
    else if (last && line !== '') last.output += line
  }
  return found
}

/** `…` stands for anything. */
const pattern = (output: string): RegExp =>
  new RegExp(
    `^${output
      .split('…')
      .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*')}$`,
  )

test.each(['README.md', 'README.zh-CN.md'])(
  'the tour of %s runs word by word and prints what it says',
  async readme => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sucai-test-'))
    const stack = await startStackProcess(dataDir)
    try {
      const wanted = steps(readFileSync(new URL(readme, ROOT), 'utf8'))
      expect(wanted.length).toBeGreaterThan(15)
      const script = wanted
        .map(({ command }) => `${command}\nprintf '\\036'`)
        .join('\n')
        .replaceAll('http://127.0.0.1:3000', stack.url)
        .replaceAll('http://127.0.0.1:3003', stack.wechatUrl)
        .replaceAll('.data/', `${dataDir}/`)
      const shell = spawnSync('bash', ['-c', script], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, DATA_DIR: dataDir },
      })
      const printed = shell.stdout.split('\u001e')
      expect(printed).toHaveLength(wanted.length + 1)
      for (const [index, { command, output }] of wanted.entries()) {
        expect(printed[index]?.trim(), command).toMatch(pattern(output))
      }
      // The log is read only now: the shell kept this process waiting.
      await expect.poll(() => OPERATIONS.filter(id => !stack.output().includes(`"operation":"${id}"`))).toEqual([])
    } finally {
      await stack.end('SIGTERM')
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
  60_000,
)

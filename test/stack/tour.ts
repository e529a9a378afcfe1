/** Runs the `console` blocks of a page against a running stack, word by word. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { StackProcess } from './stackProcess.ts'

const ROOT = new URL('../..', import.meta.url)

/** A command, and what is printed below it. */
export interface Step {
  command: string
  output: string
}

/** Takes the tour of `page`, each step as `change` makes it; every output must be what the page says. */
export function takeTour(
  page: string,
  { stack, dataDir }: { stack: StackProcess; dataDir: string },
  change = (step: Step): Step => step,
): void {
  const wanted = steps(readFileSync(new URL(page, ROOT), 'utf8')).map(change)
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
}

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

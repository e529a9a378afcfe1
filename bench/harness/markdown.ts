/** The table as Markdown, which is also what a terminal shows. */
import { type Goal, holds, type Row } from './row.ts'

const HEAD = ['#', 'metric', 'limit', 'best peer', 'ours', 'ours ÷ limit', 'goal', 'verdict']

/** All rows, in their order. */
export function markdown(rows: readonly Row[]): string {
  const cells = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf)]
  return `${cells.map(line => `| ${line.join(' | ')} |`).join('\n')}\n`
}

function cellsOf(row: Row): string[] {
  const { id, metric, unit, limit, peer, ours, goals, note } = row
  const verdict = goals.length === 0 ? '–' : holds(row) ? 'reached' : 'missed'
  return [
    id,
    metric,
    limit === undefined ? '–' : `${number(limit)} ${unit}`,
    peer === undefined ? '–' : `${number(peer.value)} ${unit} (${peer.name})`,
    `${number(ours)} ${unit}`,
    limit ? (ours / limit).toFixed(2) : '–',
    goals.map(goal => goalText(goal, unit)).join(', ') || '–',
    note === undefined ? verdict : `${verdict}: ${note}`,
  ].map(cell => cell.replaceAll('|', '\\|'))
}

function goalText(goal: Goal, unit: string): string {
  if ('timesLimit' in goal) return `≤ ${goal.timesLimit} × limit`
  if ('timesPeer' in goal) return `≤ ${goal.timesPeer} × peer`
  if ('atMost' in goal) return `≤ ${number(goal.atMost)} ${unit}`
  return `≥ ${number(goal.atLeast)} ${unit}`
}

/** Three significant digits; thousands are set apart. */
function number(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

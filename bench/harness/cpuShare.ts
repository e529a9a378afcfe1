/** The share of a processor that Lambda gives a function of some size, by the kernel's own control groups. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A function of so many MB has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEGABYTES_OF_A_CPU = 1_769
/** Lambda's period is said to be this long; ours is what decides how coarse the share is. */
const PERIOD_US = 20_000
const ROOT = '/sys/fs/cgroup'

/** A group of processes that share the CPU time of one function. */
export interface CpuShare {
  add(pid: number): void
  /** All of them must have ended. */
  remove(): void
}

/** A new group; `undefined` where this process may make none (no Linux, no root, a read-only hierarchy). */
export function cpuShare(megabytes: number): CpuShare | undefined {
  const isOld = existsSync(join(ROOT, 'cpu', 'cpu.cfs_quota_us'))
  const folder = join(ROOT, isOld ? 'cpu' : '', `sucai-bench-${process.pid}-${megabytes}`)
  const quota = Math.round((PERIOD_US * megabytes) / MEGABYTES_OF_A_CPU)
  try {
    mkdirSync(folder)
    if (isOld) {
      writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD_US))
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quota))
    } else {
      writeFileSync(join(folder, 'cpu.max'), `${quota} ${PERIOD_US}`)
    }
  } catch {
    if (existsSync(folder)) rmdirSync(folder)
    return undefined
  }
  return {
    add: pid => writeFileSync(join(folder, 'cgroup.procs'), String(pid)),
    remove: () => rmdirSync(folder),
  }
}

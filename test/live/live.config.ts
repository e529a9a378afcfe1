import { defineConfig } from 'vitest/config'

/** Tests against the real clouds; nothing of `npm test` runs them. */
export default defineConfig({
  test: { include: ['test/live/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1 },
})

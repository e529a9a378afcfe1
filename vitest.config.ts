import { defineConfig } from 'vitest/config'

/** One project per build condition: the file's suffix says which host it is about. */
const project = (name: string, conditions: string[], include: string[], exclude: string[] = []) => ({
  ssr: { resolve: { conditions } },
  test: { name, include, exclude, testTimeout: 20_000, hookTimeout: 20_000 },
})

export default defineConfig({
  test: {
    projects: [
      project('main', [], ['test/**/*.test.ts'], ['test/**/*.{wxcloud,local}.test.ts', 'test/live/**']),
      project('wxcloud', ['wxcloud'], ['test/**/*.wxcloud.test.ts']),
      project('local', ['local'], ['test/**/*.local.test.ts']),
    ],
  },
})

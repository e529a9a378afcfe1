import { defineConfig } from 'vitest/config'

/** One project per build condition: the file's suffix says which host it is about. */
const project = (name: string, conditions: string[], include: string[], exclude: string[] = []) => ({
  ssr: { resolve: { conditions } },
  test: { name, include, exclude, testTimeout: 20_000, hookTimeout: 20_000 },
})

/** The tests of all operations and jobs once more, where worlds are WeChat Cloud (test/support/cloudHost.ts): every call of a store crosses a socket. */
const onWxcloud = (name: string, include: string[]) => {
  const { test, ...rest } = project(name, ['wxcloud'], include)
  return {
    ...rest,
    test: {
      ...test,
      testTimeout: 240_000,
      env: { TEST_HOST: 'wxcloud' },
      setupFiles: ['test/support/notOnWxcloud.ts'],
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      project('main', [], ['test/**/*.test.ts'], ['test/**/*.{wxcloud,local}.test.ts', 'test/live/**']),
      project('wxcloud', ['wxcloud'], ['test/**/*.wxcloud.test.ts']),
      onWxcloud('functions-wxcloud', ['test/functions/**/*.test.ts']),
      project('local', ['local'], ['test/**/*.local.test.ts']),
    ],
  },
})

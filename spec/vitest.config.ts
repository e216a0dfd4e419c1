import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['spec/**/*.spec.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The machine may be slow: what is waited for is waited for, not timed.
    expect: { poll: { timeout: 30_000 } },
    // Specs that start processes want both cores; more workers than cores only makes them wait for each other.
    pool: 'forks',
    maxWorkers: 2,
  },
})

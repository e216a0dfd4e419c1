// A bucket in a folder of its own, gone when the test ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { BucketOptions } from '../../lib/index.ts'
import { Bucket } from '../../lib/index.ts'

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bucketcache-memo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function newBucket(options?: BucketOptions): Bucket {
  return new Bucket(newFolder(), options)
}

/** A promise, and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

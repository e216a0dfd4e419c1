// For a process that is to stop in the middle of an operation: see `builtModule`.

export { Bucket, coreOf } from '../../lib/bucket.ts'
export { permissions } from '../../lib/io/disk.ts'
export { syncHost } from '../../lib/io/host-sync.ts'
export { beginTransaction, commit } from '../../lib/ops/commit.ts'
export { remove } from '../../lib/ops/remove.ts'
export { set } from '../../lib/ops/set.ts'
export { plainTerms } from '../../lib/ops/terms.ts'

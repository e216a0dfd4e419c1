// What counting takes.

import { checkNames } from './options.ts'

/** What `incr` and `decr` take. */
export interface CountOptions {
  /** Where counting begins if the key is missing: 0, or 0n; null: it is an error then. */
  default?: number | bigint | null
}

/** By how much to count up, and where that begins; null: not where nothing is. */
export function resolveCount(
  operation: 'incr' | 'decr',
  delta: number | bigint,
  options: CountOptions | undefined,
): { by: number | bigint; start: number | bigint | null } {
  const start = resolveStart(operation, delta, options)
  return { by: operation === 'decr' ? -delta : delta, start }
}

function resolveStart(operation: string, delta: unknown, options: CountOptions | undefined): number | bigint | null {
  if (typeof delta !== 'bigint' && !(typeof delta === 'number' && Number.isFinite(delta))) {
    throw new TypeError(`Expected delta to be a finite number or a bigint, got ${String(delta)}`)
  }
  if (options !== undefined) checkNames(options, ['default'], operation)
  const start = options?.default
  if (start === undefined) return typeof delta === 'bigint' ? 0n : 0
  if (start !== null && typeof start !== typeof delta) {
    throw new TypeError(`Expected default to be a ${typeof delta}, as delta is, got ${typeof start}`)
  }
  if (typeof start === 'number' && !Number.isFinite(start)) {
    throw new TypeError(`Expected default to be a finite number, got ${start}`)
  }
  return start
}

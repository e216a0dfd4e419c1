// What push, pull and peek are told about the queue.

import type { Queue } from './ops/queue.ts'
import { checkNames, show } from './options.ts'

export interface QueueOptions {
  /** Which queue: 'jobs' and 'jobs-2' are apart, and from the one without a prefix. */
  prefix?: string
  /** Where: push at the 'back', pull and peek at the 'front', unless it is told otherwise. */
  side?: 'front' | 'back'
}

export const queueNames: readonly string[] = ['prefix', 'side']

/** `alone`: no other options belong to the call. */
export function resolveQueue(options: QueueOptions, side: Queue['side'], alone = false): Queue {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Expected options to be an object, got ${show(options)}`)
  if (alone) checkNames(options, queueNames, 'a queue')
  const { prefix, side: given = side } = options
  if (prefix !== undefined && (typeof prefix !== 'string' || prefix === '')) {
    throw new TypeError(`Expected prefix to be a string that is not empty, got ${show(prefix)}`)
  }
  if (given !== 'front' && given !== 'back')
    throw new TypeError(`Expected side to be 'front' or 'back', got ${show(given)}`)
  return { prefix, side: given }
}

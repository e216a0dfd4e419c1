// What push, pull and peek are told about the queue.

import { ConflictError } from './errors.ts'
import type { Queue } from './ops/queue.ts'
import type { Terms } from './ops/terms.ts'
import { checkNames, resolveTerms, type SetOptions, show } from './options.ts'

/** Which queue, and which end of it. */
export interface QueueOptions {
  /** Which queue: 'jobs' and 'jobs-2' are apart, and from the one without a prefix. */
  prefix?: string
  /** Where: push at the 'back', pull and peek at the 'front', unless it is told otherwise. */
  side?: 'front' | 'back'
}

const queueNames: readonly string[] = ['prefix', 'side']

/** The terms of an item. @throws ConflictError if they name a version: an item is always a new entry. */
export function resolveItemTerms(options: QueueOptions & SetOptions): Terms {
  const terms = resolveTerms(options, queueNames)
  if (terms.ifVersion !== undefined && terms.ifVersion !== '') {
    throw new ConflictError(`Cannot push under ifVersion ${show(terms.ifVersion)}: an item is always a new entry.`)
  }
  return terms
}

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

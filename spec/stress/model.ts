// What the noted operations mean: a key is missing (''), or has a value by its id and a tag ('w-3.17 red'), or is a number.

import type { Operation } from './linearizability.ts'
import type { Noted } from './run.ts'

export const missing = ''

/** The operation, as the checker takes it. */
export function operationOf(noted: Noted): Operation {
  const { called, returned, op } = noted
  return {
    called,
    returned,
    step: state => stepOf(noted, state),
    text: `${noted.process} ${JSON.stringify(op)} → ${JSON.stringify(noted.result)}`,
  }
}

function stepOf({ op, result, returned }: Noted, state: string): string | 'impossible' {
  const known = returned !== Number.POSITIVE_INFINITY
  const id = state === missing ? null : state.split(' ')[0]!
  const fits = (actual: unknown): boolean => !known || actual === result
  switch (op.op) {
    case 'get':
      return fits(id) ? state : 'impossible'
    case 'has':
      return fits(state !== missing) ? state : 'impossible'
    case 'set':
      return withTag(op.id, op.tag)
    case 'add':
      if (!fits(state === missing)) return 'impossible'
      return state === missing ? withTag(op.id, null) : state
    case 'delete':
      return fits(state !== missing) ? missing : 'impossible'
    case 'pop':
      return fits(id) ? missing : 'impossible'
    case 'update':
      // What it does not say stays as it was.
      return fits(id) ? withTag(op.id, state.split(' ')[1] ?? null) : 'impossible'
    case 'incr': {
      const sum = Number(state === missing ? 0 : state) + op.by
      return fits(sum) ? String(sum) : 'impossible'
    }
    case 'evict':
      return state.split(' ')[1] === op.tag ? missing : state
    case 'clear':
      return missing
    default:
      throw new Error(`Expected an operation, got ${JSON.stringify(op)}`)
  }
}

function withTag(id: string, tag: string | null): string {
  return tag === null ? id : `${id} ${tag}`
}

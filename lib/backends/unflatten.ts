// The inverse of flatten.ts, whose head has the form of the table. The table comes from a file, so nothing in it is
// believed: whatever does not fit is an error, and no key can reach a prototype.

import { types } from 'node:util'
import { ERROR_FIELDS } from './flatten.ts'
import { ownBuffer } from './own.ts'
import { bigintArrays, float16Arrays, numberArrays } from './views.ts'

/** @throws Error for anything that `flatten` does not give. */
export function unflatten(table: unknown): unknown {
  const [root, ...entries] = expectList(table)
  const lists = entries.map(expectList)
  // First every object without its parts, then the parts: so that any object may be a part of any other.
  const objects = lists.map(create)
  lists.forEach((list, i) => {
    fill(objects[i]!, list, objects)
  })
  return read(root, objects)
}

/** What a slot stands for. */
function read(slot: unknown, objects: readonly object[]): unknown {
  if (!Array.isArray(slot))
    return typeof slot === 'object' && slot !== null ? fail('an object outside of its entry') : slot
  const [kind, content] = slot as unknown[]
  switch (kind) {
    case '-0':
      return -0
    case 'bigint':
      return bigintOf(expectText(content))
    case 'utf16':
      return Buffer.from(expectBytes(content)).toString('utf16le')
    default:
      return objects[expectNumber(kind) - 1] ?? fail('a reference to nothing')
  }
}

function bigintOf(hexadecimal: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(hexadecimal)) return fail('no bigint')
  return hexadecimal.startsWith('-') ? -BigInt(`0x${hexadecimal.slice(1)}`) : BigInt(`0x${hexadecimal}`)
}

/** The object of an entry, complete but for its parts. */
function create(entry: readonly unknown[]): object {
  const [kind, first, second] = entry
  switch (kind) {
    case 'array':
      return []
    case 'sparse': {
      const list: unknown[] = []
      list.length = expectNumber(first)
      return list
    }
    case 'object':
      return {}
    case 'map':
      return new Map()
    case 'set':
      return new Set()
    case 'date':
      return new Date(expectNumber(first))
    case 'regexp':
      return new RegExp(expectText(read(first, [])), expectText(second))
    case 'error':
      return errorNamed(expectText(read(first, [])))
    case 'view':
      return viewOf(expectText(first), expectBytes(second))
    case 'boxed':
      return Object(read(first, []) ?? fail('nothing in a box'))
    default:
      return fail('an unknown kind of entry')
  }
}

function fill(whole: object, entry: readonly unknown[], objects: readonly object[]): void {
  const at = (i: number): unknown => read(entry[i], objects)
  switch (entry[0]) {
    case 'array':
      for (let i = 1; i < entry.length; i += 1) (whole as unknown[]).push(at(i))
      break
    case 'set':
      for (let i = 1; i < entry.length; i += 1) (whole as Set<unknown>).add(at(i))
      break
    case 'map':
      expectPairs(entry, 1)
      for (let i = 1; i < entry.length; i += 2) (whole as Map<unknown, unknown>).set(at(i), at(i + 1))
      break
    case 'object':
      expectPairs(entry, 1)
      for (let i = 1; i < entry.length; i += 2) setOwn(whole, expectText(at(i)), at(i + 1))
      break
    case 'sparse':
      expectPairs(entry, 2)
      for (let i = 2; i < entry.length; i += 2) setOwn(whole, expectText(at(i)), at(i + 1))
      break
    case 'error':
      expectPairs(entry, 2)
      for (let i = 2; i < entry.length; i += 2) {
        const key = expectText(at(i))
        define(whole, key, at(i + 1), !ERROR_FIELDS.includes(key))
      }
  }
}

/** Defines rather than assigns `__proto__`, so that it is a key like any other. */
function setOwn(whole: object, key: string, value: unknown): void {
  if (key === '__proto__') define(whole, key, value, true)
  else (whole as Record<string, unknown>)[key] = value
}

function define(whole: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(whole, key, { value, enumerable, writable: true, configurable: true })
}

const errorClasses = new Map<string, new (message?: string) => Error>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(type => [type.name, type]),
)

function errorNamed(name: string): Error {
  const error = name === 'AggregateError' ? new AggregateError([]) : new (errorClasses.get(name) ?? Error)()
  // The stack is where the error was made; if that is not in the entry, it is certainly not here.
  delete error.stack
  if (error.name !== name) define(error, 'name', name, false)
  return error
}

const viewClasses = new Map(
  [DataView, ...numberArrays, ...bigintArrays, ...float16Arrays].map(type => [type.name, type] as const),
)

function viewOf(name: string, bytes: Uint8Array): object {
  if (name === 'Buffer') return ownBuffer(bytes)
  // A copy: aligned, and with a buffer that holds nothing else.
  const { buffer } = new Uint8Array(bytes)
  if (name === 'ArrayBuffer') return buffer
  return new (viewClasses.get(name) ?? fail('an unknown kind of view'))(buffer)
}

function expectList(part: unknown): readonly unknown[] {
  return Array.isArray(part) ? part : fail('something else than a list')
}

function expectText(part: unknown): string {
  return typeof part === 'string' ? part : fail('something else than text')
}

function expectNumber(part: unknown): number {
  return typeof part === 'number' ? part : fail('something else than a number')
}

function expectBytes(part: unknown): Uint8Array {
  return types.isUint8Array(part) ? part : fail('something else than bytes')
}

function expectPairs(entry: readonly unknown[], from: number): void {
  if ((entry.length - from) % 2 !== 0) fail('half a pair')
}

function fail(what: string): never {
  throw new Error(`The table has ${what}`)
}

// Inputs that stand in a key as a hash that the caller gives (flytekit: a Literal's hash). A mark is an object around the
// value: keys meet it and take the hash; just before the function runs the marks are taken off.

import { cacheState } from '../keymakers/state.ts'
import { show } from '../options.ts'
import { emptyInstance, fieldsOf, isInstance } from './instance.ts'

/** What `hashed()` returns, whatever its type says. */
export class HashedValue {
  readonly value: unknown
  readonly hash: string

  constructor(value: unknown, hash: string) {
    this.value = value
    this.hash = hash
  }
  /** What counts in a key, at any depth: the hash alone, in a form that no plain JSON value has. */
  [cacheState](): unknown {
    return new Map([['hashed', this.hash]])
  }
}

// Looking through all arguments of every task for marks costs time, and most programs never make one.
let anyMade = false

/**
 * Marks an input of a task: into the key goes `hash` alone, however large the value is, and the function receives the value
 * as it is. Works for a whole argument and for a part of one, in objects, arrays, Maps and Sets, at any depth. The function then
 * gets a copy of what is around the mark; an instance of a class is copied by its own fields, so one with `#private` fields, or
 * of a class that extends a built-in one, is refused with a TypeError by the call: mark the whole of it. What is returned is for
 * the call only: it is the mark, not the value. A value that is marked already gets the new hash.
 *
 * @throws TypeError when `hash` is no string.
 * @example
 * const table = await readTable('huge.csv')
 * await train(hashed(table, table.checksum), { epochs: 3 })
 */
export function hashed<T>(value: T, hash: string): T {
  if (typeof hash !== 'string') throw new TypeError(`Expected the hash to be a string, got ${show(hash)}`)
  anyMade = true
  const plain: unknown = value instanceof HashedValue ? value.value : value
  return new HashedValue(plain, hash) as T
}

/**
 * `value` without the marks. A part that has none, also deep within, stays the same object; the others are copied.
 * @throws TypeError for a mark in an instance that cannot be copied.
 */
export function withoutMarks(value: unknown): unknown {
  return anyMade ? new Unmarking(value).visit(value) : value
}

type Container = unknown[] | Map<unknown, unknown> | Set<unknown> | object

function isContainer(value: unknown): value is Container {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || value instanceof Map || value instanceof Set || isPlain(value) || isInstance(value)
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

function parts(container: Container): Iterable<unknown> {
  if (Array.isArray(container) || container instanceof Set) return container
  if (container instanceof Map) return [...container.keys(), ...container.values()]
  return isPlain(container) ? Object.values(container) : fieldsOf(container)
}

/** Without recursion, so that a list may be linked as long as memory allows. */
class Unmarking {
  /** The containers with a mark somewhere within, and what is to stand in their place. */
  readonly #copies = new Map<Container, Container>()

  constructor(root: unknown) {
    for (const container of withMarks(root)) this.#copies.set(container, emptyLike(container))
    // Filled when all are there, so that a cycle among them closes.
    for (const [container, copy] of this.#copies) this.#fill(copy, container)
  }

  visit(value: unknown): unknown {
    let plain = value
    while (plain instanceof HashedValue) plain = plain.value
    return isContainer(plain) ? (this.#copies.get(plain) ?? plain) : plain
  }

  #fill(copy: Container, container: Container): void {
    if (Array.isArray(copy)) for (const item of container as unknown[]) copy.push(this.visit(item))
    else if (copy instanceof Set) for (const item of container as Set<unknown>) copy.add(this.visit(item))
    else if (copy instanceof Map) {
      for (const [key, item] of container as Map<unknown, unknown>) copy.set(this.visit(key), this.visit(item))
    } else {
      for (const name of Reflect.ownKeys(container)) {
        const property = Object.getOwnPropertyDescriptor(container, name)!
        if ('value' in property) property.value = this.visit(property.value)
        Object.defineProperty(copy, name, property)
      }
    }
  }
}

function emptyLike(container: Container): Container {
  if (Array.isArray(container)) return []
  if (container instanceof Set) return new Set()
  if (container instanceof Map) return new Map()
  return isPlain(container) ? Object.create(Object.getPrototypeOf(container)) : emptyInstance(container)
}

/** The containers in `root` with a mark somewhere within. */
function withMarks(root: unknown): Set<Container> {
  const marked = new Set<Container>()
  const parents = new Map<Container, Container[]>()
  const open: Container[] = []
  const meet = (part: unknown, parent?: Container) => {
    let plain = part
    while (plain instanceof HashedValue) {
      if (parent) marked.add(parent)
      plain = plain.value
    }
    if (!isContainer(plain)) return
    const known = parents.get(plain)
    if (!known) open.push(plain)
    parents.set(plain, known ?? [])
    if (parent) parents.get(plain)!.push(parent)
  }
  meet(root)
  for (let container = open.pop(); container; container = open.pop()) {
    for (const part of parts(container)) meet(part, container)
  }
  // A set may grow while it is walked: so a mark reaches everything around it, through cycles too.
  for (const container of marked) for (const parent of parents.get(container) ?? []) marked.add(parent)
  return marked
}

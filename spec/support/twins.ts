// The two faces of a bucket as one, so that one suite of behaviour is run on both.

import type { Bucket, Entry, ListFilter, SetOptions } from '../../lib/index.ts'

/** What both can do, with every result in a promise and every iteration in a list. */
export interface Twin {
  get(key: unknown, ...fallback: unknown[]): Promise<any>
  getOrThrow(key: unknown): Promise<any>
  getEntry(key: unknown): Promise<Entry<any, any> | undefined>
  getOrSet(key: unknown, compute: () => any, options?: SetOptions): Promise<any>
  has(key: unknown): Promise<boolean>
  set(key: unknown, value: unknown, options?: SetOptions): Promise<unknown>
  add(key: unknown, value: unknown, options?: SetOptions): Promise<boolean>
  update(key: unknown, change: (current: any) => any, options?: SetOptions): Promise<any>
  delete(key: unknown): Promise<boolean>
  pop(key: unknown, ...fallback: unknown[]): Promise<any>
  touch(key: unknown, expire?: any): Promise<boolean>
  incr(key: unknown, delta?: any, options?: { default?: any }): Promise<number | bigint>
  decr(key: unknown, delta?: any, options?: { default?: any }): Promise<number | bigint>
  getMany(keys: Iterable<unknown>): Promise<Map<any, any>>
  setMany(entries: Iterable<readonly [unknown, unknown]>, options?: SetOptions): Promise<void>
  deleteMany(keys: Iterable<unknown>): Promise<number>
  clear(): Promise<number>
  size(): Promise<number>
  keys(): Promise<any[]>
  values(): Promise<any[]>
  entries(): Promise<[any, any][]>
  iterate(): Promise<[any, any][]>
  forEach(callback: (value: any, key: any, bucket: unknown) => void): Promise<void>
  sortedKeys(options?: { reverse?: boolean }): Promise<any[]>
  list(options?: ListFilter): Promise<Omit<Entry<any, any>, 'value'>[]>
  volume(): Promise<number>
  prune(): Promise<{ count: number; size: number }>
  createTagIndex(): Promise<void>
  dropTagIndex(): Promise<void>
  check(options?: any): Promise<any[]>
  peekItem(options?: any): Promise<any>
  stats(options?: any): Promise<any>
  push(value: unknown, options?: any): Promise<number | string>
  pull(options?: any): Promise<Entry<any, any> | undefined>
  reset(name: any, ...value: any[]): Promise<any>
  close(): Promise<void>
}

const iterations = new Set(['keys', 'values', 'entries', 'sortedKeys', 'list'])

async function collect(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const item of items) list.push(item)
  return list
}

function face(subject: any, symbol: symbol): Twin {
  return new Proxy({} as Twin, {
    get(_, name) {
      if (name === 'then') return undefined
      if (name === 'iterate') return async () => collect(subject[symbol]())
      if (name === 'size') return async () => (typeof subject.size === 'function' ? subject.size() : subject.size)
      if (iterations.has(String(name))) return async (...args: unknown[]) => collect(subject[name](...args))
      return async (...args: unknown[]) => subject[name](...args)
    },
  })
}

export function blocking(bucket: Bucket<any, any>): Twin {
  return face(bucket, Symbol.iterator)
}

export function promising(bucket: Bucket<any, any>): Twin {
  return face(bucket.promises, Symbol.asyncIterator)
}

/** Each with its name. */
export const faces: readonly (readonly [string, (bucket: Bucket<any, any>) => Twin])[] = [
  ['Bucket', blocking],
  ['AsyncBucket', promising],
]

// What every measurement stands on: folders that are thrown away, and the keys and values that go into them.

import { rmSync } from 'node:fs'
import { mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Package from '../../lib/index.ts'

/** The package as its users get it: built. */
export const packageUrl = new URL('../../../dist/index.js', import.meta.url).href
export const loadPackage = async (): Promise<typeof Package> => (await import(packageUrl)) as typeof Package

/** A filesystem to measure on. */
export interface Place {
  readonly name: string
  readonly folder: string
}

const magicNumbers: Record<number, string> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
}

/** The disk that temporary files are on, and memory, where the system has a folder in it. */
export async function findPlaces(): Promise<Place[]> {
  const places: Place[] = []
  for (const folder of [tmpdir(), '/dev/shm']) {
    try {
      const { type } = await statfs(folder)
      places.push({ name: magicNumbers[type] ?? `filesystem 0x${type.toString(16)}`, folder })
    } catch {
      // No such folder here.
    }
  }
  return places
}

/** Runs `act` with a new folder, and removes it. */
export async function withFolder<T>(place: Place, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(place.folder, 'bucketcache-bench-'))
  try {
    return await act(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Such as a crawler would use. */
export function keyOf(index: number): string {
  return `https://example.org/articles/${index}?page=1`
}

export interface Article {
  id: number
  version: number
  title: string
  tags: string[]
  text: string
}

const textLength = 300
const filling = 'All that a cache is asked for is to answer as the function would have, only sooner. '.repeat(5)

/** A value whose JSON takes exactly 300 bytes. */
export function articleOf(index: number, version = 0): Article {
  const value = { id: index, version, title: `Article ${index}`, tags: ['caches', 'files'], text: '' }
  return { ...value, text: filling.slice(0, textLength - JSON.stringify(value).length) }
}

/** The numbers from 0 up to `count` in an order that looks random and is the same each time. */
export function shuffled(count: number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, index) => index)
  let state = 1
  for (let index = count - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const other = state % (index + 1)
    const kept = numbers[index]!
    numbers[index] = numbers[other]!
    numbers[other] = kept
  }
  return numbers
}

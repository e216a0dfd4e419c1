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

const tmpfs = 'tmpfs'
const magicNumbers: Record<number, string> = {
  61267: 'ext4',
  16914836: tmpfs,
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
}

/** What the measurements take at most at one time, each file a block. */
const roomNeeded = 512 * 1024 * 1024

/** The disk that temporary files are on, and memory, where the system has a folder in it. */
export async function findPlaces(): Promise<Place[]> {
  const places: Place[] = []
  for (const folder of [tmpdir(), '/dev/shm']) {
    try {
      const { type, bavail, bsize } = await statfs(folder)
      const name = magicNumbers[type] ?? `filesystem 0x${type.toString(16)}`
      if (bavail * bsize >= roomNeeded) places.push({ name, folder })
      else console.log(`${folder} is left out: it has less than ${roomNeeded >> 20} MiB to spare.`)
    } catch {
      // No such folder here.
    }
  }
  return places
}

/** Folders that are to be removed. */
const folders = new Set<string>()

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

process.once('exit', () => {
  for (const folder of folders) removeFolder(folder)
})
process.once('SIGINT', () => process.exit(130))

/**
 * Runs `act` with a new folder, which is removed: in memory at once, on a disk when the process ends. Whoever makes files on
 * ext4 within half a minute of the removal of many others is slowed down by it: their numbers are not used again yet, and
 * each time all of them are passed over.
 */
export async function withFolder<T>(place: Place, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(place.folder, 'bucketcache-bench-'))
  folders.add(folder)
  try {
    return await act(folder)
  } finally {
    if (place.name === tmpfs) removeFolder(folder)
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

// Four processes count up one counter at once: nothing may be lost, and DiskCache is to be outdone twice over.

import { Child } from './children.ts'
import { type Place, withFolder } from './stage.ts'

const processes = 4

export interface Counted {
  /** Increments a second, of all processes together. */
  readonly rate: number
  readonly exact: boolean
}

async function count(start: (folder: string) => Child, place: Place, each: number): Promise<Counted> {
  return withFolder(place, async folder => {
    const children = Array.from({ length: processes }, () => start(folder))
    for (const child of children) await child.line()
    const begin = performance.now()
    for (const child of children) child.say('go')
    const totals = await Promise.all(children.map(async child => Number((await child.line()).split(' ')[1])))
    const seconds = (performance.now() - begin) / 1000
    const failures = await Promise.all(children.map(child => child.failure()))
    for (const failure of failures) if (failure !== undefined) throw new Error(failure)
    // Whoever ended last has seen the total.
    return { rate: (processes * each) / seconds, exact: Math.max(...totals) === processes * each }
  })
}

export function countOurs(place: Place, each: number): Promise<Counted> {
  return count(folder => Child.node('counter-worker.js', [folder, String(each)]), place, each)
}

/** @throws if Python or DiskCache is not there. */
export function countDiskCache(place: Place, each: number): Promise<Counted> {
  return count(folder => Child.python('peers/disk_cache.py', ['counter', folder, String(each)]), place, each)
}

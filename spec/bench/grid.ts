// The peers' table: trials × caches, each cache in a process of its own.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Child, otherNode } from './children.ts'
import type { Spread } from './clock.ts'
import { diskCache, peers } from './peers/index.ts'
import { type Place, withFolder } from './stage.ts'
import { spreadCells, spreadHeader, table } from './table.ts'

export const peerNames: readonly string[] = [...peers.map(peer => peer.name), diskCache.name]

const trialNames = ['set', 'get', 'miss', 'overwrite', 'delete']

/** Installs the peers beside the benchmark. */
export function installPeers(): void {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  const options = ['--prefix', folder, '--no-save', '--no-package-lock', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', ['install', ...options], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) console.log('Not all of the peers could be installed; those that are missing are left out.')
}

interface Cell {
  readonly trial: string
  readonly spread: Spread
}

/** A table of what each of `names` takes; and a line for each that could not be timed. */
export async function comparePeers(
  place: Place,
  names: readonly string[],
  count: number,
  seconds: number,
): Promise<string> {
  const cells = new Map<string, Cell[]>()
  const absent: string[] = []
  for (const name of names) {
    await withFolder(place, async folder => {
      const args = [folder, String(count), String(seconds)]
      const start = (node?: string): Child =>
        name === diskCache.name
          ? Child.python('peers/disk_cache.py', ['trials', ...args])
          : Child.node('peers/worker.js', [name, ...args], node)
      try {
        let lines: string[]
        try {
          lines = await start().rest()
        } catch (error) {
          if (otherNode === undefined || name !== 'node:sqlite') throw error
          lines = await start(otherNode).rest()
        }
        cells.set(name, lines.map(readCell))
      } catch (error) {
        absent.push(`- ${name} is left out: ${(error as Error).message}`)
      }
    })
  }
  const rows = trialNames.flatMap(trial =>
    [...cells].flatMap(([name, its]) => {
      const cell = its.find(one => one.trial === trial)
      return cell === undefined ? [] : [[`${trial} · ${name}`, ...spreadCells(cell.spread)]]
    }),
  )
  return [table(['trial', ...spreadHeader], rows), ...absent].join('\n')
}

function readCell(line: string): Cell {
  const { trial, spread } = JSON.parse(line) as { trial: string; spread: [number, number, number] }
  const [p50, p90, p99] = spread
  return { trial, spread: { p50, p90, p99 } }
}

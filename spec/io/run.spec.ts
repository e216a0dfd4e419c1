import { describe, expect, test } from 'vitest'
import { type AsyncHost, all, ask, type Io, type Request, type SyncHost } from '../../lib/io/requests.ts'
import { runAsync, runSync } from '../../lib/io/run.ts'

/** Answers with the size of the descriptor's number; one of them fails. */
const answer = ({ file }: { file: number }): number => {
  if (file === 13) throw new Error('unlucky')
  return file * 10
}
const syncHost = { size: answer } as unknown as SyncHost
const asyncHost = { size: async (request: { file: number }) => answer(request) } as unknown as AsyncHost
function* size(file: number): Io<number> {
  return yield* ask<'size'>({ op: 'size', file })
}

const runners: [string, <T>(io: Io<T>) => Promise<T>][] = [
  ['runSync', async io => runSync(io, syncHost)],
  ['runAsync', io => runAsync(io, asyncHost)],
]

describe.each(runners)('%s()', (_, run) => {
  test('resumes an algorithm with the replies to its requests', async () => {
    function* sum(): Io<number> {
      return (yield* size(1)) + (yield* size(2))
    }
    expect(await run(sum())).toBe(30)
  })

  test('throws into it what its host throws, and goes on if it can', async () => {
    const seen: string[] = []
    function* careful(): Io<number> {
      try {
        yield* size(13)
      } catch (error) {
        seen.push((error as Error).message)
      } finally {
        seen.push(String(yield* size(4)))
      }
      return yield* size(5)
    }
    expect(await run(careful())).toBe(50)
    expect(seen).toEqual(['unlucky', '40'])
  })

  test('passes on what the algorithm throws, after its finally', async () => {
    const seen: number[] = []
    function* careless(): Io<void> {
      try {
        yield* size(13)
      } finally {
        seen.push(yield* size(6))
      }
    }
    await expect(run(careless())).rejects.toThrow('unlucky')
    expect(seen).toEqual([60])
  })

  test('runs branches, and gives their results in order', async () => {
    function* branch(n: number): Io<number> {
      return (yield* size(n)) + (yield* size(n + 1))
    }
    function* branches(): Io<number[]> {
      return yield* all(Array.from({ length: 40 }, (_, i) => branch(i + 20)))
    }
    expect(await run(branches())).toEqual(Array.from({ length: 40 }, (_, i) => (2 * (i + 20) + 1) * 10))
    expect(await run(all([]))).toEqual([])
  })

  test('tells the failure of a branch when no other is left running', async () => {
    let ended = 0
    function* branch(n: number): Io<number> {
      try {
        yield* size(n)
        return yield* size(n)
      } finally {
        ended++
      }
    }
    function* branches(): Io<number[]> {
      return yield* all([branch(1), branch(13), branch(2)])
    }
    await expect(run(branches())).rejects.toThrow('unlucky')
    // One after the other, those behind the failure are not begun.
    expect(ended).toBeGreaterThanOrEqual(2)
  })
})

describe('runners inside one another', () => {
  const other = { size: ({ file }: { file: number }) => -file } as unknown as SyncHost

  test('a callback that runs something of its own does not change who answers', async () => {
    const inside: unknown[] = []
    function* outer(): Io<number[]> {
      const first = yield* size(1)
      // As a backend's decode() may do, or the callback of update().
      inside.push(runSync(size(7), other))
      inside.push(runAsync(size(8), asyncHost))
      const second = yield* size(2)
      return [first, second]
    }
    expect(runSync(outer(), syncHost)).toEqual([10, 20])
    expect(inside[0]).toBe(-7)
    expect(await inside[1]).toBe(80)
    expect(await runAsync(outer(), asyncHost)).toEqual([10, 20])
  })

  test('nobody answers outside a run', () => {
    const io = size(1)
    expect(io.next()).toEqual({ done: false, value: { op: 'size', file: 1 } as unknown as Request })
    try {
      runSync(size(13), syncHost)
    } catch {
      // It is not left answering.
    }
    expect(size(1).next().done).toBe(false)
  })
})

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EntryWatcher } from '../../lib/cli/watcher.ts'
import { Bucket } from '../../lib/index.ts'
import { newFolder } from '../support/folders.ts'
import { newPlace, start, until } from './support.ts'

test('watch shows what happens, in whichever process, as it happens', async () => {
  const { folder, env } = newPlace()
  const bucket = new Bucket<any, any>(folder)
  bucket.set('before', 1, { tag: 't' })
  const watching = start(['watch', '--json'], { env })
  await watching.complains(`watching ${folder}`)
  const seen = async (...parts: string[]) => {
    for (const part of parts) await watching.shows(part)
  }
  bucket.set('a', 'hello', { tag: ['x', 1], expire: { hours: 1 } })
  await seen('"what":"set","key":"a","size":9')
  bucket.touch('a', null)
  await seen('"what":"touch","key":"a","size":9,"expiresAt":null')
  bucket.delete('a')
  await seen('"what":"delete","key":"a"')
  bucket.evict('t')
  await seen('"what":"gone","key":"before"')
  // Of another backend, whose first entry this is.
  new Bucket(folder, { backend: 'json' }).set({ b: 1 }, true)
  await seen('"what":"set","key":"{\\"b\\":1}"')
  watching.child.kill('SIGINT')
  const { status, stdout, stderr } = await watching
  expect([status, stderr]).toEqual([130, `bucketcache: watching ${folder}\n`])
  const lines = stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
  expect(lines.map(({ what }) => what)).toEqual(['set', 'touch', 'delete', 'gone', 'set'])
  expect(lines[0].tags).toEqual(['x', 1])
  expect(Date.parse(lines[0].expiresAt) - Date.parse(lines[0].at)).toBeGreaterThan(3_500_000)
})

test('watch ends after so many lines, of keys that begin so; a computation is seen as a claim', async () => {
  const { folder, env } = newPlace()
  const bucket = new Bucket<any, any>(folder)
  const watching = start(['watch', '--limit', '2', '--prefix', 'user:'], { env })
  await watching.complains('watching')
  bucket.set('other', 1)
  let computed: ((value: number) => void) | undefined
  const value = bucket.promises.getOrSet(
    'user:1',
    () =>
      new Promise<number>(resolve => {
        computed = resolve
      }),
  )
  await until(() => computed !== undefined, 'it is computed')
  bucket.set('user:2', 2)
  await watching.shows('user:2')
  computed!(1)
  expect(await value).toBe(1)
  const { status, stdout } = await watching
  expect(status).toBe(0)
  expect(stdout.split('\n').map(line => line.split('\t').slice(1, 3).join(' '))).toEqual([
    'set user:2',
    'set user:1',
    '',
  ])
})

test('EntryWatcher follows folders that go and come again', async () => {
  const folder = join(newFolder(), 'cache')
  const bucket = new Bucket<any, any>(folder)
  const seen = new Set<string>()
  const watcher = new EntryWatcher(folder, paths => {
    for (const path of paths) seen.add(path)
  })
  try {
    for (let round = 0; round < 3; round++) {
      seen.clear()
      bucket.set('a', round)
      await until(() => seen.size === 1, `it is seen, round ${round}`)
      bucket.clear()
    }
  } finally {
    watcher.close()
  }
})

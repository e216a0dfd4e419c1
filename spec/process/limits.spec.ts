// A disk that is really full cannot be had in a test; a limit on the length of files can, and the system then writes as much
// of a record as fits.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Bucket } from '../../lib/index.ts'
import { entryFiles, newFolder } from '../support/folders.ts'

const filler = fileURLToPath(new URL('../../fixtures/process/filler.mjs', import.meta.url))
const crowd = fileURLToPath(new URL('../../fixtures/process/crowd.mjs', import.meta.url))

test.skipIf(process.platform === 'win32').each(['v8', 'json'] as const)(
  'a write that the system cuts short is told, and the value before it stands: %s',
  async backend => {
    const folder = newFolder()
    new Bucket<string, unknown>(folder, { backend }).set('b', 'bystander')
    // Blocks of 512 bytes.
    const command = `ulimit -f 7; exec "$0" "$@"`
    const said = execFileSync('sh', ['-c', command, process.execPath, filler, folder, backend], { encoding: 'utf8' })
    const { acknowledged, errors, value, other } = JSON.parse(said)
    expect(acknowledged).toBeGreaterThan(3)
    expect(errors.length).toBeGreaterThan(0)
    expect(value).toBe(acknowledged)
    expect(other).toBe(true)
    const [file] = entryFiles(folder).filter(path => readFileSync(path).length > 2000)
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'StorageIOError', code: 'ERR_IO' })
      expect(error.path).toMatch(/^\//)
      expect(error.inside).toBe(acknowledged)
    }
    expect(errors[0].path).toBe(file)

    const bucket = new Bucket<string, any>(folder, { backend })
    expect(bucket.get('a')).toMatchObject({ n: acknowledged })
    bucket.set('a', { n: 'new' })
    expect(bucket.get('a')).toEqual({ n: 'new' })
    expect(bucket.check({ fix: true }).every(problem => problem.fixed)).toBe(true)
    expect(bucket.check()).toEqual([])
    expect([...bucket.keys()]).toEqual(['b', 'a'])
  },
)

test.skipIf(process.platform === 'win32')('however much is done at once, a few files are open at a time', () => {
  const folder = newFolder()
  const command = `ulimit -n 256; exec "$0" "$@"`
  const said = execFileSync('sh', ['-c', command, process.execPath, crowd, folder, '3000'], { encoding: 'utf8' })
  expect(JSON.parse(said)).toEqual({ right: 3000, many: 3000, pulled: true, inOrder: true, deleted: 3000, left: 200 })
})

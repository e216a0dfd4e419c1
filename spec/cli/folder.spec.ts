import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { cacheFolder, userCaches } from '../../lib/cli/folder.ts'

const home = resolve('/home/ada')

test('caches of a user are where the system has them', () => {
  expect(userCaches({}, 'linux', home)).toBe(join(home, '.cache'))
  expect(userCaches({}, 'darwin', home)).toBe(join(home, 'Library', 'Caches'))
  expect(userCaches({}, 'win32', home)).toBe(join(home, 'AppData', 'Local'))
  expect(userCaches({ LOCALAPPDATA: 'C:\\Local' }, 'win32', home)).toBe('C:\\Local')
})

test('XDG_CACHE_HOME counts if it is absolute', () => {
  const there = resolve('/elsewhere')
  expect(userCaches({ XDG_CACHE_HOME: there }, 'linux', home)).toBe(there)
  expect(userCaches({ XDG_CACHE_HOME: there }, 'darwin', home)).toBe(there)
  expect(userCaches({ XDG_CACHE_HOME: 'relative' }, 'linux', home)).toBe(join(home, '.cache'))
  expect(userCaches({ XDG_CACHE_HOME: '' }, 'linux', home)).toBe(join(home, '.cache'))
})

test('an option comes before the environment, and that before the user’s caches', () => {
  const env = { BUCKETCACHE_FOLDER: resolve('/b'), XDG_CACHE_HOME: resolve('/c') }
  expect(cacheFolder(resolve('/a'), env)).toBe(resolve('/a'))
  expect(cacheFolder('a', env)).toBe(resolve('a'))
  expect(cacheFolder(undefined, env)).toBe(resolve('/b'))
  expect(cacheFolder(undefined, { ...env, BUCKETCACHE_FOLDER: '' })).toBe(resolve('/c/bucketcache'))
})

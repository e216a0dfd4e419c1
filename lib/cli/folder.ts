// Where the cache is, unless it is said.

import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** The folder that an option, or else the environment, names; else the one where a user's caches are. */
export function cacheFolder(option: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const named = option ?? (env['BUCKETCACHE_FOLDER'] || undefined)
  return resolve(named ?? join(userCaches(env, process.platform, homedir()), 'bucketcache'))
}

/** As the systems have it: XDG's base directories, macOS's Library, Windows' local application data. */
export function userCaches(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  const xdg = env['XDG_CACHE_HOME']
  // A relative one is to be ignored, says the specification.
  if (xdg !== undefined && isAbsolute(xdg)) return xdg
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local')
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache')
}

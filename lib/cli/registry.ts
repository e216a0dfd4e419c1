// The commands there are: what each is for, in a line, and where it is.

import type { Command } from './command.ts'

interface Registered {
  readonly group: string
  readonly says: string
  // Their options differ; who runs one has parsed with its own.
  load(): Promise<{ command: Command<any> }>
}

export const commands = {
  exec: {
    group: 'Commands in the cache',
    says: 'Run a command, or give what it gave before: output and exit status',
    load: () => import('./commands/exec.ts'),
  },
  run: {
    group: 'Commands in the cache',
    says: 'Run one task of a module (bucketcache/tasks)',
    load: () => import('./commands/run.ts'),
  },
  ls: { group: 'Looking in', says: 'List what is stored', load: () => import('./commands/ls.ts') },
  get: { group: 'Looking in', says: 'Show a value', load: () => import('./commands/get.ts') },
  set: { group: 'Looking in', says: 'Store a value', load: () => import('./commands/set.ts') },
  delete: { group: 'Looking in', says: 'Remove keys', load: () => import('./commands/delete.ts') },
  info: {
    group: 'Looking in',
    says: 'Entries, volume, hits, tags, ages and sizes',
    load: () => import('./commands/info.ts'),
  },
  tags: { group: 'Looking in', says: 'List the tags, and what they hold', load: () => import('./commands/tags.ts') },
  queue: { group: 'Looking in', says: 'Push, pull, peek, list queues', load: () => import('./commands/queue.ts') },
  stats: { group: 'Looking in', says: 'Count hits and misses', load: () => import('./commands/stats.ts') },
  watch: { group: 'Looking in', says: 'Show what happens, as it happens', load: () => import('./commands/watch.ts') },
  check: {
    group: 'Keeping order',
    says: 'Find what crashes and damage have left, and mend it',
    load: () => import('./commands/check.ts'),
  },
  prune: {
    group: 'Keeping order',
    says: 'Remove what has expired, or is older than you say',
    load: () => import('./commands/prune.ts'),
  },
  expire: {
    group: 'Keeping order',
    says: 'Remove what has expired, by the index of expiry',
    load: () => import('./commands/expire.ts'),
  },
  evict: { group: 'Keeping order', says: 'Remove what carries a tag', load: () => import('./commands/evict.ts') },
  cull: { group: 'Keeping order', says: 'Remove what is over the limits', load: () => import('./commands/cull.ts') },
  clear: { group: 'Keeping order', says: 'Remove everything', load: () => import('./commands/clear.ts') },
  export: { group: 'Moving', says: 'Write all entries as JSON lines', load: () => import('./commands/export.ts') },
  import: { group: 'Moving', says: 'Store entries from JSON lines', load: () => import('./commands/import.ts') },
  migrate: {
    group: 'Moving',
    says: 'Store all entries with another backend',
    load: () => import('./commands/migrate.ts'),
  },
  completion: {
    group: 'Moving',
    says: 'Print the completion script for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
} as const satisfies Record<string, Registered>

export type CommandName = keyof typeof commands

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}

/** What other programs call them. */
export const otherNames: Readonly<Record<string, CommandName>> = {
  list: 'ls',
  keys: 'ls',
  dir: 'ls',
  cat: 'get',
  show: 'get',
  put: 'set',
  store: 'set',
  rm: 'delete',
  del: 'delete',
  remove: 'delete',
  status: 'info',
  du: 'info',
  monitor: 'watch',
  tail: 'watch',
  verify: 'check',
  fsck: 'check',
  fix: 'check',
  gc: 'prune',
  invalidate: 'evict',
  flush: 'clear',
  flushall: 'clear',
  dump: 'export',
  restore: 'import',
  load: 'import',
  cache: 'exec',
  completions: 'completion',
}

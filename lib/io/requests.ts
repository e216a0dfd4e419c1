// Everything an algorithm may ask of the world, and what it is told. Algorithms are generators that yield these requests
// and are resumed with the replies; who performs them — node:fs at once, node:fs by callbacks, a simulated disk — is the
// runner's business, and no algorithm can find out. One request is one thing that another process may come between.

/** A file that an algorithm holds open: the descriptor's number. */
export type File = number

/** The end of a file: bytes `[start, size)` of it, where `start` is 0 if the whole file was within reach. */
export interface Window {
  readonly bytes: Buffer
  readonly start: number
  readonly size: number
  /** Of the file, from before its bytes were read; only where it was asked for. */
  readonly stamp?: FileStamp | undefined
}

/** What identifies the state of a file without reading it: it changes with every append and every replacement. */
export interface FileStamp {
  readonly size: number
  readonly ino: number
  readonly mtimeMs: number
  /** When its name or contents last changed. */
  readonly ctimeMs: number
  /** How many names it has; 0: it was removed, and only those who have it open still do. */
  readonly nlink: number
}

/** A file that was kept open: the same object for as long as it is. */
export interface Kept {
  readonly file: File
}

/** What came of a shared append. */
export interface SharedAppend {
  /** Where the askers had expected the end, right before the write. */
  readonly expected: number
  /** All that was written in one. */
  readonly bytes: Uint8Array
  /** Of the file, from after the append. */
  readonly size: number
  readonly nlink: number
  /** For those who share it: whether what they have appended counts, once one of them has found out. */
  stands?: boolean
}

/** Who holds a seal or a claim, as text; see `owner.ts`. */
export type Owner = string

/** Each request by the name of what is asked: what it says, and what it is told. */
export interface Effects {
  /** Opens, reads the last `reach` bytes, or more, and closes. `undefined`: no such file. In the synchronous world the bytes are
   *  good only until the algorithm's next request. */
  load: { ask: { path: string; reach: number; stamped?: boolean }; reply: Window | undefined }
  /** Opens to read and append, or with `onlyRead` to read. `undefined`: no such file, and `create` is false. Folders are made
   *  as needed. */
  open: { ask: { path: string; create: boolean; onlyRead?: boolean }; reply: File | undefined }
  /** As `load`, of an open file, into bytes of the caller's own. */
  tail: { ask: { file: File; reach: number }; reply: Window }
  /** Up to `length` bytes from `position`; fewer at the end of the file. */
  read: { ask: { file: File; position: number; length: number }; reply: Buffer }
  size: { ask: { file: File }; reply: number }
  /** Appends in one write, wherever the end is by then. A write that fell short is an error, and leaves a torn record. */
  append: { ask: { file: File; bytes: Uint8Array }; reply: void }
  /** As `append` and then `stampOf`, with `durable` a `sync` in between. What several operations of a thread append to one open file
   *  at the same time may be one write, and the reply is one object for all of them then. `expected` is asked for right before. */
  appendShared: {
    ask: { file: File; bytes: Uint8Array; durable: boolean; expected: () => number }
    reply: SharedAppend
  }
  /** Brings the file's bytes to the medium. */
  sync: { ask: { file: File }; reply: void }
  close: { ask: { file: File }; reply: void }
  /** Instead of `close`, of a file that is likely to be opened again soon. */
  keep: { ask: { file: File; path: string }; reply: void }
  /** Opens a file that was kept, without asking the filesystem: it is the one that was kept, whatever has the path by now. Others of
   *  this thread may have it open at the same time. `undefined`: none is, or no longer. */
  kept: { ask: { path: string }; reply: Kept | undefined }
  /** Creates a file that must not exist, whole; with `durable`, on the medium. */
  write: { ask: { path: string; bytes: Uint8Array; durable: boolean }; reply: void }
  /** Overwrites bytes of a file that nobody else knows of yet. */
  patch: { ask: { path: string; position: number; bytes: Uint8Array; durable: boolean }; reply: void }
  /** The CRC-32 of `head` followed by the bytes of a file from `from` on. */
  checksum: { ask: { path: string; head: Uint8Array; from: number }; reply: number }
  /** Replaces small files about the folder as one step: settings, its marks, the mark of the index of tags. */
  publish: { ask: { path: string; bytes: Uint8Array; durable: boolean }; reply: void }
  /** As `stat`, of an open file. */
  stampOf: { ask: { file: File }; reply: FileStamp }
  /** Renames to a name that nobody else has. False: there was nothing. */
  moveAway: { ask: { from: string; to: string }; reply: boolean }
  rename: { ask: { from: string; to: string }; reply: void }
  /** Whether there was a file to unlink. */
  unlink: { ask: { path: string }; reply: boolean }
  /** Unlinks in the background; `done` is called at the end, perhaps much later, and told whether there is no such file any more. */
  discard: { ask: { path: string; done: (isGone: boolean) => void }; reply: void }
  stat: { ask: { path: string }; reply: FileStamp | undefined }
  /** Names in a folder, in no order; `undefined`: no such folder. */
  list: { ask: { path: string }; reply: string[] | undefined }
  /** Removes a folder if it is empty. */
  removeFolder: { ask: { path: string }; reply: void }
  /** Brings a folder's names to the medium. */
  syncFolder: { ask: { path: string }; reply: void }
  /** Lets others run. `own`: what is waited for belongs to this very thread, so a synchronous caller would wait for ever. */
  sleep: { ask: { ms: number; own: boolean; path: string }; reply: void }
  /** Whether the owner may still act; `since` is when it last gave a sign of life, `patienceMs` how long an owner on another
   *  host is given. */
  alive: { ask: { owner: Owner; since: number; patienceMs: number }; reply: boolean }
  /** Takes the lock file beside `path` (proper-lockfile); TimeoutError after `timeoutMs`. */
  lock: { ask: { path: string; timeoutMs: number }; reply: Lock }
  unlock: { ask: { lock: Lock }; reply: void }
  /** Answered by the runners themselves: runs all branches, and replies with their results in order. */
  all: { ask: { branches: Io<unknown>[] }; reply: unknown[] }
}

/** A lock file that is held. */
export interface Lock {
  readonly path: string
  readonly release: () => void | Promise<void>
}

export type Op = keyof Effects
export type Reply<K extends Op> = Effects[K]['reply']
export type RequestOf<K extends Op> = { readonly op: K } & Readonly<Effects[K]['ask']>
export type Request = { [K in Op]: RequestOf<K> }[Op]

/** An algorithm in progress: yields requests, is resumed with replies, returns a `T`. */
export type Io<T> = Generator<Request, T, unknown>

/** Who performs requests at once. A host that forgets one does not compile. */
export type SyncHost = { readonly [K in Exclude<Op, 'all'>]: (request: RequestOf<K>) => Reply<K> }
/** Who performs them later. */
export type AsyncHost = { readonly [K in Exclude<Op, 'all'>]: (request: RequestOf<K>) => Promise<Reply<K>> }

/** Who answers on the spot: the host of the synchronous run that this thread is in. */
let atOnce: SyncHost | undefined

/** Makes `host` the one who answers on the spot, undefined: nobody. Returns who was; for the runners only. */
export function answerAtOnce(host: SyncHost | undefined): SyncHost | undefined {
  const before = atOnce
  atOnce = host
  return before
}

/** The only way from a request to its reply; the one place where a reply is given its type. Always `yield*` it, and at once:
 *  in a synchronous run the reply is there before it is asked for, in an iterator that is the same for all. (Suspending a
 *  dozen generators, one inside the other, for each request would cost as much as a system call.) */
export function ask<K extends Exclude<Op, 'all'>>(request: RequestOf<K>): Io<Reply<K>> {
  if (atOnce === undefined) return askLater(request)
  reply.value = (atOnce[request.op] as (request: RequestOf<K>) => Reply<K>)(request)
  return replied as unknown as Io<Reply<K>>
}

const reply: { done: true; value: unknown } = { done: true, value: undefined }
const replied = {
  next: () => reply,
  [Symbol.iterator]() {
    return this
  },
}

function* askLater<K extends Exclude<Op, 'all'>>(request: RequestOf<K>): Io<Reply<K>> {
  return (yield request as unknown as Request) as Reply<K>
}

/** Runs `branches` side by side where the world can, and gives their results in order. */
export function* all<T>(branches: Io<T>[]): Io<T[]> {
  if (branches.length === 0) return []
  return (yield { op: 'all', branches }) as T[]
}

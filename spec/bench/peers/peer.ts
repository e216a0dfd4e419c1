// What is compared with: other caches, each behind the same five methods. Every peer is used as its README says, with the
// settings under which another process would find what was stored.

/** Methods may answer with promises or at once. */
export interface PeerStore {
  set(key: string, value: unknown): unknown
  /** undefined or null: a miss. */
  get(key: string): unknown
  delete(key: string): unknown
  /** Stores many, faster than one after another where that can be done. */
  fill?(entries: Iterable<readonly [string, unknown]>): unknown
  close?(): unknown
}

export interface Peer {
  readonly name: string
  /** What must be known to read its numbers. */
  readonly says: string
  /** Throws if the package is not installed. */
  open(folder: string): Promise<PeerStore>
}

/** A module that may not be installed, and whose types are not ours to know: what is used of it is named where it is used. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T
}

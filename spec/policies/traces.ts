// Traces of keys that are asked for, and caches in memory that follow a policy to the letter: what ours is compared with.

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // xorshift32
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

/** Keys 0, 1, 2 …, each the less often asked for the larger it is (Zipf's law with this exponent). */
export function zipf(length: number, keys: number, exponent: number, seed: number): number[] {
  const random = randomFrom(seed)
  const upTo: number[] = []
  let sum = 0
  for (let rank = 1; rank <= keys; rank++) {
    sum += rank ** -exponent
    upTo.push(sum)
  }
  return Array.from({ length }, () => {
    const wanted = random() * sum
    let [low, high] = [0, keys - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  })
}

/** The same, with keys in between that are asked for once, one after another, as by a backup. */
export function withScans(trace: readonly number[], every: number, scan: number): number[] {
  let fresh = 1_000_000
  return trace.flatMap((key, i) =>
    i % every === every - 1 ? [key, ...Array.from({ length: scan }, () => fresh++)] : [key],
  )
}

/** A cache of keys: says whether it has one, and takes it in if not. */
export type Cache = (key: number) => boolean

export function hitRatio(trace: readonly number[], cache: Cache): number {
  let hits = 0
  for (const key of trace) if (cache(key)) hits++
  return hits / trace.length
}

export function lru(capacity: number): Cache {
  const order = new Set<number>()
  return key => {
    const hit = order.delete(key)
    order.add(key)
    if (order.size > capacity) order.delete(order.values().next().value!)
    return hit
  }
}

/** Counts of keys that are not in the cache are forgotten; of equals the one that was stored first goes. */
export function lfu(capacity: number): Cache {
  const uses = new Map<number, { count: number; stored: number }>()
  let clock = 0
  return key => {
    const use = uses.get(key)
    if (use !== undefined) {
      use.count++
      return true
    }
    uses.set(key, { count: 0, stored: clock++ })
    if (uses.size <= capacity) return false
    let least: number | undefined
    for (const [other, { count, stored }] of uses) {
      const best = least === undefined ? undefined : uses.get(least)!
      if (best === undefined || count < best.count || (count === best.count && stored < best.stored)) least = other
    }
    uses.delete(least!)
    return false
  }
}

/** SIEVE (Zhang and others, 2024): one queue in order of storing; a hand goes from the oldest on, spares what was read since it
 *  came by, and evicts the first that was not. */
export function sieve(capacity: number): Cache {
  interface Node {
    readonly key: number
    visited: boolean
    newer: Node | undefined
    older: Node | undefined
  }
  const nodes = new Map<number, Node>()
  let newest: Node | undefined
  let oldest: Node | undefined
  let hand: Node | undefined
  return key => {
    const known = nodes.get(key)
    if (known !== undefined) {
      known.visited = true
      return true
    }
    if (nodes.size === capacity) {
      let victim = hand ?? oldest!
      while (victim.visited) {
        victim.visited = false
        victim = victim.newer ?? oldest!
      }
      hand = victim.newer
      if (victim.newer !== undefined) victim.newer.older = victim.older
      else newest = victim.older
      if (victim.older !== undefined) victim.older.newer = victim.newer
      else oldest = victim.newer
      nodes.delete(victim.key)
    }
    const node: Node = { key, visited: false, newer: undefined, older: newest }
    if (newest !== undefined) newest.newer = node
    newest = node
    oldest ??= node
    nodes.set(key, node)
    return false
  }
}

/** S3-FIFO (Yang and others, 2023): a small queue for newcomers, a main one for what was read again, and the names of those that
 *  left the small one unread. */
export function s3fifo(capacity: number): Cache {
  const smallCapacity = Math.max(1, Math.floor(capacity / 10))
  const small = new Map<number, number>()
  const main = new Map<number, number>()
  const ghosts = new Set<number>()
  const first = (queue: Map<number, number>): [number, number] => queue.entries().next().value!
  const evictMain = (): void => {
    for (;;) {
      const [key, reads] = first(main)
      main.delete(key)
      if (reads === 0) return
      main.set(key, reads - 1)
    }
  }
  const evictSmall = (): void => {
    while (small.size > 0) {
      const [key, reads] = first(small)
      small.delete(key)
      if (reads > 1) {
        main.set(key, 0)
        if (main.size > capacity - smallCapacity) evictMain()
        continue
      }
      ghosts.add(key)
      if (ghosts.size > capacity - smallCapacity) ghosts.delete(ghosts.values().next().value!)
      return
    }
    evictMain()
  }
  return key => {
    for (const queue of [small, main]) {
      const reads = queue.get(key)
      if (reads === undefined) continue
      queue.set(key, Math.min(3, reads + 1))
      return true
    }
    while (small.size + main.size >= capacity) {
      if (small.size >= smallCapacity || main.size === 0) evictSmall()
      else evictMain()
    }
    if (ghosts.delete(key)) main.set(key, 0)
    else small.set(key, 0)
    return false
  }
}

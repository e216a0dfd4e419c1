// What is kept only as long as somebody else has it.

/** Values by their keys, for as long as they are in use elsewhere. */
export class WeakValues<K, V extends object> {
  readonly #refs = new Map<K, WeakRef<V>>()
  #sweepAt = 64

  get(key: K): V | undefined {
    return this.#refs.get(key)?.deref()
  }

  set(key: K, value: V): void {
    this.#refs.set(key, new WeakRef(value))
    if (this.#refs.size < this.#sweepAt) return
    for (const [each, ref] of this.#refs) if (ref.deref() === undefined) this.#refs.delete(each)
    // Twice what is in use: so each is looked at a few times at most.
    this.#sweepAt = Math.max(64, 2 * this.#refs.size)
  }

  /** Those that are in use. */
  *values(): Generator<V> {
    for (const ref of this.#refs.values()) {
      const value = ref.deref()
      if (value !== undefined) yield value
    }
  }
}

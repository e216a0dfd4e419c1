/**
 * `[cacheState]()` on a class gives the part of an instance that belongs into keys, in place of `toJSON()` and of its own
 * fields (BucketCache: the `__getstate__` it asks of objects in keys). It comes before everything else, also on a subclass
 * of Map or Array. What it returns is a key like any other; returning `this` stands for the own fields. It must depend on
 * nothing but the instance, and give the same in every process.
 *
 * `#private` fields are in a key only through it. The symbol is registered (`Symbol.for('bucketcache.cacheState')`), so two
 * copies of this package in one program agree on it, and a class need not import it.
 *
 * @example
 * class Model {
 *   #connection: Connection
 *   constructor(readonly name: string, connection: Connection) { this.#connection = connection }
 *   [cacheState]() { return { name: this.name, server: this.#connection.host } }
 * }
 */
export const cacheState: unique symbol = Symbol.for('bucketcache.cacheState') as never

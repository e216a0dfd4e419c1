/**
 * Turns a key into the bytes that identify it (BucketCache: KeyMaker). Two keys are the same key exactly when these
 * bytes are equal; strings count as their UTF-8 bytes, and how the bytes are cut into pieces does not count.
 */
export interface KeyMaker {
  /** @throws UnserializableError that names the path to the part that cannot be in a key. */
  makeKey(value: unknown): Iterable<string | Uint8Array>
}

/**
 * A key maker whose output is text from which the key can be read back, so that a log needs to hold one form of the key
 * only. The two that come with the package are of this kind; for any other, a bucket keeps a readable form beside the bytes.
 */
export interface ReadableKeyMaker extends KeyMaker {
  /** All of `makeKey(value)` in one piece of text. */
  keyText(value: unknown): string
  /** The inverse of `keyText`: a value for which `keyText` gives `text` again.
   *  @throws BackendLoadError when `text` is not one that `keyText` gives. */
  readKey(text: string): unknown
}

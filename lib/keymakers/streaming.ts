// The key maker for keys too large to be held in one piece: the same writer, stopped whenever there is a chunk.

import { DefaultKeyMaker, type KeyMakerOptions } from './default.ts'
import { checkNames } from './options.ts'
import { partsPair } from './text.ts'
import { TextWriter } from './writer.ts'

/** What a {@link StreamingKeyMaker} can be told. */
export interface StreamingKeyMakerOptions extends KeyMakerOptions {
  /** The most bytes of UTF-8 in a chunk, at least 1; default 65536. A character is never divided, so that a chunk of fewer
   *  than 4 may be that long. */
  chunkSize?: number
}

/**
 * Makes the same keys as a {@link DefaultKeyMaker}, byte for byte, but `makeKey` gives them out in chunks and never holds the
 * whole text, so that a Buffer of gigabytes or a list of millions of rows can be a key (BucketCache: StreamingKeyMaker). It
 * holds a chunk, at most 200 KiB more, and the names of the fields of the objects it is in.
 *
 * `keyText` and `readKey` work on one text, with its limits.
 */
export class StreamingKeyMaker extends DefaultKeyMaker {
  /** The most bytes in a chunk. */
  readonly chunkSize: number

  /** @throws TypeError when an option is unknown or of the wrong type, RangeError when `chunkSize` is not 1 or more. */
  constructor(options: StreamingKeyMakerOptions = {}) {
    checkNames(options, ['sortKeys', 'chunkSize'])
    const { chunkSize = 65_536, ...others } = options
    super(others)
    if (typeof chunkSize !== 'number')
      throw new TypeError(`Expected chunkSize to be a number, got ${String(chunkSize)}`)
    if (!Number.isSafeInteger(chunkSize) || chunkSize < 1) {
      throw new RangeError(`Expected chunkSize to be a whole number of 1 or more, got ${chunkSize}`)
    }
    this.chunkSize = chunkSize
  }

  /**
   * The text of `value` in chunks, to be gone through once, and before `value` is changed.
   * @throws UnserializableError as keyText() does; for a part beyond the first chunk, when that part is reached.
   */
  override makeKey(value: unknown): Iterable<string | Uint8Array> {
    const writer = new TextWriter(this.sortKeys)
    const isWhole = writer.begin(value, this.chunkSize)
    // As many code units as bytes is three times the bytes at worst.
    if (isWhole && writer.text.length * 3 <= this.chunkSize) return [writer.text]
    return chunks(writer, isWhole, this.chunkSize)
  }
}

function* chunks(writer: TextWriter, begunWhole: boolean, size: number): Generator<string, void, undefined> {
  for (let isWhole = begunWhole; ; isWhole = writer.resume(size)) {
    const { text } = writer
    let start = 0
    while (start < text.length && (isWhole || text.length - start >= size)) {
      const end = endOfChunk(text, start, size)
      yield text.slice(start, end)
      start = end
    }
    writer.text = text.slice(start)
    if (isWhole) return
  }
}

function endOfChunk(text: string, start: number, size: number): number {
  let end = Math.min(start + size, text.length)
  // No code unit takes more than three bytes.
  if (Buffer.byteLength(text.slice(start, end)) > size) end = start + Math.max(1, Math.floor(size / 3))
  if (!partsPair(text, end)) return end
  return end - 1 > start ? end - 1 : end + 1
}

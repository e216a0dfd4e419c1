import { deserialize, serialize } from 'node:v8'
import { BackendLoadError, UnserializableError } from '../errors.ts'
import type { Backend } from './backend.ts'
import { isOrdinary } from './ordinary.ts'
import { refuseUncloneable } from './refuse.ts'

const STRICTNESS = { exact: false, maps: false }

/**
 * Structured clone, in V8's own format (BucketCache: PickleBackend): Map, Set, Date, RegExp, Error, bigint, typed arrays,
 * Buffer, `undefined`, sparse arrays, cycles, and objects that are met twice. As with `structuredClone`, an instance of
 * a class comes back as a plain object of its own enumerable properties, an Error with its message, stack and cause only,
 * and properties under symbols are not kept. Refused is what would come back empty: functions, symbols, Promises, a URL
 * or Blob, and what is nested more than 1,000 levels deep.
 *
 * A typed array that comes back may share its `buffer` with the bytes that it was read from: copy it (`slice()`) before
 * handing on the `buffer`, or when a small part of a large value is to be kept for long.
 *
 * What a newer Node.js has written an older one may not be able to read: then the key reads as missing there.
 */
export class V8Backend implements Backend {
  readonly name = 'v8'
  readonly fileExtension = 'v8'

  encode(value: unknown): Uint8Array {
    if (!isOrdinary(value, STRICTNESS)) refuseUncloneable(value, 'V8Backend')
    try {
      return serialize(value)
    } catch (error) {
      // V8 does not tell where. If the walk finds nothing wrong, or is stopped by a getter that throws, V8 was too.
      refuseUncloneable(value, 'V8Backend')
      const { message } = error as Error
      throw new UnserializableError(`V8Backend cannot keep the value: ${message}`, { cause: error })
    }
  }

  decode(bytes: Uint8Array): unknown {
    try {
      return deserialize(bytes)
    } catch (error) {
      throw new BackendLoadError(`These ${bytes.length} bytes are not what V8Backend writes.`, { cause: error })
    }
  }
}

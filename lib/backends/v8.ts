import { DefaultDeserializer, serialize } from 'node:v8'
import { BackendLoadError, UnserializableError } from '../errors.ts'
import type { Backend, SliceDecoder } from './backend.ts'
import { isOrdinary } from './ordinary.ts'
import { ownBuffer } from './own.ts'
import { refuseUncloneable } from './refuse.ts'
import { bigintArrays, float16Arrays, numberArrays, type ViewType } from './views.ts'

const BUFFER = 10

/** The kinds of views by their numbers in what node:v8 writes; a Buffer is in the place of the eleventh. */
const viewTypes: readonly ViewType[] = [...numberArrays, DataView, Uint8Array, ...bigintArrays, ...float16Arrays]

/** Gives each view a buffer of its own, where that of Node.js gives views on the bytes that it reads. */
class OwningDeserializer extends DefaultDeserializer {
  _readHostObject(): ArrayBufferView {
    const type = this.readUint32()
    const View = viewTypes[type]
    if (View === undefined) throw new TypeError(`Expected the number of a kind of view, got ${type}`)
    const own = ownBuffer(this.readRawBytes(this.readUint32()))
    return type === BUFFER ? own : new View(own.buffer)
  }
}

const STRICTNESS = { exact: false, maps: false }

/**
 * Structured clone, in V8's own format (BucketCache: PickleBackend): Map, Set, Date, RegExp, Error, bigint, typed arrays,
 * Buffer, `undefined`, sparse arrays, cycles, and objects that are met twice. As with `structuredClone`, an instance of
 * a class comes back as a plain object of its own enumerable properties, an Error with its message, stack and cause only,
 * and properties under symbols are not kept. Refused is what would come back empty: functions, symbols, Promises, a URL
 * or Blob, and what is nested more than 1,000 levels deep.
 *
 * A typed array or Buffer that comes back has a `buffer` of its own, of exactly its length.
 *
 * What a newer Node.js has written an older one may not be able to read: then the key reads as missing there.
 */
export class V8Backend implements Backend, SliceDecoder {
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
      const deserializer = new OwningDeserializer(bytes)
      deserializer.readHeader()
      return deserializer.readValue()
    } catch (error) {
      throw new BackendLoadError(`These ${bytes.length} bytes are not what V8Backend writes.`, { cause: error })
    }
  }

  /** @internal As `decode`, of a part of a buffer. Nothing that comes back lies in it. */
  decodeSlice(buffer: Buffer, start: number, end: number): unknown {
    return this.decode(buffer.subarray(start, end))
  }
}

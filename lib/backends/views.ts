// The kinds of views on memory that there are.

/** Makes a view on all of a buffer. */
export type ViewType = new (buffer: ArrayBuffer) => ArrayBufferView

/** In the order in which node:v8 numbers them. */
export const numberArrays: readonly ViewType[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
]

export const bigintArrays: readonly ViewType[] = [BigInt64Array, BigUint64Array]

const float16: unknown = Reflect.get(globalThis, 'Float16Array')
/** Not in every Node.js: none, or one. */
export const float16Arrays: readonly ViewType[] = typeof float16 === 'function' ? [float16 as ViewType] : []

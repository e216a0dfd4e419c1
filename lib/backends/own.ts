// Values that hold memory of their own, as structuredClone gives them: nothing else can be seen through their `buffer`, and
// handing that on (`postMessage` with a transfer) takes nothing from others. Buffer.from(bytes) would take a piece of a
// pool that all Buffers share.

/** A copy, in an ArrayBuffer of exactly its length. */
export function ownBuffer(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(new Uint8Array(bytes).buffer)
}

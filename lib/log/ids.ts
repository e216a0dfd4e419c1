// Ids are sixteen hexadecimal digits, eight bytes on disk. Every record has some; to ask the engine for so few digits
// (`write(…, 'hex')`, `toString('hex')`) takes twice as long.

/** Writes an id as bytes. */
export function putId(bytes: Uint8Array, id: string, at: number): void {
  for (let i = 0; i < 16; i += 2) {
    bytes[at++] = (bitsOf(id.charCodeAt(i)) << 4) | bitsOf(id.charCodeAt(i + 1))
  }
}

/** The id that stands there as bytes. */
export function idAt(b: Uint8Array, i: number): string {
  // biome-ignore format: sixteen lines would say no more
  return String.fromCharCode(
    high(b[i]!), low(b[i]!), high(b[i + 1]!), low(b[i + 1]!), high(b[i + 2]!), low(b[i + 2]!), high(b[i + 3]!), low(b[i + 3]!),
    high(b[i + 4]!), low(b[i + 4]!), high(b[i + 5]!), low(b[i + 5]!), high(b[i + 6]!), low(b[i + 6]!), high(b[i + 7]!), low(b[i + 7]!),
  )
}

function high(byte: number): number {
  return digitOf(byte >> 4)
}

function low(byte: number): number {
  return digitOf(byte & 15)
}

/** The code of a digit, of its four bits. */
function digitOf(bits: number): number {
  return bits + (bits > 9 ? 0x57 : 0x30)
}

function bitsOf(digit: number): number {
  return digit - (digit > 0x60 ? 0x57 : 0x30)
}

/** The lines of a stream, of any length, without their ends. (Node's readline also ends a line at U+2028, which may stand in
 *  JSON.) */
export async function* linesOf(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk as Uint8Array)
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      pieces.push(bytes.subarray(start, end))
      yield Buffer.concat(pieces).toString()
      pieces = []
      start = end + 1
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start))
  }
  if (pieces.length > 0) yield Buffer.concat(pieces).toString()
}

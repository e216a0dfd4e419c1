/** When a stream takes more again, or nothing any more. */
export function drained(stream: NodeJS.WritableStream): Promise<void> {
  if ((stream as { writableNeedDrain?: boolean }).writableNeedDrain === false) return Promise.resolve()
  return new Promise(resolve => {
    const events = ['drain', 'close', 'error']
    const go = (): void => {
      for (const event of events) stream.removeListener(event, go)
      resolve()
    }
    for (const event of events) stream.once(event, go)
  })
}

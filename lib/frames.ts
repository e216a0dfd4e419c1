// The frames of the stack, for those who must know who called.

/** What V8 tells of a frame. Not all of it is in the types of Node.js, nor in every engine. */
export interface Frame {
  getFileName(): string | null | undefined
  getFunctionName(): string | null
  isAsync?(): boolean
  getEnclosingLineNumber?(): number | null
  getEnclosingColumnNumber?(): number | null
}

/** The frames below `entry`, a function that is running, at most so many; none where the engine does not tell. */
export function framesBelow(entry: (...args: never) => unknown, limit: number): Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  const holder: { stack?: unknown } = {}
  try {
    Error.stackTraceLimit = limit
    // The frames themselves: their text may have been changed by what maps sources.
    Error.prepareStackTrace = (_, frames) => frames
    Error.captureStackTrace(holder, entry)
    // V8 may ask for the text only here.
    return Array.isArray(holder.stack) ? holder.stack : []
  } catch {
    // Built-in objects may be frozen (`node --frozen-intrinsics`).
    return []
  } finally {
    restore(prepareStackTrace, stackTraceLimit)
  }
}

function restore(prepareStackTrace: typeof Error.prepareStackTrace, stackTraceLimit: number): void {
  try {
    Error.prepareStackTrace = prepareStackTrace
    Error.stackTraceLimit = stackTraceLimit
  } catch {
    // Frozen: nothing was changed either.
  }
}

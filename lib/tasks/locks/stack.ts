// Which functions are running, or wait for what is running.

import { type Frame, framesBelow } from '../../frames.ts'

/** A function: the file and the place where its text begins. Each call of it is the same. */
export type Place = string

/** Of the calls that led to the present one. */
export interface Callers {
  /** The function that called. */
  readonly caller: Place | undefined
  /** The function that the event loop has called or resumed, and those that await it, and so on. */
  readonly awaiting: ReadonlySet<Place>
}

const unknown: Callers = { caller: undefined, awaiting: new Set() }

/** Deeper than people nest calls that take locks. Of a deeper stack the outer end is not seen. */
const deepest = 200

/** Who called `entry`, a function that is running. Cheap; everything is unknown where the engine does not tell. */
export function callerOf(entry: (...args: never) => unknown): Callers {
  return { ...unknown, caller: placeOf(framesBelow(entry, 1)[0]) }
}

/** Who called `entry`, and who awaits that. Some microseconds. */
export function callersOf(entry: (...args: never) => unknown): Callers {
  const frames = framesBelow(entry, deepest)
  const running = frames.filter(frame => frame.isAsync?.() === false)
  // What goes on when a promise is settled is on the stack of what looks for settled promises, if that is no native code.
  const loop = running.findIndex(resumes)
  const resumed = loop === -1 ? running.at(-1) : running[loop - 1]
  const awaiting = [resumed, ...frames.filter(frame => frame.isAsync?.() === true)]
  return {
    caller: placeOf(frames[0]),
    awaiting: new Set(awaiting.map(placeOf).filter(place => place !== undefined)),
  }
}

function resumes(frame: Frame): boolean {
  const name = frame.getFunctionName()
  return (name === 'processTicksAndRejections' || name === 'runNextTicks') && !!frame.getFileName()?.startsWith('node:')
}

function placeOf(frame: Frame | undefined): Place | undefined {
  const line = frame?.getEnclosingLineNumber?.()
  const column = frame?.getEnclosingColumnNumber?.()
  return frame && line && column ? `${frame.getFileName()}:${line}:${column}` : undefined
}

// What is kept beside a memoized result, in the `purpose` of its record: words like `call took=12.5 fresh=1700000000000
// promise`. Most results need none of them, and have no purpose at all.

/** What a stored result says about itself. */
export interface Note {
  /** The function gave a promise: so must a call that is answered from the cache. */
  readonly promise: boolean
  /** How long the run took, in milliseconds; undefined: not measured. */
  readonly took: number | undefined
  /** Until when the result is fresh, in milliseconds since the epoch; undefined: until it expires. */
  readonly fresh: number | undefined
}

const first = 'call'
export const noNote: Note = { promise: false, took: undefined, fresh: undefined }

/** '' where there is nothing to say. */
export function writeNote({ promise, took, fresh }: Note): string {
  let words = ''
  if (took !== undefined) words += ` took=${took}`
  if (fresh !== undefined) words += ` fresh=${fresh}`
  if (promise) words += ' promise'
  return words === '' ? '' : first + words
}

/** Words that this version does not know are passed over; what is no note says nothing. */
export function readNote(purpose: string): Note {
  if (purpose === '') return noNote
  const [head, ...words] = purpose.split(' ')
  if (head !== first) return noNote
  let promise = false
  let took: number | undefined
  let fresh: number | undefined
  for (const word of words) {
    if (word === 'promise') promise = true
    else if (word.startsWith('took=')) took = number(word.slice(5))
    else if (word.startsWith('fresh=')) fresh = number(word.slice(6))
  }
  return { promise, took, fresh }
}

function number(text: string): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

// Can what many processes were told have come from operations one after another, each at one moment between its call and its
// return? The algorithm is that of Wing and Gong: take for the next operation any that was called before the first return that
// is still open, and go back when none fits; with Lowe's improvement: a set of operations that was tried, and led to
// the same state, is not tried again.
//
// One history is of one object (a key): histories of several objects are linearizable exactly if each of them is.

/** An operation that was called. */
export interface Operation {
  /** When, on a clock that all processes share. */
  readonly called: number
  /** When it returned; Infinity: its process died, and nobody knows whether it took effect, then or ever. */
  readonly returned: number
  /** The state after it, if it was done in `state`; 'impossible': what it returned cannot have come of that. */
  readonly step: (state: string) => string | 'impossible'
  /** For the report. */
  readonly text: string
}

/** What explains a history, or how far an explanation got. */
export type Verdict =
  | { linearizable: true }
  /** The longest prefix that could be explained, the state then, and the operations of which none fits. */
  | { linearizable: false; explained: number; state: string; stuck: readonly string[] }

/** A call or a return, in a list from which pairs are lifted out and put back. */
interface Event {
  readonly index: number
  readonly isCall: boolean
  /** The return of a call; undefined: there was none. */
  match: Event | undefined
  before: Event | undefined
  next: Event | undefined
}

export function checkLinearizable(operations: readonly Operation[], initial: string): Verdict {
  const ordered = [...operations].sort((a, b) => a.called - b.called)
  const head = eventsOf(ordered)
  let openReturns = ordered.filter(({ returned }) => returned !== Number.POSITIVE_INFINITY).length
  const done = new Done(ordered.length)
  const tried = new Set<string>()
  const stack: { event: Event; state: string }[] = []
  let state = initial
  let best = { explained: -1, state, stuck: [] as string[] }
  let event = head.next
  while (openReturns > 0) {
    if (event?.isCall === true) {
      const next = ordered[event.index]!.step(state)
      const fits = next !== 'impossible' && !tried.has(done.with(event.index, next))
      if (!fits) {
        event = event.next
        continue
      }
      tried.add(done.with(event.index, next))
      stack.push({ event, state })
      done.add(event.index)
      state = next
      lift(event)
      if (event.match !== undefined) openReturns--
      event = head.next
      continue
    }
    // A return, and its call has not been taken: something before was taken in a wrong order.
    if (stack.length > best.explained) best = { explained: stack.length, state, stuck: openBefore(head, ordered) }
    const last = stack.pop()
    if (last === undefined) return { linearizable: false, ...best }
    state = last.state
    done.delete(last.event.index)
    putBack(last.event)
    if (last.event.match !== undefined) openReturns++
    event = last.event.next
  }
  return { linearizable: true }
}

/** All calls and returns in their order; at the same moment, calls come first: they may have overlapped. */
function eventsOf(ordered: readonly Operation[]): Event {
  const events: { at: number; event: Event }[] = []
  for (const [index, { called, returned }] of ordered.entries()) {
    const call: Event = { index, isCall: true, match: undefined, before: undefined, next: undefined }
    events.push({ at: called, event: call })
    if (returned === Number.POSITIVE_INFINITY) continue
    call.match = { index, isCall: false, match: undefined, before: undefined, next: undefined }
    events.push({ at: returned, event: call.match })
  }
  events.sort((a, b) => a.at - b.at || Number(b.event.isCall) - Number(a.event.isCall))
  const head: Event = { index: -1, isCall: false, match: undefined, before: undefined, next: undefined }
  let last = head
  for (const { event } of events) {
    last.next = event
    event.before = last
    last = event
  }
  return head
}

function lift(call: Event): void {
  for (const event of [call, call.match]) {
    if (event === undefined) continue
    event.before!.next = event.next
    if (event.next !== undefined) event.next.before = event.before
  }
}

function putBack(call: Event): void {
  for (const event of [call.match, call]) {
    if (event === undefined) continue
    event.before!.next = event
    if (event.next !== undefined) event.next.before = event
  }
}

function openBefore(head: Event, ordered: readonly Operation[]): string[] {
  const texts: string[] = []
  for (let event = head.next; event?.isCall === true; event = event.next) texts.push(ordered[event.index]!.text)
  return texts
}

/** A set of operations, most of which are the first ones: as text it is as short as few overlap. */
class Done {
  readonly #done: boolean[]
  #low = 0
  readonly #beyond = new Set<number>()

  constructor(count: number) {
    this.#done = new Array(count).fill(false)
  }

  add(index: number): void {
    this.#done[index] = true
    this.#beyond.add(index)
    while (this.#done[this.#low] === true) this.#beyond.delete(this.#low++)
  }

  delete(index: number): void {
    this.#done[index] = false
    this.#beyond.delete(index)
    if (index >= this.#low) return
    for (let i = index + 1; i < this.#low; i++) this.#beyond.add(i)
    this.#low = index
  }

  /** The set with one more, and a state, as text. */
  with(index: number, state: string): string {
    let low = this.#low
    const beyond = new Set(this.#beyond).add(index)
    while (beyond.delete(low)) low++
    return `${low} ${[...beyond].sort((a, b) => a - b)} ${state}`
  }
}

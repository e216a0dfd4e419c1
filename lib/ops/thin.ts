// Thinning: hints of entries that are gone are taken out of the indexes of tags and expiry.
//
// Goal: the indexes take room for the entries there are, not for all there ever were.
// Steps, for each log of hints: 1 read it. 2 If most of its hints are of no use, take them, and give back those of entries that
//   stand, and young ones: see invariant H. Whoever looks for the entries of a tag meanwhile looks into what others have taken, too.
// Crash: as of everybody who has taken hints.

import { ask, type Io } from '../io/requests.ts'
import type { Hint } from '../log/hint.ts'
import { expiryFolder, isTagLog, slotOfName, tagFolder } from '../log/names.ts'
import type { Store } from '../store.ts'
import { endHints, isYoung, loadHints, takeHints } from './hints.ts'

/** So many useless hints in a log are not worth the reading. */
const wasteAllowed = 64

/** `stands`: whether an entry of this hash stood at some moment since `since`, or began later. */
export function* thinHints(store: Store, stands: (hash: string) => boolean, since: number): Io<void> {
  const isOfUse = (hint: Hint): boolean => stands(hint.hash) || isYoung(store, hint, since)
  for (const name of yield* hintLogs(store)) {
    const { hints, frames } = yield* loadHints(`${store.folder}/${name}`)
    if (frames <= 2 * hints.filter(isOfUse).length + wasteAllowed) continue
    const taken = yield* takeHints(store, name)
    if (taken !== undefined) yield* endHints(store, name, taken, taken.hints.filter(isOfUse))
  }
}

function* hintLogs(store: Store): Io<string[]> {
  const names: string[] = []
  for (const [folder, isLog] of [
    [tagFolder, isTagLog],
    [expiryFolder, (name: string) => slotOfName(name) !== undefined],
  ] as const) {
    const found = (yield* ask<'list'>({ op: 'list', path: `${store.folder}/${folder}` })) ?? []
    names.push(...found.filter(isLog).map(name => `${folder}/${name}`))
  }
  return names
}

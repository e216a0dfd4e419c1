// What an `exec` is to do, once its arguments are read.

import type { Tag } from '../../log/record.ts'
import type { Identity } from './identity.ts'
import type { Demands } from './judge.ts'

export interface Plan extends Demands {
  readonly folder: string
  readonly identity: Identity
  /** The identity as key text. */
  readonly keyText: string
  readonly words: readonly string[]
  readonly tags: readonly Tag[]
  readonly force: boolean
  readonly onlyCached: boolean
  /** This process is to renew what has this version, for another that has given it out. */
  readonly refresh: string | undefined
  /** Whether the files that are part of the key are still what they were. */
  readonly isUnchanged: () => Promise<boolean>
  /** Says why what happens happens, if that is wanted. */
  readonly explain: (text: string) => void
  /** Starts a process that renews what has this version, and does not wait for it. */
  readonly startRefresh: (version: string) => Promise<void>
}

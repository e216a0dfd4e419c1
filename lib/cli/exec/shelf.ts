// Where recordings are kept: what `exec` asks of a bucket, and of the claims by which one of many processes runs a command.

import type { Readable } from 'node:stream'
import { Core } from '../../core.ts'
import { KeyNotFoundError } from '../../errors.ts'
import { ask, type Io } from '../../io/requests.ts'
import type { Slot } from '../../keys.ts'
import type { Tag } from '../../log/record.ts'
import { type ClaimOutcome, claim, release, rivalClaim } from '../../ops/claim.ts'
import { find } from '../../ops/find.ts'
import { decodeValue } from '../../ops/live.ts'
import { AsyncBucket } from '../../promises.ts'
import type { Store } from '../../store.ts'
import type { Identity } from './identity.ts'
import type { Recalled } from './recall.ts'
import { outputKey, type Recording, readRecording, writeRecording } from './recording.ts'

export interface Terms {
  /** Milliseconds; null: it does not expire. */
  readonly expire: number | null
  readonly tag: readonly Tag[]
}

/** What is stored under a key. */
export interface Stored {
  readonly version: string
  /** undefined: it is no recording. */
  readonly recalled: Recalled | undefined
}

/** The right to run, to be let go if nothing is kept; '': there is none to be had. */
export type Claim = string

export class Shelf {
  readonly #core: Core
  readonly #bucket: AsyncBucket

  constructor(folder: string) {
    this.#core = new Core(folder, {})
    this.#bucket = new AsyncBucket(this.#core)
  }

  async find(identity: Identity): Promise<Stored | undefined> {
    const entry = await this.#bucket.getEntry(identity)
    return entry && storedAs(entry.version, entry.value, entry.storedAt.getTime())
  }

  /** What another has stored, or the right to run; waits while another runs. `over`: the version that will not do. `waits` is
   *  called when the waiting begins. */
  async obtain(identity: Identity, over: string | undefined, waits: () => void): Promise<Stored | Claim> {
    const slot = this.#slot(identity)
    const outcome = await this.#core.async(obtainOver(this.#core.store, slot, over, waits))
    if (outcome.kind === 'claimed') return outcome.id
    const { value, version, time } = outcome.recalled
    return storedAs(version, value, time)
  }

  /** The right to run, if nobody has it and `over` is still what is stored. */
  async tryClaim(identity: Identity, over: string | undefined): Promise<Claim | undefined> {
    const outcome = await this.#core.async(claim(this.#core.store, this.#slot(identity), over))
    return outcome.kind === 'claimed' ? outcome.id : undefined
  }

  /** Whether somebody who is alive has the right to run. */
  async isClaimed(identity: Identity): Promise<boolean> {
    return (await this.#core.async(rivalClaim(this.#core.store, this.#slot(identity))))?.living === true
  }

  async release(identity: Identity, claimed: Claim): Promise<void> {
    if (claimed === '') return
    await this.#core.async(release(this.#core.store, this.#slot(identity), claimed))
    this.#core.store.environment.holds.delete(claimed)
  }

  /** Stores a recording over whatever there is, and makes the claim void with it. */
  async keep(identity: Identity, recording: Recording, terms: Terms): Promise<void> {
    const before = readRecording(await this.#core.async(storedValue(this.#core.store, this.#slot(identity))))
    await this.#bucket.set(identity, writeRecording(recording), terms)
    if (typeof before?.output === 'string') await this.#bucket.delete(outputKey(before.output))
  }

  /** Stores long output as it comes; its id. It appears when the stream ends. */
  async keepOutput(source: Readable, terms: Terms, signal: AbortSignal): Promise<string> {
    const id = this.#core.store.environment.newId()
    await this.#bucket.set(outputKey(id), source, { ...terms, signal })
    return id
  }

  /** Long output; undefined: it is not there any more. Once this is there, so are its bytes, whatever becomes of the entry. */
  async output(id: string): Promise<Readable | undefined> {
    try {
      return await this.#bucket.read(outputKey(id))
    } catch (error) {
      if (error instanceof KeyNotFoundError) return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#bucket.close()
  }

  #slot(identity: Identity): Slot {
    return this.#core.store.keys.slot(identity)
  }
}

/** The value of a key, which counts as no look-up. */
function* storedValue(store: Store, slot: Slot): Io<unknown> {
  const found = yield* find(store, slot)
  return found && decodeValue(store, found.put)?.value
}

function storedAs(version: string, value: unknown, storedAt: number): Stored {
  const recording = readRecording(value)
  return { version, recalled: recording && { recording, storedAt, version } }
}

/** As `obtain`, over a version. A command may run for hours: whoever waits looks again twenty times a second. */
function* obtainOver(
  store: Store,
  slot: Slot,
  over: string | undefined,
  waits: () => void,
): Io<Exclude<ClaimOutcome, { kind: 'wait' }>> {
  for (let ms = 1; ; ms = Math.min(50, 2 * ms)) {
    const outcome = yield* claim(store, slot, over)
    if (outcome.kind !== 'wait') return outcome
    if (ms === 1) waits()
    yield* ask<'sleep'>({ op: 'sleep', ms, own: outcome.own, path: slot.path })
  }
}

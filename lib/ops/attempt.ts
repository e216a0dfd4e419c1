// What one change writes, over all its rounds: records, the places of what begins and ends, and what it owes afterwards.
//
// Goal: a record counts, or nothing of it does; whatever was announced for one that lost is taken back.
// Crash: places of entries that never came, or have gone, until `check`.

import { StorageIOError } from '../errors.ts'
import { ask, type Io, type Kept } from '../io/requests.ts'
import type { Slot } from '../keys.ts'
import { temporaryName } from '../log/names.ts'
import { noRef, type RecordFields } from '../log/record.ts'
import type { LogState } from '../log/state.ts'
import type { Store } from '../store.ts'
import { compareAndAppend, compareAndAppendHot } from './append.ts'
import type { StreamedValue, Write } from './change.ts'
import { compact, isOvergrown } from './compact.ts'
import { syncNames } from './durable.ts'
import { noteExpiry } from './expiry.ts'
import { bareRecord, countedEnd, putOf, stateOffset } from './fields.ts'
import { knowRecord } from './hot.ts'
import type { Found } from './live.ts'
import { appendOrder, removeOf } from './order.ts'
import { type OpenLog, readLog } from './raw.ts'
import { reclaim } from './reclaim.ts'
import { giveUp, mayAct, replaceLog, sealFields, unlinkLater } from './seal.ts'
import { isNews, noteTags, type Told } from './tags.ts'
import { checkFits } from './terms.ts'
import { upkeep, upkeepIsDue } from './upkeep.ts'

const noBytes = new Uint8Array()

/** A log that is open to be changed. */
interface ChangingLog extends OpenLog {
  /** If it had been kept open. */
  readonly kept: Kept | undefined
}

/** What one change writes, over all its rounds. */
export class Attempt {
  readonly store: Store
  readonly slot: Slot
  /** The log is to be opened by its path: what is to be written replaces the file that has that now. */
  needsPath = false
  /** The file that was open is not the log any more. */
  replaced = false
  /** Places that the order log is still to be told the end of: of the entry that this one replaces or removes, and those
   *  noted in rounds that were lost. A place is never used for a second round: see `check.ts`, on ghosts. */
  #ended: { place: string; bytes: number }[] = []
  /** Id of a claim that was written. */
  #claim: string | undefined
  #compactAt: number | undefined
  /** Of entries. */
  #puts = 0

  constructor(store: Store, slot: Slot) {
    this.store = store
    this.slot = slot
  }

  /** The id of the record if it landed behind what was read, else undefined. */
  write(opened: ChangingLog, live: Found | undefined, write: Write): Io<string | undefined> {
    if (write.kind === 'put') return this.#put(opened, live, write)
    return write.kind === 'tombstone' ? this.#remove(opened) : this.#mark(opened, live, write)
  }

  /** Whether a record counts that was made to stand behind what was read. */
  #append({ file, kept, size }: ChangingLog, record: Buffer): Io<boolean> {
    return kept === undefined
      ? compareAndAppend(this.store, file, record, size)
      : compareAndAppendHot(this.store, file, record, size)
  }

  /** Writes a record without a value that removes nothing. */
  *#mark(
    opened: ChangingLog,
    live: Found | undefined,
    write: Exclude<Write, { kind: 'put' | 'tombstone' }>,
  ): Io<string | undefined> {
    const { store } = this
    const { log, size } = opened
    const fields = bareRecord(store, {
      kind: write.kind,
      ref: write.kind === 'touch' ? live!.put.at : stateOffset(log.state),
      ...(write.kind === 'touch'
        ? { expires: write.expires, pinned: write.pinned, place: live!.put.place, time: write.time }
        : write.kind === 'claim'
          ? { owner: store.environment.owner }
          : {}),
    })
    const record = store.framing.encode(fields, noBytes, size)
    if (write.kind === 'touch') yield* this.#hint(log, live, write)
    // Alive from the first moment that others can see it, see `claim.ts`.
    if (write.kind === 'claim') store.environment.holds.set(fields.id, 'held')
    if (write.kind === 'claim') this.#claim = fields.id
    if (!(yield* this.#append(opened, record))) {
      store.environment.holds.delete(fields.id)
      this.#claim = undefined
      return undefined
    }
    if (store.settings.durable) yield* syncNames(store, [this.slot.path])
    const end = size + record.length
    if (write.kind === 'touch') this.#grow(log, end)
    // A computation that fails again and again leaves what it has announced, and taken back.
    if (log.value !== undefined && (write.kind === 'touch' || write.kind === 'unseal'))
      this.#noteGrowth(end, log.value.length, fields.time - log.last!.time)
    return fields.id
  }

  /** Writes a tombstone. The file goes with it, soon: where many wait for that already it is sealed in the same write, and goes at
   *  once. */
  *#remove(opened: ChangingLog): Io<string | undefined> {
    const { store, slot } = this
    const { file, kept, log, size } = opened
    const { environment, framing, garbage, settings } = store
    const fields = bareRecord(store, { kind: 'tombstone', ref: noRef })
    const record = framing.encode(fields, noBytes, size)
    const end = size + record.length
    const seal =
      kept === undefined && garbage.size >= store.bounds.garbage && !settings.network
        ? sealFields(store, size, 'reclaim')
        : undefined
    const bytes = seal === undefined ? record : Buffer.concat([record, framing.encode(seal, noBytes, end)])
    const place = slot.hidden ? undefined : placeOf(log)
    if (place !== undefined) this.#ended.push({ place, bytes: end })
    // Alive from the first moment that others can see it.
    if (seal !== undefined) environment.holds.set(seal.id, 'held')
    let goes = false
    try {
      if (!(yield* this.#append(opened, bytes))) {
        if (place !== undefined) this.#ended.pop()
        return undefined
      }
      this.#grow(log, end)
      if (settings.durable) yield* syncNames(store, [slot.path])
      goes = seal !== undefined && (yield* mayAct(store, slot.path, file, seal, size + bytes.length))
      this.replaced = goes
      if (goes) yield* unlinkLater(store, slot.path, seal!.id)
      else garbage.add(slot.path)
    } catch (error) {
      if (seal !== undefined) yield* giveUp(store, slot.path, file, seal.ref, size + bytes.length)
      throw error
    } finally {
      if (seal !== undefined && !goes) environment.holds.delete(seal.id)
    }
    return fields.id
  }

  *#put(opened: ChangingLog, live: Found | undefined, write: Write & { kind: 'put' }): Io<string | undefined> {
    const { store, slot } = this
    const { kept, log, size } = opened
    const { value } = write
    const streamed = value instanceof Uint8Array ? undefined : value
    const large = streamed !== undefined || value.length > store.bounds.largeValue
    if (large && kept !== undefined) {
      this.needsPath = true
      return undefined
    }
    // What is in `log` points into bytes that are this file's alone, so it is still good after the requests below.
    const before = placeOf(log)
    const place = (live && before) ?? store.environment.newId()
    const fields = putOf(store, slot, write, place)
    const record =
      streamed === undefined ? store.framing.encode(fields, value as Uint8Array, large ? 0 : size) : undefined
    const length =
      record?.length ?? streamed!.room + streamed!.length + store.framing.surround(fields, 0, 0).tail.length
    checkFits(store, slot, length, large ? 0 : size)
    const hinted = write.expires !== Number.POSITIVE_INFINITY || write.tags.length > 0
    const told = hinted ? yield* this.#hint(log, live, write) : 'nothing'
    // Where the log ends then.
    const end = large ? length : size + length
    const begins = live === undefined && !slot.hidden
    const { name: backend, fileExtension: extension } = store.backend
    if (begins) {
      const { hash } = slot
      // If this fails half-way the record may stand there all the same: `check` finds it then.
      yield* appendOrder(store, [{ kind: 'add', id: place, time: fields.time, bytes: end, hash, extension, backend }])
      this.#ended.push({ place, bytes: end })
    }
    const landed = yield* large ? this.#replace(opened, fields, record ?? streamed!) : this.#append(opened, record!)
    if (!landed) return undefined
    if (live !== undefined) this.#grow(log, end)
    if (large) this.replaced = true
    else {
      if (kept !== undefined) knowRecord(store, kept, record!, size)
      this.#noteGrowth(end, length, fields.time - (log.last?.time ?? 0))
    }
    if (told !== 'nothing' && (yield* isNews(store, told)))
      yield* noteTags(store, slot, write.tags, live?.put.tags ?? [])
    if (!slot.hidden) this.#puts++
    if (live === undefined) store.garbage.delete(slot.path)
    // The file is the new entry's now: what it takes is counted with that, so the old one is taken off without bytes.
    if (begins) {
      store.hunt.current?.began({ place, hash: slot.hash, extension, backend })
      this.#ended.pop()
      if (before !== undefined) this.#ended.push({ place: before, bytes: countedEnd(log) })
    }
    if (store.settings.durable) yield* syncNames(store, [slot.path])
    return fields.id
  }

  /** Replaces the log by a file of its own, with this record or this streamed value. Whether it did. */
  *#replace({ file, log, size }: ChangingLog, fields: RecordFields, record: Buffer | StreamedValue): Io<boolean> {
    const { store, slot } = this
    const { durable } = store.settings
    const isStreamed = !(record instanceof Uint8Array)
    const temporary = isStreamed ? record.path : `${store.folder}/${temporaryName(fields.id)}`
    if (isStreamed) yield* completeStreamed(store, record, fields)
    else yield* ask<'write'>({ op: 'write', path: temporary, bytes: record, durable })
    let done = false
    try {
      done = yield* replaceLog(store, slot.path, file, size, stateOffset(log.state), { by: 'file', temporary })
    } finally {
      // A streamed value is needed again; who streamed it removes it.
      if (!done && !isStreamed) yield* ask<'unlink'>({ op: 'unlink', path: temporary })
    }
    return done
  }

  /** The log of an entry takes so many bytes now. */
  #grow(log: LogState, size: number): void {
    if (log.value !== undefined && !this.slot.hidden) this.store.order.unwritten += size - countedEnd(log)
  }

  /** Before the record lands, so that no entry is without its hints. Which index of tags was told. */
  *#hint(log: LogState, live: Found | undefined, write: Write & { kind: 'put' | 'touch' }): Io<Told> {
    const { store, slot } = this
    if (slot.hidden) return 'nothing'
    if (write.expires !== Number.POSITIVE_INFINITY) yield* noteExpiry(store, slot, write.expires, log)
    if (write.kind === 'touch' || write.tags.length === 0) return 'nothing'
    return yield* noteTags(store, slot, write.tags, live?.put.tags ?? [])
  }

  /** `pauseMs`: since the record before. */
  #noteGrowth(size: number, liveLength: number, pauseMs: number): void {
    if (isOvergrown(this.store, size, liveLength, pauseMs)) this.#compactAt = liveLength
  }

  /** After a refusal of the filesystem: takes back a claim that may stand, and whose id nobody will learn, and the places of
   *  what did not come to be, or has ended. */
  *giveUp(): Io<void> {
    const { store, slot } = this
    if (this.#claim !== undefined) {
      store.environment.holds.delete(this.#claim)
      store.garbage.add(slot.path)
    }
    try {
      if (this.#claim !== undefined) yield* reclaim(store, slot.path, false)
      if (this.#ended.length === 0) return
      const stands = (yield* readLog(store, slot.path))?.value?.place
      this.#ended = this.#ended.filter(({ place }) => place !== stands)
      yield* this.#tellEnds()
    } catch (error) {
      if (!(error instanceof StorageIOError)) throw error
      // A claim waits among the garbage; places wait for `check`.
    }
  }

  *#tellEnds(): Io<void> {
    const { store } = this
    if (this.#ended.length === 0) return
    yield* appendOrder(
      store,
      this.#ended.map(({ place, bytes }) => removeOf(store, place, bytes)),
    )
  }

  /** Whether anything follows: mostly nothing does, and every change comes by here. */
  get owes(): boolean {
    return this.#ended.length > 0 || this.#compactAt !== undefined || upkeepIsDue(this.store, this.#puts)
  }

  /** What follows when the file is closed. */
  *finish(): Io<void> {
    const { store, slot } = this
    yield* this.#tellEnds()
    if (this.#compactAt !== undefined) yield* compact(store, slot.path)
    yield* upkeep(store, this.#puts)
  }
}

/** The place of the entry that a log holds, be it live or expired. */
function placeOf(log: LogState): string | undefined {
  return log.value?.place
}

/** Puts head and tail around a streamed value, for a record that stands alone. */
function* completeStreamed(store: Store, { path, length }: StreamedValue, fields: RecordFields): Io<void> {
  const { framing, settings } = store
  const { head, tail } = framing.surround(fields, length, 0)
  const position = head.length + length
  yield* ask<'patch'>({ op: 'patch', path, position, bytes: tail, durable: false })
  const counted = head.subarray(framing.checksumFrom)
  framing.putChecksum(head, yield* ask<'checksum'>({ op: 'checksum', path, head: counted, from: head.length }))
  yield* ask<'patch'>({ op: 'patch', path, position: 0, bytes: head, durable: settings.durable })
}

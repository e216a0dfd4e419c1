// `exec` where what the fast way found will not do.
//
// Goal: of identical commands that are started together one runs, and the others are given what it gave. What goes wrong with
//   the cache never changes what the command does: it runs, and a line on standard error says why nothing was kept.
// Steps: 1 look up. 2 Claim the key, or wait for who has it; if that one dies, or keeps nothing, claim it then. 3 Run, with
//   the output given out and recorded as it comes. 4 Keep the recording, or give the claim back.

import { oneLine, UsageError } from '../errors.ts'
import { expectedFolder, whatIsAt } from '../place.ts'
import { execStatuses } from '../statuses.ts'
import { showDuration, showSize } from '../units.ts'
import { type Outcome, runCommand } from './child.ts'
import { emit, tell } from './emit.ts'
import { judge } from './judge.ts'
import type { Plan } from './plan.ts'
import type { Recalled } from './recall.ts'
import { Recorder } from './recorder.ts'
import { FrameReader } from './recording.ts'
import { type Claim, Shelf, type Stored, type Terms } from './shelf.ts'

export async function missOrMore(plan: Plan): Promise<number> {
  let shelf: Shelf
  try {
    const standing = whatIsAt(plan.folder)
    if (standing === 'other') throw new UsageError(expectedFolder(plan.folder))
    // Who only asks makes no folder.
    if (plan.onlyCached && standing !== 'cache') return notCached(plan, `there is no cache at ${plan.folder}`)
    shelf = new Shelf(plan.folder)
  } catch (error) {
    if (plan.onlyCached) return notCached(plan, `the cache cannot be opened: ${said(error)}`)
    tell(`the cache cannot be opened, so the command just runs: ${said(error)}`)
    return await runBare(plan)
  }
  try {
    return await lookUp(plan, shelf)
  } finally {
    await shelf.close().catch(() => {})
  }
}

async function lookUp(plan: Plan, shelf: Shelf): Promise<number> {
  const { identity } = plan
  let claimed: Claim | undefined
  try {
    const stored = await shelf.find(identity)
    if (plan.refresh !== undefined) {
      // Another was faster, or is at it.
      if (stored?.version !== plan.refresh) return 0
      claimed = await shelf.tryClaim(identity, plan.refresh)
      if (claimed === undefined) return 0
    } else if (plan.force) {
      plan.explain('run: --force is given')
      claimed = (await shelf.tryClaim(identity, stored?.version)) ?? ''
    } else {
      const answer = await accept(plan, shelf, stored)
      if (answer !== undefined) return await give(answer)
      if (plan.onlyCached) return execStatuses.notCached
      const obtained = await obtain(plan, shelf, stored?.version)
      if (typeof obtained !== 'string') return await give(obtained)
      claimed = obtained
    }
  } catch (error) {
    if (!isOurs(error)) throw error
    if (plan.onlyCached) return notCached(plan, said(error))
    tell(`the cache cannot be used, so the command just runs: ${said(error)}`)
    return await runBare(plan)
  }
  return await run(plan, shelf, claimed)
}

/** What may be given in place of a run. */
interface Answer {
  readonly status: number
  /** Frames, at once or as they are read. */
  readonly output: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** What was stored, if it may be given; says why not. */
async function accept(plan: Plan, shelf: Shelf, stored: Stored | undefined): Promise<Answer | undefined> {
  if (stored?.recalled === undefined) {
    const why = stored === undefined ? 'nothing is stored for it, or it has expired' : 'what is stored is no recording'
    plan.explain(`miss: ${why}; the key is ${plan.keyText}`)
    return undefined
  }
  const { kind, why } = judge(stored.recalled, plan, Date.now())
  const answer = kind === 'useless' ? undefined : await answerOf(shelf, stored.recalled)
  if (answer === undefined) {
    plan.explain(`miss: ${kind === 'useless' ? why : 'what is stored has lost its output'}`)
    return undefined
  }
  if (kind === 'fresh') plan.explain(`hit: ${why}`)
  else if (await shelf.isClaimed(plan.identity)) {
    plan.explain(`hit: ${why}; given all the same, while another process refreshes it`)
  } else {
    plan.explain(`hit: ${why}; given all the same, and refreshed in the background`)
    await plan.startRefresh(stored.version)
  }
  return answer
}

/** The right to run, or what another has stored meanwhile. */
async function obtain(plan: Plan, shelf: Shelf, over: string | undefined): Promise<Claim | Answer> {
  for (;;) {
    const obtained = await shelf.obtain(plan.identity, over, () => plan.explain('wait: another process is running it'))
    if (typeof obtained === 'string') return obtained
    const { recalled, version } = obtained
    const answer =
      recalled === undefined || judge(recalled, plan, Date.now()).kind === 'useless'
        ? undefined
        : await answerOf(shelf, recalled)
    if (answer !== undefined) {
      plan.explain('hit: another process has just run it')
      return answer
    }
    over = version
  }
}

/** undefined: its output was removed, by culling for instance, which does not know that the two belong together. */
async function answerOf(shelf: Shelf, { recording }: Recalled): Promise<Answer | undefined> {
  const { status, output } = recording
  if (typeof output !== 'string') return { status, output: [output] }
  const stream = await shelf.output(output)
  return stream && { status, output: stream }
}

async function give({ status, output }: Answer): Promise<number> {
  const reader = new FrameReader(emit)
  for await (const bytes of output) reader.read(bytes)
  return status
}

async function run(plan: Plan, shelf: Shelf, claimed: Claim): Promise<number> {
  const { lifetime, stale, tags, identity } = plan
  const terms: Terms = { expire: lifetime === null ? null : lifetime + stale, tag: tags }
  const recorder = new Recorder((source, signal) => shelf.keepOutput(source, terms, signal))
  const startedAt = performance.now()
  const outcome = await runCommand(plan.words, (channel, bytes) => recorder.add(channel, bytes))
  const took = Math.round(performance.now() - startedAt)
  tellTrouble(outcome)
  try {
    const reason = await whyNot(plan, outcome)
    if (reason === undefined) {
      const output = await recorder.finish()
      await shelf.keep(identity, { status: outcome.status, took, lifetime, output }, terms)
      const length = showSize(recorder.length)
      const until = lifetime === null ? 'for ever' : `for ${showDuration(lifetime)}`
      plan.explain(`kept ${until}: ${length} of output, exit status ${outcome.status}, took ${showDuration(took)}`)
      return outcome.status
    }
    plan.explain(`not kept: ${reason}`)
  } catch (error) {
    tell(`the output is not kept: ${said(error)}`)
  }
  await recorder.discard()
  await shelf.release(identity, claimed).catch(() => {})
  return outcome.status
}

async function whyNot(plan: Plan, { status, isWhole, trouble }: Outcome): Promise<string | undefined> {
  if (trouble !== undefined) return trouble
  if (!isWhole) return 'a signal came, or not all of the output was taken'
  if (status !== 0 && !plan.cacheFailures) return `exit status ${status} (--cache-failures keeps failures too)`
  // Its output may be of the files as they were, as they are, or of both.
  return (await plan.isUnchanged()) ? undefined : 'input files changed while it ran'
}

async function runBare(plan: Plan): Promise<number> {
  const outcome = await runCommand(plan.words, () => undefined)
  tellTrouble(outcome)
  return outcome.status
}

/** A command that could not be started says nothing for itself, and nothing of what became of its output. */
function tellTrouble({ isStarted, trouble, refusal }: Outcome): void {
  if (refusal !== undefined) tell(oneLine(refusal))
  if (!isStarted) tell(oneLine(trouble ?? 'the command could not be started'))
}

function notCached(plan: Plan, why: string): number {
  plan.explain(`miss: ${why}`)
  return execStatuses.notCached
}

/** Errors of the cache; others are faults of the program, and are to be seen. */
function isOurs(error: unknown): boolean {
  return typeof error === 'object' && error !== null && typeof (error as { code?: unknown }).code === 'string'
}

function said(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error))
}

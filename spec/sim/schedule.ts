// One run under a schedule: at each point, what could come next; and what came of it.
//
// A schedule is text: a small letter is a step of that task, a capital kills its process, before its next request; with a digit
// behind it, in the middle of it: an append, of which so many bytes get to the disk (see `tornLengths`). `~` is a power cut, a dot that
// there was none.

import type { Disk, Remains } from './disk.ts'
import type { Interner } from './intern.ts'
import type { Task } from './task.ts'
import { World, type WorldOptions } from './world.ts'

/** What is explored: what there is at first, who does what, and what must be true at the end. */
export interface Scenario {
  /** Says everything about it: see `scenarios.ts`. */
  readonly name: string
  readonly world: WorldOptions
  /** What there is at first. */
  readonly disk: Disk
  readonly clock: number
  /** Puts the tasks into a world. */
  readonly begin: (world: World) => void
  /** How many processes may die. */
  readonly crashes: number
  /** How often a task may be interrupted that could go on; Infinity: as often as there are requests. */
  readonly preemptions: number
  /** A run in which one task takes more steps than this is given up: two writers that keep crossing each other's way (the
   *  record of each lands where the other's was expected) can go on like that for ever. */
  readonly longest: number
  /** What a power cut may leave of what was not synced; none: the power stays on. */
  readonly powerCuts?: readonly Remains[]
  /** What is wrong when everybody has ended; undefined: nothing. */
  readonly check: (world: World) => string | undefined
}

/** The lengths of a torn append: a byte, a record's head, half of it, all but a byte. */
export function tornLengths(length: number): number[] {
  const lengths = [1, 70, Math.floor(length / 2), length - 1]
  return lengths.filter((n, i) => n > 0 && n < length && lengths.indexOf(n) === i)
}

/** So many times everybody may look again in vain before it counts as waiting for ever. */
const roundsInVain = 3
export class Run {
  readonly world: World
  readonly scenario: Scenario
  #crashesLeft: number
  #preemptionsLeft: number
  #powerIsOn = true
  #last: Task | undefined
  #roundsInVain = 0
  readonly #steps = new Map<Task, number>()
  /** A task has taken more steps than are of interest. */
  givenUp = false
  #changesSeen = 0

  constructor(scenario: Scenario, interner: Interner) {
    const { world, disk, clock, crashes, preemptions } = scenario
    this.scenario = scenario
    this.world = new World(world, { disk: disk.clone(), clock, era: 2 }, interner)
    this.#crashesLeft = crashes
    this.#preemptionsLeft = preemptions
    scenario.begin(this.world)
  }

  /** Why it cannot go on although not everybody has ended. */
  get stuck(): string | undefined {
    if (this.#roundsInVain > roundsInVain) return 'waits for ever'
    return undefined
  }

  /** What could come next, the least interruption first; none: everybody has ended, or waits for ever. */
  choices(): string[] {
    if (this.stuck !== undefined || this.givenUp || !this.#powerIsOn) return []
    const { tasks } = this.world
    let able = tasks.filter(task => this.world.canStep(task))
    // Everybody sleeps, and nothing has happened: they look again, but not for ever.
    if (able.length === 0) able = tasks.filter(task => task.phase === 'asleep')
    if (able.length === 0) return this.#powerCuts('.')
    const last = this.#last
    const goesOn = last !== undefined && able.includes(last)
    if (goesOn) able = this.#preemptionsLeft > 0 ? [last, ...able.filter(task => task !== last)] : [last]
    const choices = able.map(task => task.letter)
    if (this.#crashesLeft > 0) this.#addCrashes(choices)
    return [...choices, ...this.#powerCuts()]
  }

  #powerCuts(...before: string[]): string[] {
    const { powerCuts = [] } = this.scenario
    return powerCuts.length === 0 ? [] : [...before, ...powerCuts.map((_, i) => `~${i}`)]
  }

  #addCrashes(choices: string[]): void {
    const seen = new Set<unknown>()
    for (const task of this.world.tasks) {
      if (!task.running) continue
      const letter = task.letter.toUpperCase()
      // Of several tasks in a process it does not matter which one is named.
      if (!seen.has(task.process)) choices.push(letter)
      seen.add(task.process)
      const bytes = task.tearable
      if (bytes !== undefined) tornLengths(bytes.length).forEach((_, i) => void choices.push(`${letter}${i}`))
    }
  }

  take(choice: string): void {
    const { world } = this
    if (choice === '.') {
      this.#powerIsOn = false
      return
    }
    if (choice[0] === '~') {
      world.powerCut = true
      world.disk.cutPower(this.scenario.powerCuts![Number(choice[1])]!)
      for (const process of [...world.processes]) world.crash(process)
      this.#powerIsOn = false
      return
    }
    const task = this.taskOf(choice[0]!)
    if (choice[0] === task.letter) {
      this.#step(task)
      return
    }
    if (choice.length > 1) task.tear(tornLengths(task.tearable!.length)[Number(choice[1])]!)
    world.crash(task.process)
    this.#crashesLeft--
  }

  #step(task: Task): void {
    const { world } = this
    const last = this.#last
    if (last !== undefined && last !== task && world.canStep(last)) this.#preemptionsLeft--
    if (world.changes === this.#changesSeen && task.phase === 'asleep') {
      if (!world.canStep(task)) this.#roundsInVain += 1 / world.tasks.length
    } else if (world.changes !== this.#changesSeen) this.#roundsInVain = 0
    this.#changesSeen = world.changes
    this.#last = task
    const steps = (this.#steps.get(task) ?? 0) + 1
    this.#steps.set(task, steps)
    if (steps > this.scenario.longest) this.givenUp = true
    task.step()
  }

  taskOf(letter: string): Task {
    const task = this.world.tasks[letter.toLowerCase().charCodeAt(0) - 97]
    if (task === undefined) throw new RangeError(`Expected a schedule that fits, got one with a task ${letter}`)
    return task
  }

  /** Everything that what may still happen hangs on, as text; with `crash`: as it will be after that choice, which kills a
   *  process between two requests. */
  state(crash?: string): string {
    const { preemptions } = this.scenario
    const dying = crash === undefined ? undefined : this.taskOf(crash).process
    const crashesLeft = this.#crashesLeft - (dying === undefined ? 0 : 1)
    let state = `${this.world.state(dying)}|${crashesLeft}${this.#powerIsOn}`
    const going = this.world.tasks.filter(task => !task.over && task.process !== dying)
    if (preemptions !== Number.POSITIVE_INFINITY && going.length > 1) {
      const last = this.#last
      state += `|${this.#preemptionsLeft}${last !== undefined && going.includes(last) ? last.letter : ''}`
    }
    if (this.#roundsInVain > 0) state += `|${this.#roundsInVain.toFixed(2)}`
    return state
  }

  /** What is wrong at the end. */
  verdict(): string | undefined {
    const { stuck, world } = this
    if (this.givenUp) return undefined
    if (stuck !== undefined) {
      const waiting = world.tasks.filter(task => !task.over).map(task => `${task.letter} (${task.name})`)
      return `${waiting.join(' and ')} ${stuck}`
    }
    const blocked = world.tasks.filter(task => !task.over && task.phase !== 'fresh')
    if (blocked.length > 0) return `${blocked.map(task => task.name).join(' and ')} cannot go on`
    return this.scenario.check(world)
  }
}

/** A schedule's choices, one by one. */
export function choicesOf(schedule: string): string[] {
  return schedule.match(/~\d|[.a-z]|[A-Z]\d?/g) ?? []
}

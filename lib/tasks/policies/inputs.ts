// A key made of the arguments of a call, under their names.

import { UnserializableError } from '../../errors.ts'
import { digest } from '../digest.ts'
import { checkText, checkTexts } from '../options.ts'
import type { KeyRequest } from '../types.ts'
import { CachePolicy } from './policy.ts'

/**
 * All inputs but the excluded ones. The order of fields does not count, at any depth; an input marked with `hashed()` counts
 * as its hash. A call without any inputs has a key too (Prefect: Inputs).
 */
export class Inputs extends CachePolicy {
  /** The inputs that do not count, sorted. */
  readonly exclude: readonly string[]

  /** @throws TypeError when `exclude` is no list of texts. */
  constructor(exclude: string[] = []) {
    super()
    checkTexts(exclude, 'the inputs to exclude')
    this.exclude = [...new Set(exclude)].sort()
  }

  /** @throws UnserializableError that names the input that cannot be in a key, and says how to leave it out. */
  computeKey({ inputs }: KeyRequest): string | undefined {
    if (inputs === undefined) return undefined
    const counted = Object.entries(inputs).filter(([name]) => !this.exclude.includes(name))
    try {
      return digest(['inputs', Object.fromEntries(counted)])
    } catch (error) {
      for (const [name, value] of counted) explain(name, value)
      throw error
    }
  }

  override minus(input: string): Inputs {
    checkText(input, 'the input to leave out')
    const { keyStorage, lockManager, isolationLevel } = this
    return new Inputs([...this.exclude, input]).configure({ keyStorage, lockManager, isolationLevel })
  }

  override get unseenInputs(): readonly string[] {
    return this.exclude
  }

  protected override merge(other: CachePolicy): CachePolicy | undefined {
    return other instanceof Inputs ? new Inputs([...this.exclude, ...other.exclude]) : undefined
  }
}

/** Throws where this input is the one that cannot be in a key. */
function explain(name: string, value: unknown): void {
  try {
    digest(['inputs', value])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const word = JSON.stringify(name)
    throw new UnserializableError(
      `Cannot make a cache key of the input ${word}: ${reason}. ` +
        `Leave it out with .minus(${word}) on the policy (or cacheIgnoreInputVars: [${word}]), or mark it with hashed().`,
      { cause: error },
    )
  }
}

/** The inputs of the call (Prefect: INPUTS). */
export const INPUTS: Inputs = new Inputs()

// What can be completed, as the commands declare it: the one source of the scripts for all shells.

import { type Option, typedName } from '../arguments.ts'
import { commonOptions } from '../command.ts'
import { type CommandName, commands } from '../registry.ts'

export interface CompletedOption {
  /** Without the hyphens. */
  readonly long: string
  readonly short: string | undefined
  readonly says: string
  readonly takesValue: boolean
  readonly choices: Option<unknown>['choices']
}

export interface CompletedCommand {
  readonly name: CommandName
  readonly says: string
  readonly options: readonly CompletedOption[]
  /** What the first positional may be. */
  readonly words: readonly string[]
}

/** What the first positional of some commands may be. */
const firstWords: Partial<Record<CommandName, readonly string[]>> = {
  queue: ['ls', 'push', 'pull', 'peek'],
  completion: ['bash', 'zsh', 'fish'],
}
/** `run` reads its own arguments. */
const runOptions: CompletedOption[] = [
  { long: 'resolver', short: undefined, says: 'Module of the resolver', takesValue: true, choices: undefined },
  { long: 'inputs', short: undefined, says: 'Inputs of the task', takesValue: true, choices: 'file' },
  { long: 'output', short: undefined, says: 'Where the result goes', takesValue: true, choices: 'file' },
  { long: 'error', short: undefined, says: 'Where the report of a failure goes', takesValue: true, choices: 'file' },
  { long: 'help', short: 'h', says: 'Show this help', takesValue: false, choices: undefined },
]

export async function completedCommands(): Promise<CompletedCommand[]> {
  const names = Object.keys(commands) as CommandName[]
  return await Promise.all(
    names.map(async name => {
      const { command } = await commands[name].load()
      const options: CompletedOption[] = []
      for (const [option, declared] of Object.entries({ ...command.options, ...commonOptions })) {
        const { says, short, value, choices, deniable, hidden } = declared
        if (hidden) continue
        const long = typedName(option)
        options.push({ long, short, says, takesValue: value !== undefined, choices })
        if (deniable)
          options.push({ long: `no-${long}`, short: undefined, says, takesValue: false, choices: undefined })
      }
      return {
        name,
        says: commands[name].says,
        options: name === 'run' ? runOptions : options,
        words: firstWords[name] ?? [],
      }
    }),
  )
}

// `bucketcache completion`

import { defineCommand } from '../command.ts'
import { UsageError } from '../errors.ts'
import { write } from '../output.ts'
import { statuses } from '../statuses.ts'

const shells = ['bash', 'zsh', 'fish'] as const

export const command = defineCommand({
  usage: ['completion bash|zsh|fish'],
  about: ['Prints a script that the shell is to read when it starts.'],
  positionals: ['SHELL'],
  options: {},
  examples: [
    ['completion bash > ~/.local/share/bash-completion/completions/bucketcache', 'bash; or in ~/.bashrc: source <(…)'],
    [
      'completion zsh > ~/.zfunc/_bucketcache',
      'zsh, with ~/.zfunc in fpath; or in ~/.zshrc, behind compinit: source <(…)',
    ],
    ['completion fish > ~/.config/fish/completions/bucketcache.fish', 'fish'],
  ],

  async run({ args, io }) {
    const [shell] = args
    const { completedCommands } = await import('../completion/words.ts')
    const commands = await completedCommands()
    await write(io.stdout, await scriptFor(shell!, commands))
    return statuses.done
  },
})

type Commands = Parameters<typeof import('../completion/bash.ts').bashCompletion>[0]

async function scriptFor(shell: string, commands: Commands): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.ts')).bashCompletion(commands)
    case 'zsh':
      return (await import('../completion/zsh.ts')).zshCompletion(commands)
    case 'fish':
      return (await import('../completion/fish.ts')).fishCompletion(commands)
    default: {
      const { didYouMean } = await import('../../suggest.ts')
      throw new UsageError(`Expected bash, zsh or fish, got "${shell}"${didYouMean(shell, shells)}`)
    }
  }
}

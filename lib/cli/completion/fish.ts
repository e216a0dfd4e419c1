// Completion for fish.

import type { CompletedCommand, CompletedOption } from './words.ts'

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, says, options, words }) => [
    `complete -c bucketcache -n __fish_use_subcommand -a ${name} -d ${quote(says)}`,
    ...options.map(option => `complete -c bucketcache -n '__fish_seen_subcommand_from ${name}' ${optionOf(option)}`),
    ...words.map(word => `complete -c bucketcache -n '__fish_seen_subcommand_from ${name}' -f -a ${word}`),
  ])
  return `# fish completion for bucketcache; bucketcache completion fish > ~/.config/fish/completions/bucketcache.fish
complete -c bucketcache -n __fish_use_subcommand -f
complete -c bucketcache -n __fish_use_subcommand -a help -d 'Show help'
complete -c bucketcache -n __fish_use_subcommand -s V -l version -d 'Show the version'
complete -c bucketcache -n '__fish_seen_subcommand_from exec; and contains -- -- (commandline -opc)' -a '(__fish_complete_subcommand --fcs-skip=3)'
${lines.join('\n')}
`
}

function optionOf({ long, short, says, takesValue, choices }: CompletedOption): string {
  const parts = [...(short === undefined ? [] : [`-s ${short}`]), `-l ${long}`]
  if (takesValue)
    parts.push(choices === 'file' ? '-r' : choices === 'folder' ? "-x -a '(__fish_complete_directories)'" : '-x')
  if (Array.isArray(choices)) parts.push(`-a ${quote(choices.join(' '))}`)
  return `${parts.join(' ')} -d ${quote(says)}`
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

// Completion for zsh.

import type { CompletedCommand, CompletedOption } from './words.ts'

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef bucketcache
# zsh completion for bucketcache; in ~/.zshrc, behind compinit:  source <(bucketcache completion zsh)
_bucketcache() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
${commands.map(({ name, says }) => `    ${quote(`${name}:${says}`)}`).join('\n')}
    'help:Show help'
  )
  _arguments -C \\
    '(-f --folder)'{-f,--folder}'[The cache folder]:folder:_files -/' \\
    '(-h --help)'{-h,--help}'[Show help]' \\
    '(-V --version)'{-V,--version}'[Show the version]' \\
    '1: :->command' \\
    '*:: :->arguments'
  case $state in
    command) _describe -t commands command commands ;;
    arguments)
      case $words[1] in
        help) _describe -t commands command commands ;;
${commands.map(caseOf).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _bucketcache ]]; then _bucketcache "$@"; else compdef _bucketcache bucketcache; fi
`
}

function caseOf({ name, options, words }: CompletedCommand): string {
  const lines = options.map(option => `            ${optionSpec(option)} \\`)
  const rest = name === 'exec' || name === 'run' ? "'*:: :_normal'" : first(words)
  return `        ${name})
          _arguments -s \\
${lines.join('\n')}
            ${rest} ;;`
}

function first(words: readonly string[]): string {
  return words.length === 0 ? "'*: :_files'" : `'1: :(${words.join(' ')})'`
}

function optionSpec({ long, short, says, takesValue, choices }: CompletedOption): string {
  const value = takesValue ? `:${long}:${action(choices)}` : ''
  const text = quote(`[${says.replace(/[[\]\\:]/g, '\\$&')}]${value}`)
  const equals = takesValue ? '=' : ''
  return short === undefined ? `'*--${long}${equals}'${text}` : `'*'{-${short},--${long}${equals}}${text}`
}

function action(choices: CompletedOption['choices']): string {
  if (choices === undefined) return ' '
  if (choices === 'folder') return '_files -/'
  return choices === 'file' ? '_files' : `(${choices.join(' ')})`
}

function quote(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`
}

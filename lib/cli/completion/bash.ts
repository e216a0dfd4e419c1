// Completion for bash: also for that of macOS, 3.2, so no associative arrays and no bash-completion package.

import type { CompletedCommand, CompletedOption } from './words.ts'

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# bash completion for bucketcache; in ~/.bashrc:  source <(bucketcache completion bash)
_bucketcache() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --)
        # What follows is somebody else's command line.
        if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi
        return ;;
      -f|--folder|--backend) ((i++)) ;;
      -*) ;;
      *) [[ -z $command ]] && command=\${COMP_WORDS[i]} ;;
    esac
  done
  case $command in
    ''|help)
      COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version --folder' -- "$cur")) ;;
${commands.map(caseOf).join('\n')}
  esac
}
complete -o bashdefault -o default -F _bucketcache bucketcache
`
}

function caseOf({ name, options, words }: CompletedCommand): string {
  const values = options.filter(({ takesValue }) => takesValue).map(valueCase)
  const names = options.map(({ long }) => `--${long}`).join(' ')
  return `    ${name})
      case $prev in
${values.join('\n')}
      esac
      case $cur in
        -*) COMPREPLY=($(compgen -W '${names}' -- "$cur")) ;;
        *) ${words.length === 0 ? ':' : `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))`} ;;
      esac ;;`
}

function valueCase({ long, short, choices }: CompletedOption): string {
  const names = [`--${long}`, ...(short === undefined ? [] : [`-${short}`])].join('|')
  return `        ${names}) COMPREPLY=(${candidates(choices)}); return ;;`
}

function candidates(choices: CompletedOption['choices']): string {
  if (choices === undefined) return ''
  if (choices === 'folder') return '$(compgen -d -- "$cur")'
  if (choices === 'file') return '$(compgen -f -- "$cur")'
  return `$(compgen -W '${choices.join(' ')}' -- "$cur")`
}

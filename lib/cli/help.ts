// Help, made from what the commands declare, so that it cannot say what is not so.

import { type Option, typedName } from './arguments.ts'
import { type Command, commonOptions } from './command.ts'
import { type CommandName, commands } from './registry.ts'
import { ordinaryStatuses } from './statuses.ts'

const width = 80

export function generalHelp(): string {
  const lines = [
    'Usage: bucketcache COMMAND [options]',
    '',
    ...fold('A cache in plain files: for the output of commands, and for looking into any cache folder.'),
  ]
  const groups = new Map<string, [string, string][]>()
  for (const [name, { group, says }] of Object.entries(commands)) {
    groups.set(group, [...(groups.get(group) ?? []), [name, says]])
  }
  for (const [group, members] of groups) lines.push('', `${group}:`, ...listed(members))
  lines.push(
    '',
    'Options:',
    ...listed([
      ['-f, --folder FOLDER', 'The cache folder; default: $BUCKETCACHE_FOLDER, else the cache folder of the user'],
      ['-h, --help', 'Show help; bucketcache COMMAND --help for a command'],
      ['-V, --version', 'Show the version'],
      ['    --debug', 'Show where an error came from'],
    ]),
    '',
    'Examples:',
    ...exampleLines([
      ['exec --lifetime 1h -- curl -s https://example.com', 'Ask once an hour'],
      ['ls --sort size --reverse', 'What takes the most'],
      ['get --folder node_modules/.cache/tool greeting', 'Look into the cache of a program'],
    ]),
    '',
    'Exit status:',
    ...listed(ordinaryStatuses.map(([status, says]) => [String(status), says])),
    '',
    ...fold('Output is for people on a terminal, and for programs anywhere else. NO_COLOR switches colours off.'),
  )
  return `${lines.join('\n')}\n`
}

export function commandHelp(name: CommandName, command: Command): string {
  const { usage, about, options, examples, statuses = ordinaryStatuses } = command
  const shown = Object.entries({ ...options, ...commonOptions }).filter(([, { hidden }]) => !hidden)
  const lines = [
    ...usage.map((line, i) => `${i === 0 ? 'Usage:' : '      '} bucketcache ${line}`),
    '',
    `${commands[name].says}.`,
    ...about.flatMap(paragraph => ['', ...fold(paragraph)]),
    '',
    'Options:',
    ...listed(shown.map(([option, declared]) => [optionUsage(option, declared), declared.says])),
    '',
    'Examples:',
    ...exampleLines(examples),
    '',
    'Exit status:',
    ...listed(statuses.map(([status, says]) => [String(status), says])),
  ]
  return `${lines.join('\n')}\n`
}

function optionUsage(name: string, { short, value, deniable }: Option<unknown>): string {
  const long = `--${deniable ? '[no-]' : ''}${typedName(name)}${value === undefined ? '' : ` ${value}`}`
  return `${short === undefined ? '   ' : `-${short},`} ${long}`
}

function exampleLines(examples: readonly (readonly [string, string])[]): string[] {
  return examples.flatMap(([typed, says]) => [`  # ${says}`, `  bucketcache ${typed}`])
}

/** Two columns, the second folded. */
function listed(rows: readonly (readonly [string, string])[]): string[] {
  const first = Math.min(28, Math.max(...rows.map(([left]) => left.length)))
  const indent = ' '.repeat(first + 4)
  return rows.flatMap(([left, right]) => {
    const lines = fold(right, width - indent.length).map(line => indent + line)
    if (left.length > first) return [`  ${left}`, ...lines]
    return [`  ${left.padEnd(first)}  ${lines[0]!.trimStart()}`, ...lines.slice(1)]
  })
}

function fold(text: string, limit = width): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

// `bucketcache exec`: the output of commands, kept. What it does is in `exec/`; here are its arguments.

import { asText, flag, many, one } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { UsageError } from '../errors.ts'
import { tell } from '../exec/emit.ts'
import { identify, textOf } from '../exec/identity.ts'
import { perform } from '../exec/perform.ts'
import { cacheFolder } from '../folder.ts'
import { execStatuses, statuses } from '../statuses.ts'
import { readTag } from '../typed.ts'
import { readDuration, readLifetime } from '../units.ts'

const options = {
  lifetime: one('DURATION', readLifetime, 'How long output is fresh: 90s, 10m, 1h30m, 2d; default: for ever', {
    short: 'l',
  }),
  stale: one(
    'DURATION',
    readDuration,
    'So long past its lifetime old output is given all the same, while a process in the background refreshes it',
  ),
  cwd: flag('Whether the working directory is part of the key; default: it is', { deniable: true, fallback: true }),
  env: many('NAME', readName, 'The value of this environment variable is part of the key; any number of times', {
    short: 'e',
  }),
  input: many(
    'GLOB',
    asText,
    'Paths and contents of these files are part of the key: src/**/*.ts; any number of times',
    { short: 'i', choices: 'file' },
  ),
  key: one('TEXT', asText, 'This text is part of the key', { short: 'k' }),
  scope: one('NAME', asText, 'Commands of other scopes are apart', { short: 's' }),
  tag: many('TAG', readTag, 'A label, for bucketcache evict TAG; any number of times', { short: 't' }),
  force: flag('Run, whatever is stored, and store the new output'),
  onlyCached: flag('Do not run: give what is stored, or end with status 123'),
  cacheFailures: flag('Keep output also when the exit status is not 0; one that is stored is given only with this'),
  folder: one('FOLDER', asText, 'Where to keep it; default: $BUCKETCACHE_FOLDER, else the cache folder of the user', {
    short: 'f',
    choices: 'folder',
  }),
  explain: flag('Say on standard error whether it was a hit or a miss, and why', { short: 'x' }),
  refresh: one('VERSION', asText, 'Renew this version, and give nothing out', { hidden: true }),
}

function readName(text: string, what: string): string {
  if (/^[^=\0]+$/.test(text)) return text
  throw new UsageError(`Expected the name of a variable behind ${what}, got "${text}"`)
}

export const command = defineCommand({
  usage: ['exec [options] -- COMMAND [ARGUMENT…]'],
  about: [
    'The first time the command runs, and what it writes is passed on as it comes. From then on, as long as that is fresh, ' +
      'its standard output and standard error come from the cache, byte for byte and in the order in which they arrived, with its ' +
      'exit status.',
    'The same command is one with the same words, in the same working directory (unless --no-cwd), and with the same of ' +
      'all else that is made part of the key. Standard input is passed on, and is no part of the key.',
    'Only runs that end by themselves with exit status 0 are kept (see --cache-failures), never those that a signal has ended. ' +
      'Of identical commands that are started together one runs; the others wait for it, and give the same.',
    'Signals are passed on to the command. It writes into pipes, so what it does on a terminal only, such as colours, it leaves ' +
      'out. If the cache cannot be used, the command just runs.',
  ],
  positionals: ['COMMAND', '[ARGUMENT…]'],
  options,
  examples: [
    ['exec --lifetime 1h -- curl -s https://example.com/rates.json', 'Ask once an hour'],
    ['exec --lifetime 5m --stale 1d -- ./slow-status.sh', 'Never wait, once there is anything'],
    ["exec --input 'src/**/*.ts' --input package.json -- npm run build", 'Run again when a file has changed'],
    ['exec --no-cwd --env AWS_PROFILE --tag aws -- aws ec2 describe-instances', 'One for all folders, by profile'],
    ['evict aws', '… and throw that away'],
  ],
  statuses: [
    ['0–255', 'that of the command, now or when it ran'],
    [execStatuses.notCached, 'nothing that may be given is stored, with --only-cached'],
    [execStatuses.failed, 'wrong arguments, or bucketcache itself has failed, or the output could not be written'],
    [execStatuses.cannotRun, 'the command cannot be run'],
    [execStatuses.notFound, 'the command was not found'],
    ['128+n', 'signal number n has ended the command'],
    [statuses.outputClosed, 'nobody reads the output any more'],
  ],
  failed: execStatuses.failed,
  stopEarly: true,

  async run({ options, args, argv, io }) {
    const { lifetime = null, stale = 0, cwd, env, input, key, scope, tag, force, onlyCached, refresh } = options
    if (stale > 0 && lifetime === null)
      throw new UsageError('Expected --lifetime with --stale: what lives for ever is never stale')
    if (force && onlyCached) throw new UsageError('Expected one of --force and --only-cached, got both')
    const here = process.cwd()
    const inputs = input.length === 0 ? undefined : await hashInputs(input, here)
    const identity = identify({
      words: args,
      cwd: cwd ? here : undefined,
      variables: env,
      environment: io.env,
      inputs,
      key,
      scope,
    })
    return await perform({
      folder: cacheFolder(options.folder, io.env),
      identity,
      keyText: textOf(identity),
      words: args,
      tags: tag,
      lifetime,
      stale,
      cacheFailures: options.cacheFailures,
      force,
      onlyCached,
      refresh,
      isUnchanged: async () => inputs === undefined || (await hashInputs(input, here)) === inputs,
      explain: options.explain ? tell : () => {},
      async startRefresh(version) {
        const { startRefresh } = await import('../exec/refresh.ts')
        startRefresh(version, argv)
      },
    })
  },
})

async function hashInputs(patterns: readonly string[], cwd: string): Promise<string> {
  const { readInputs } = await import('../exec/inputs.ts')
  return (await readInputs(patterns, cwd)).hash
}

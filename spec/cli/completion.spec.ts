import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newPlace, say } from './support.ts'

/** The scripts are tried with the shells that there are. */
function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0
}

const script = async (shell: string): Promise<string> => (await say(['completion', shell])).stdout

describe.runIf(has('bash'))('bash', () => {
  async function completed(line: string): Promise<string[]> {
    const words = ['bucketcache', ...line.split(' ')]
    const code = `${await script('bash')}
COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_bucketcache; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', code], { encoding: 'utf8' })
    expect(stderr).toBe('')
    return stdout.split('\n').slice(0, -1)
  }

  test.each([
    ['e', ['exec', 'expire', 'evict', 'export']],
    ['ls --la', ['--larger-than']],
    ['ls --sort ', ['key', 'size', 'stored', 'expires', 'none']],
    ['ls -s si', ['size']],
    ['--folder x cl', ['clear']],
    ['-f x get --as', ['--as-listed']],
    ['exec --no', ['--no-cwd']],
    ['exec --lifetime ', ['']],
    ['queue p', ['push', 'pull', 'peek']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['help cu', ['cull']],
    ['set --backend c', ['cbor']],
  ])('completes %j', async (line, words) => {
    expect(await completed(line)).toEqual(words)
  })

  test('leaves what is behind -- to the command, and shows nothing that is hidden', async () => {
    expect(await completed('exec -- ech')).toContain('echo')
    expect(await completed('exec --re')).toEqual([''])
  })
})

test.each(['bash', 'zsh', 'fish'])('the script for %s has every command in it', async shell => {
  const { commands } = await import('../../lib/cli/registry.ts')
  const text = await script(shell)
  for (const name of Object.keys(commands)) expect(text).toContain(name)
  expect(text).not.toContain('undefined')
})

test.runIf(has('zsh'))('zsh can read its script', async () => {
  const { status, stderr } = spawnSync('zsh', ['-n'], { input: await script('zsh'), encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})

test.runIf(has('fish'))('fish can read its script', async () => {
  // From a file: it takes no script from a pipe.
  const path = join(newPlace().root, 'bucketcache.fish')
  writeFileSync(path, await script('fish'))
  const { status, stderr } = spawnSync('fish', ['--no-execute', path], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})

test.runIf(has('fish'))('fish completes with it', async () => {
  const code = `${await script('fish')}
complete -C 'bucketcache ex'; complete -C 'bucketcache ls --ta'`
  const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', code], { encoding: 'utf8' })
  expect(stderr).toBe('')
  const words = stdout.split('\n').map(line => line.split('\t')[0])
  expect(words).toEqual(['exec', 'expire', 'export', '--tag', ''])
})

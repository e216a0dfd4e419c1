// Asking the person.

import { createInterface } from 'node:readline/promises'
import type { Call } from './command.ts'
import { UsageError } from './errors.ts'

/**
 * Whether the person says yes to a question; `yes`: he has said so already.
 * @throws UsageError where nobody can be asked.
 */
export async function confirm(
  { io, signal }: Pick<Call<Record<never, never>>, 'io' | 'signal'>,
  question: string,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw new UsageError('Expected --yes, for there is no terminal to ask at')
  // As a plain line: Ctrl-C stays a signal.
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: false })
  // Ctrl-D, which is no answer, is one: no.
  const closed = new Promise<string>(resolve => lines.once('close', () => resolve('\n')))
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), closed])
    if (answer === '\n') io.stderr.write(answer)
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    lines.close()
  }
}

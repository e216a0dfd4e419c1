import { expect, test } from 'vitest'
import { ProgressBar } from '../../lib/tasks/progress.ts'

const terminal = (columns?: number) => {
  const written: string[] = []
  return { written, isTTY: true, ...(columns && { columns }), write: (text: string) => written.push(text) }
}

test('the bar grows from nothing to all', () => {
  const screen = terminal()
  const bar = new ProgressBar(4, screen)
  expect(screen.written.at(-1)).toMatch(/^\r░{24} 0\/4, \d+\.\d s/)
  for (const isFailure of [false, true, false, false]) bar.tick(isFailure)
  bar.end()
  expect(screen.written.at(-2)).toMatch(/^\r█{24} 4\/4, 1 failed, \d+\.\d s/)
  expect(screen.written.at(-1)).toBe('\n')
})

test('a line is never wider than the terminal', () => {
  const screen = terminal(20)
  new ProgressBar(4, screen).end()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence that clears the rest of the line
  for (const line of screen.written) expect(line.replace(/\r|\u001b\[K|\n/g, '').length).toBeLessThan(20)
})

test('many steps are not drawn one by one', () => {
  const screen = terminal()
  const bar = new ProgressBar(10_000, screen)
  for (let step = 0; step < 10_000; step += 1) bar.tick(false)
  bar.end()
  expect(screen.written.length).toBeLessThan(1000)
  expect(screen.written.at(-2)).toContain('10000/10000')
})

test('nothing to do is all done', () => {
  const screen = terminal()
  new ProgressBar(0, screen).end()
  expect(screen.written.at(-2)).toContain('█ 0/0')
})

// FORMAT.md shows the bytes that are in the golden files.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url))
const page = read('lib/FORMAT.md').toString()

test('the worked example in text is the golden file', () => {
  expect(page).toContain(`\`\`\`\n${read('fixtures/logs/v1/worked-example.json').toString().trimEnd()}`)
})

test('the worked example in bytes is the golden file', () => {
  const rows = page.split('\n').filter(line => /^[0-9a-f]{8}: /.test(line))
  const hex = rows.map(row => row.slice(10, 57).replaceAll(' ', '')).join('')
  expect(hex).toBe(read('fixtures/logs/v1/worked-example.v8').toString('hex'))
})

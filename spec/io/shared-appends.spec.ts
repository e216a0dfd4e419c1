import { expect, test } from 'vitest'
import type { RequestOf, SharedAppend } from '../../lib/io/requests.ts'
import { SharedAppends } from '../../lib/io/shared-appends.ts'

type Asked = RequestOf<'appendShared'>

const asking = (file: number, text: string, durable = false): Asked => ({
  op: 'appendShared',
  file,
  bytes: Buffer.from(text),
  durable,
  expected: () => 0,
})

/** A write that ends when it is told to. */
function newWriter() {
  const writes: { text: string; durable: boolean; end: (error?: Error) => void }[] = []
  const appends = new SharedAppends(
    request =>
      new Promise((resolve, reject) => {
        const text = Buffer.from(request.bytes).toString()
        const reply: SharedAppend = { expected: 0, bytes: request.bytes, size: 1, nlink: 1 }
        writes.push({ text, durable: request.durable, end: error => (error ? reject(error) : resolve(reply)) })
      }),
  )
  return { writes, appends }
}

/** Until everything has been done that does not wait for a write. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('those who come while one is writing go together, and share what came of it', async () => {
  const { writes, appends } = newWriter()
  const first = appends.append(asking(3, 'a'))
  const [b, c, other] = [asking(3, 'b'), asking(3, 'c', true), asking(4, 'x')].map(one => appends.append(one))
  await settled()
  expect(writes.map(({ text }) => text)).toEqual(['a', 'x'])
  writes[0]!.end()
  await first
  await settled()
  const late = appends.append(asking(3, 'd'))
  await settled()
  expect(writes.slice(2)).toMatchObject([{ text: 'bc', durable: true }])
  for (const { end } of writes) end()
  expect(await b).toBe(await c)
  expect((await other)!.bytes).toEqual(Buffer.from('x'))
  await settled()
  writes.at(-1)!.end()
  expect(Buffer.from((await late).bytes).toString()).toBe('d')
  expect(writes).toHaveLength(4)
})

test('the next do not begin before those before them have seen what came of theirs', async () => {
  const { writes, appends } = newWriter()
  const seen: string[] = []
  const first = appends.append(asking(3, 'a')).then(async () => {
    // As many turns as a run of an algorithm may take.
    for (let i = 0; i < 50; i++) await undefined
    seen.push(`then ${writes.length}`)
  })
  const second = appends.append(asking(3, 'b'))
  writes[0]!.end()
  await first
  expect(seen).toEqual(['then 1'])
  await settled()
  writes[1]!.end()
  await second
})

test('a failure is told to those who went together, and to nobody else', async () => {
  const { writes, appends } = newWriter()
  const all = ['a', 'b', 'c'].map(text => appends.append(asking(3, text)))
  writes[0]!.end(new Error('of the first'))
  await expect(all[0]).rejects.toThrow('of the first')
  await settled()
  writes[1]!.end(new Error('of the others'))
  await expect(all[1]).rejects.toThrow('of the others')
  await expect(all[2]).rejects.toThrow('of the others')
  const next = appends.append(asking(3, 'd'))
  writes[2]!.end()
  await next
  expect(writes.map(({ text }) => text)).toEqual(['a', 'bc', 'd'])
})

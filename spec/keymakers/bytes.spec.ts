import { expect, test } from 'vitest'
import { base64Piece, bytesFrom, bytesOf, reverseElements } from '../../lib/keymakers/bytes.ts'

test('reverseElements() turns every element round', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  reverseElements(bytes, 1)
  expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  reverseElements(bytes, 2)
  expect([...bytes]).toEqual([2, 1, 4, 3, 6, 5, 8, 7])
  reverseElements(bytes, 8)
  expect([...bytes]).toEqual([7, 8, 5, 6, 3, 4, 1, 2])
})

test('base64Piece() gives one form to NaN, and leaves the array as it was', () => {
  const nan = Uint32Array.of(0, 0xfff80000, 1, 0x7ff00000)
  const floats = new Float64Array(nan.buffer)
  expect(base64Piece(bytesOf(floats)!, 0)).toBe(
    Buffer.from(Float64Array.of(Number.NaN, Number.NaN).buffer).toString('base64'),
  )
  expect([...nan]).toEqual([0, 0xfff80000, 1, 0x7ff00000])
  expect(base64Piece(bytesOf(Float32Array.of(Number.NaN))!, 0)).toBe('AADAfw==')
})

test('bytesFrom() gives memory of its own, and nothing for a name that is no class of bytes', () => {
  const bytes = bytesFrom('Uint8Array', 'AQI=') as Uint8Array
  expect(bytes).toStrictEqual(Uint8Array.of(1, 2))
  expect(bytes.buffer.byteLength).toBe(2)
  expect(bytesFrom('Object', '')).toBeUndefined()
  expect(() => bytesFrom('Int16Array', 'AQ==')).toThrow(RangeError)
})

const Half = (globalThis as { Float16Array?: { of(...elements: number[]): object } }).Float16Array

test.skipIf(!Half)('bytesOf() knows Float16Array where Node has it', () => {
  const from = bytesOf(Half!.of(1.5, Number.NaN))!
  expect(from.kind.name).toBe('Float16Array')
  expect(base64Piece(from, 0)).toBe('AD4Afg==')
  expect(bytesFrom('Float16Array', 'AD4Afg==')).toStrictEqual(Half!.of(1.5, Number.NaN))
})

test.skipIf(Half)('bytesFrom() says so where this Node has no such class', () => {
  expect(() => bytesFrom('Float16Array', 'AD4=')).toThrow('This Node has no Float16Array')
})

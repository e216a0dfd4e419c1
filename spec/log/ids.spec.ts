import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idAt, putId } from '../../lib/log/ids.ts'

test('ids are written as their hexadecimal digits say, and read again', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(5), (number, at) => {
      const id = number.toString(16).padStart(16, '0')
      const bytes = Buffer.alloc(14, 0xff)
      putId(bytes, id, at)
      expect(bytes.readBigUInt64BE(at)).toBe(number)
      expect(idAt(bytes, at)).toBe(id)
      bytes.writeBigUInt64BE(2n ** 64n - 1n, at)
      expect(bytes.equals(Buffer.alloc(14, 0xff))).toBe(true)
    }),
  )
})

// Issue: Tags. DiskCache: Cache.evict, create_tag_index, drop_tag_index.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Bucket, TimeoutError } from '../../lib/index.ts'
import { entryFiles, newBucket } from '../support/folders.ts'
import { startActor, startActors } from '../support/remote.ts'
import { eventsOf, hour, onBothFaces, type Step, stopClock } from './support.ts'

onBothFaces((faceOf, transact) => {
  describe.each([false, true])('with tagIndex: %s', tagIndex => {
    const tagged = () => newBucket({ tagIndex })

    test('evict() removes the entries that carry the tag, and says how many', async () => {
      const bucket = faceOf(tagged())
      for (let i = 0; i < 10; i++) await bucket.set(i, i, { tag: i % 2 === 0 ? 'even' : 'odd' })
      await bucket.set('untagged', 1)
      expect(await bucket.evict('even')).toBe(5)
      expect(await bucket.keys()).toEqual([1, 3, 5, 7, 9, 'untagged'])
      expect(await bucket.size()).toBe(6)
      expect(await bucket.evict('even')).toBe(0)
      expect(await bucket.evict('never given')).toBe(0)
    })

    test('the files of evicted entries are gone when evict() returns', async () => {
      const bucket = tagged()
      for (let i = 0; i < 10; i++) bucket.set(i, i, { tag: 't' })
      bucket.set('other', 1)
      await faceOf(bucket).evict('t')
      expect(entryFiles(bucket.path)).toHaveLength(1)
    })

    test('1 and "1" are different tags', async () => {
      const bucket = faceOf(tagged())
      await bucket.set('number', 0, { tag: 1 })
      await bucket.set('string', 0, { tag: '1' })
      expect(await bucket.evict('1')).toBe(1)
      expect(await bucket.keys()).toEqual(['number'])
      expect(await bucket.evict(1)).toBe(1)
    })

    test.each([0, '', -0.5, 'a/b', '..', '\0', 'ü', 'x'.repeat(1000)])('%j is a tag', async tag => {
      const bucket = faceOf(tagged())
      await bucket.set('plain', 1)
      await bucket.set('tagged', 1, { tag })
      expect((await bucket.getEntry('tagged'))?.tag).toBe(tag)
      expect((await bucket.list({ tag })).map(({ key }) => key)).toEqual(['tagged'])
      expect(await bucket.evict(tag)).toBe(1)
      expect(await bucket.keys()).toEqual(['plain'])
    })

    test.each([undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, {}, 1n])('%s is no tag', async tag => {
      await expect(faceOf(tagged()).evict(tag as any)).rejects.toThrow(TypeError)
    })

    test('an entry with several tags is evicted by each of them', async () => {
      for (const tag of ['a', 'b', 3]) {
        const bucket = faceOf(tagged())
        await bucket.set('key', 1, { tag: ['a', 'b', 3, 'a'] })
        const entry = await bucket.getEntry('key')
        expect([entry?.tag, entry?.tags]).toEqual(['a', ['a', 'b', 3]])
        expect((await bucket.list({ tag: tag as any })).length).toBe(1)
        expect(await bucket.evict(tag)).toBe(1)
        expect(await bucket.has('key')).toBe(false)
      }
    })

    test('an entry that was given another tag is not evicted by the old one', async () => {
      const bucket = faceOf(tagged())
      await bucket.set('key', 1, { tag: 'old' })
      await bucket.set('key', 2, { tag: 'new' })
      expect(await bucket.evict('old')).toBe(0)
      expect(await bucket.get('key')).toBe(2)
      expect(await bucket.evict('new')).toBe(1)
    })

    test('an entry that was set again without a tag has none', async () => {
      const bucket = faceOf(tagged())
      await bucket.set('key', 1, { tag: 'old' })
      await bucket.set('key', 2)
      expect(await bucket.evict('old')).toBe(0)
      expect((await bucket.getEntry('key'))?.tags).toEqual([])
    })

    test('an entry that lost its tag and got it back is evicted by it, once', async () => {
      const bucket = faceOf(tagged())
      await bucket.set('key', 1, { tag: 't' })
      await bucket.set('key', 2, { tag: 'u' })
      await bucket.set('key', 3, { tag: 't' })
      expect(await bucket.evict('t')).toBe(1)
      expect(await bucket.has('key')).toBe(false)
    })

    test('a deleted entry that is stored again without the tag is not evicted by it', async () => {
      const bucket = faceOf(tagged())
      await bucket.set('key', 1, { tag: 't' })
      await bucket.delete('key')
      await bucket.set('key', 2)
      expect(await bucket.evict('t')).toBe(0)
      expect(await bucket.get('key')).toBe(2)
    })

    test('an entry that has expired is not counted', async () => {
      const clock = stopClock()
      const bucket = faceOf(tagged())
      await bucket.set('short', 1, { tag: 't', expire: hour })
      await bucket.set('long', 1, { tag: 't' })
      clock.pass(hour)
      expect(await bucket.evict('t')).toBe(1)
    })

    test('a key that expired and was stored again without the tag is not evicted by it', async () => {
      const clock = stopClock()
      const bucket = faceOf(tagged())
      await bucket.set('key', 1, { tag: 't', expire: hour })
      clock.pass(2 * hour)
      await bucket.set('key', 2)
      expect(await bucket.evict('t')).toBe(0)
      expect(await bucket.get('key')).toBe(2)
    })

    test('what is stored after evict() stays, and the next evict() finds it', async () => {
      const bucket = faceOf(tagged())
      for (let round = 0; round < 5; round++) {
        await bucket.set('key', round, { tag: 't' })
        expect(await bucket.get('key')).toBe(round)
        expect(await bucket.evict('t')).toBe(1)
        expect(await bucket.evict('t')).toBe(0)
      }
    })

    test('add, touch, incr and update keep or give tags as they say', async () => {
      const bucket = faceOf(tagged())
      await bucket.add('added', 1, { tag: 't' })
      await bucket.set('touched', 1, { tag: 't' })
      await bucket.touch('touched', hour)
      await bucket.set('counted', 1, { tag: 't' })
      await bucket.incr('counted')
      await bucket.set('updated', 1, { tag: 't' })
      await bucket.update('updated', n => n + 1)
      await bucket.set('retagged', 1, { tag: 't' })
      await bucket.update('retagged', n => n + 1, { tag: 'u' })
      expect((await bucket.list({ tag: 't' })).map(({ key }) => key)).toEqual([
        'added',
        'touched',
        'counted',
        'updated',
      ])
      expect(await bucket.evict('t')).toBe(4)
      expect(await bucket.evict('u')).toBe(1)
    })

    test('items of a queue are evicted by their tag, and pull() goes on behind them', async () => {
      const bucket = faceOf(tagged())
      await bucket.push('a', { tag: 't' })
      await bucket.push('b')
      await bucket.push('c', { tag: 't' })
      expect(await bucket.evict('t')).toBe(2)
      expect((await bucket.pull())?.value).toBe('b')
      expect(await bucket.pull()).toBeUndefined()
    })

    test('large values are evicted, and each eviction is told with its reason', async () => {
      const bucket = tagged()
      const events = eventsOf('evict', bucket)
      await faceOf(bucket).set('large', 'x'.repeat(100_000), { tag: 't' })
      await faceOf(bucket).set('small', 'x', { tag: 't' })
      expect(await faceOf(bucket).evict('t')).toBe(2)
      expect(events.map(({ key, reason }) => [key, reason]).sort()).toEqual([
        ['"large"', 'tag'],
        ['"small"', 'tag'],
      ])
      expect(events.find(({ key }) => key === '"large"')?.size).toBeGreaterThan(100_000)
    })

    test('a bucket sees the tags that another process has given', async () => {
      const bucket = tagged()
      const other = await startActor(bucket.path)
      await other.run(theirs => {
        for (let i = 0; i < 20; i++) theirs.set(i, i, { tag: i % 2 === 0 ? 'even' : 'odd' })
        theirs.set(1, 'retagged', { tag: 'even' })
      })
      expect(await faceOf(bucket).evict('even')).toBe(11)
      expect(await other.run(theirs => [...theirs.keys()])).toEqual([3, 5, 7, 9, 11, 13, 15, 17, 19])
    })

    test('buckets of two backends on a folder have tags of their own', async () => {
      const bucket = tagged()
      const other = new Bucket(bucket.path, { backend: 'json' })
      bucket.set('mine', 1, { tag: 't' })
      other.set('theirs', 1, { tag: 't' })
      expect(await faceOf(bucket).evict('t')).toBe(1)
      expect(other.get('theirs')).toBe(1)
      expect(await faceOf(other).evict('t')).toBe(1)
    })
  })

  test('createTagIndex() knows what was stored before it, at any tag', async () => {
    const bucket = faceOf(newBucket())
    for (let i = 0; i < 300; i++) await bucket.set(i, i, { tag: [`mod${i % 3}`, 'all'] })
    await bucket.createTagIndex()
    expect(await bucket.evict('mod0')).toBe(100)
    expect(await bucket.evict('all')).toBe(200)
    expect(await bucket.size()).toBe(0)
  })

  test('dropTagIndex() changes no answer, and the index may be made again', async () => {
    const bucket = newBucket({ tagIndex: true })
    const face = faceOf(bucket)
    await face.set('a', 1, { tag: 't' })
    await face.dropTagIndex()
    expect(existsSync(join(bucket.path, 'tags/index'))).toBe(false)
    await face.set('b', 1, { tag: 't' })
    await face.set('a', 1, { tag: 'other' })
    await face.createTagIndex()
    await face.set('c', 1, { tag: 't' })
    expect(await face.evict('t')).toBe(2)
    expect(await face.keys()).toEqual(['a'])
    expect(await face.reset('tagIndex')).toBe(true)
  })

  test('the index that another process makes is kept by a bucket that was opened before', async () => {
    const bucket = newBucket()
    await faceOf(bucket).set('before', 1, { tag: 't' })
    const other = await startActor(bucket.path)
    await other.run(theirs => theirs.createTagIndex())
    await faceOf(bucket).set('after', 1, { tag: 't' })
    await faceOf(bucket).set('before', 1, { tag: 'u' })
    expect(await other.run(theirs => theirs.reset('tagIndex'))).toBe(true)
    expect(await other.run(theirs => theirs.evict('t'))).toBe(1)
    expect(await other.run(theirs => theirs.evict('u'))).toBe(1)
    await other.run(theirs => theirs.dropTagIndex())
    await faceOf(bucket).set('again', 1, { tag: 't' })
    expect(await other.run(theirs => theirs.evict('t'))).toBe(1)
  })

  test('in a transaction, evict() sees the tags given in it, and happens with it or not at all', async () => {
    for (const tagIndex of [false, true]) {
      const bucket = newBucket({ tagIndex })
      bucket.set('before', 1, { tag: 't' })
      const steps: Step[] = [
        ['set', 'inside', 1, { tag: 't' }],
        ['set', 'before', 2, { tag: ['t', 'u'] }],
        ['evict', 't'],
        ['evict', 't'],
        ['set', 'inside', 2, { tag: 't' }],
      ]
      await expect(transact(bucket, steps, new Error('no'))).rejects.toThrow('no')
      expect(bucket.get('before')).toBe(1)
      expect((await transact(bucket, steps)).slice(2, 4)).toEqual([2, 0])
      expect([...bucket.entries()]).toEqual([['inside', 2]])
      expect(bucket.evict('t')).toBe(1)
    }
  })
})

describe('beside writers', () => {
  test.each([false, true])(
    'with tagIndex: %s, a set that begins after evict() has returned survives',
    async tagIndex => {
      const bucket = newBucket({ tagIndex })
      const writers = await startActors(2, bucket.path)
      const done = Promise.all(
        writers.map((writer, id) =>
          writer.run((theirs, me) => {
            for (let i = 0; i < 400; i++) {
              theirs.set(`${me}-${i % 50}`, i, { tag: 't' })
              if (i % 20 === 0) theirs.evict('t')
              theirs.set(`mine-${me}`, i, { tag: `own-${me}` })
              if (theirs.get(`mine-${me}`) !== i) throw new Error(`lost ${i}`)
            }
          }, id),
        ),
      )
      await done
      const left = bucket.size
      // None is missing from the index, whatever came between.
      expect(bucket.evict('t')).toBe(left - 2)
      expect(bucket.evict('own-0') + bucket.evict('own-1')).toBe(2)
      expect(bucket.check()).toEqual([])
    },
  )

  test('an index that is made while others write misses nothing', async () => {
    const bucket = newBucket()
    const writers = await startActors(2, bucket.path)
    const done = writers.map((writer, id) =>
      writer.run((theirs, me) => {
        for (let i = 0; i < 300; i++) theirs.set(`${me}-${i}`, i, { tag: 't' })
      }, id),
    )
    for (let i = 0; i < 5; i++) {
      bucket.createTagIndex()
      await new Promise(setImmediate)
      if (i < 4) bucket.dropTagIndex()
    }
    await Promise.all(done)
    expect(bucket.evict('t')).toBe(600)
    expect(bucket.size).toBe(0)
  })
})

test.each(['evict', 'expire', 'clear'] as const)(
  'what %s() has removed before it gives up waiting for a transaction counts as gone',
  async method => {
    const bucket = newBucket({ tagIndex: true, timeout: 100 })
    for (let i = 0; i < 50; i++) bucket.set(i, i, { tag: 't', expire: 60_000 })
    await bucket.promises.transact(async inside => {
      await inside.get(30)
      const calls = {
        evict: () => bucket.promises.evict('t'),
        expire: () => bucket.promises.expire(new Date(Date.now() + 120_000)),
        clear: () => bucket.promises.clear(),
      }
      await expect(calls[method]()).rejects.toThrow(TimeoutError)
    })
    const stored = [...bucket.keys()].length
    expect(stored).toBeGreaterThan(0)
    expect(stored).toBeLessThan(50)
    expect(bucket.size).toBe(stored)
    expect(bucket.check()).toEqual([])
  },
)

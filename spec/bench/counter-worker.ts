// One of those that count: `counter-worker.js FOLDER COUNT`, waits for a line, then counts up COUNT times.

import { once } from 'node:events'
import { loadPackage } from './stage.ts'

const [folder, count] = process.argv.slice(2) as [string, string]
const { Bucket } = await loadPackage()
const bucket = new Bucket<string, number>(folder, { backend: 'json' })
// What is timed is counting, not the compiler.
for (let i = Number(count); i > 0; i--) bucket.incr(`mine ${process.pid}`)
console.log('ready')
await once(process.stdin, 'data')
for (let i = Number(count); i > 0; i--) bucket.incr('counter')
console.log(`done ${bucket.get('counter')}`)
process.stdin.destroy()

// The public names of `bucketcache/recipes`, nothing else.

export { Averager } from './averager.ts'
export { type BarrierOptions, barrier } from './barrier.ts'
export type { Deque, DequeOptions } from './deque.ts'
export type { AsyncDeque } from './deque-async.ts'
export type { AcquireOptions, Release } from './gate.ts'
export { type Lock, lock, type ReentrantLock, rlock } from './lock.ts'
export type { Wrapped } from './named.ts'
export type { AsyncIndex, Index } from './ordered-index.ts'
export { type Semaphore, semaphore } from './semaphore.ts'
export { type ThrottleOptions, throttle } from './throttle.ts'

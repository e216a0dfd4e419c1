// What is printed of the package's objects, by console.log and in a debugger: where they are, in one line, instead of what they are
// made of.

import { inspect } from 'node:util'

/** `Bucket { path: '/tmp/cache', backend: 'v8' }` */
export function inspected(of: object, path: string, backend: { readonly name: string }): string {
  return `${of.constructor.name} { path: ${inspect(path)}, backend: ${inspect(backend.name)} }`
}

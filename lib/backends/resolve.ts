import type { Backend, BackendName } from './backend.ts'
import { CBORBackend } from './cbor.ts'
import { JSONBackend } from './json.ts'
import { MessagePackBackend } from './msgpack.ts'
import { V8Backend } from './v8.ts'

const makers: Record<BackendName, () => Backend> = {
  v8: () => new V8Backend(),
  json: () => new JSONBackend(),
  cbor: () => new CBORBackend(),
  msgpack: () => new MessagePackBackend(),
}
const names = Object.keys(makers).map(name => `'${name}'`)
const expected = `${names.join(', ')}, or an object with name, fileExtension, encode and decode, as backend`

/** What people call them elsewhere, and how they write it. */
const nicknames: readonly (readonly [RegExp, string])[] = [
  [/^(json|jsonbackend|jsn)$/, "'json'"],
  [/^(v8|v8backend|pickle|structured-?clone|serialize)$/, "'v8'"],
  [/^(cbor|cborbackend|cborx|cbor-x)$/, "'cbor'"],
  [/^(msgpack|message-?pack|msg-?pack|messagepackbackend|msgpackr)$/, "'msgpack'"],
  [/^(gzip|gz|brotli|zstd|compressed?)$/, "compressed('v8')"],
  [/^(encrypt|encrypted|aes.*)$/, "encrypted('v8', { key })"],
]

/**
 * The backend that an option means; undefined means V8Backend. A backend that is given is given back, the very object.
 * @throws TypeError that says what was expected, and what may have been meant.
 */
export function resolveBackend(backend: Backend | BackendName | undefined): Backend {
  if (backend === undefined) return makers.v8()
  if (typeof backend === 'string') {
    if (Object.hasOwn(makers, backend)) return makers[backend]()
    throw new TypeError(`Expected ${expected}, got '${backend}'.${suggestion(backend)}`)
  }
  if (typeof backend === 'function') {
    const { name } = backend as { name: string }
    throw new TypeError(`Expected ${expected}, got a function. Did you mean new ${name || 'Backend'}()?`)
  }
  if (typeof backend !== 'object' || backend === null)
    throw new TypeError(`Expected ${expected}, got ${String(backend)}`)
  checkShape(backend)
  return backend
}

function suggestion(text: string): string {
  const found = nicknames.find(([pattern]) => pattern.test(text.trim().toLowerCase()))
  return found === undefined ? '' : ` Did you mean ${found[1]}?`
}

function checkShape(backend: Backend): void {
  const { name, fileExtension } = backend
  if (typeof name !== 'string' || name === '' || name.length > 64 || /\p{Cc}/u.test(name))
    throw new TypeError(
      `Expected a backend whose name has 1 to 64 characters and no control characters, got ${shown(name)}`,
    )
  if (typeof fileExtension !== 'string' || !/^[A-Za-z0-9_-]{1,16}$/.test(fileExtension))
    throw new TypeError(
      `Expected a backend whose fileExtension has 1 to 16 letters, digits, - or _, got ${shown(fileExtension)}`,
    )
  for (const method of ['encode', 'decode'] as const) {
    if (typeof backend[method] !== 'function')
      throw new TypeError(`Expected a backend that has a method ${method}(), got ${shown(backend[method])}`)
  }
}

function shown(part: unknown): string {
  return typeof part === 'string' ? JSON.stringify(part) : typeof part
}

/** Whether bytes may be stored beside this backend: those that compress or encrypt, and those of others, see all there is. */
export function storesBytesAsTheyAre(backend: Backend): boolean {
  return [V8Backend, JSONBackend, CBORBackend, MessagePackBackend].some(known => backend.constructor === known)
}

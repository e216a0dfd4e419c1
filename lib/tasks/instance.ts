// Copying an instance of a class by its prototype and its own fields. That leaves behind what is not seen from outside: private
// fields, and what a built-in class keeps inside. So who has such is found out by what the classes say in their source; nothing
// else tells.

import { types } from 'node:util'

/** Whether `value` is an object with fields of its own to look at, and not a container that is built in. */
export function isInstance(value: object): boolean {
  return !ArrayBuffer.isView(value) && !types.isBoxedPrimitive(value) && !types.isProxy(value)
}

/** The own fields of an instance, without running getters. */
export function fieldsOf(instance: object): unknown[] {
  return Object.values(Object.getOwnPropertyDescriptors(instance)).map(property => property.value as unknown)
}

/** An instance of the same class without any fields. @throws TypeError where a copy by fields would not be whole. */
export function emptyInstance(instance: object): object {
  for (const made of classesOf(instance)) {
    const why = whyNotCopied(made)
    if (why === undefined) continue
    throw new TypeError(
      `Expected a mark of hashed() in something that can be copied without it, got one in an object whose class ${why}. Mark the whole object, or make the marked part an input of its own.`,
    )
  }
  return Object.create(Object.getPrototypeOf(instance))
}

/** Its class and what that extends, but for Object, be it that of another realm. */
function* classesOf(instance: object): Iterable<{ name: string }> {
  let link: object = Object.getPrototypeOf(instance)
  for (let next = Object.getPrototypeOf(link); next !== null; link = next, next = Object.getPrototypeOf(link)) {
    const made: unknown = Object.getOwnPropertyDescriptor(link, 'constructor')?.value
    if (typeof made === 'function') yield made
  }
}

/** A private field or method that is used: `this.#name`, `#name in other`. */
const privateUse = /\.\s*#[\p{ID_Start}$_]|#[\p{ID_Start}$_][\p{ID_Continue}$]*\s+in\b/u

function whyNotCopied(made: { name: string }): string | undefined {
  const source = Function.prototype.toString.call(made)
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return `is built in (${made.name})`
  return privateUse.test(source) ? `has private fields (${made.name})` : undefined
}

// Long texts as small numbers: states are compared very often, and a state is made of few distinct parts.

/** Gives equal texts equal numbers, and different texts different ones. */
export class Interner {
  readonly #numbers = new Map<string, number>()

  number(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    // Not 0: that is for who has nothing to compare yet.
    const fresh = this.#numbers.size + 1
    this.#numbers.set(text, fresh)
    return fresh
  }
}

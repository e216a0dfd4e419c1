// How many columns a text takes on a terminal: near enough for tables.

/** East Asian wide and full-width characters, and emoji, take two. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u
const none = /[\p{Mn}\p{Me}\p{Cf}]/u
const plain = /^[\x20-\x7e]*$/

export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

function widthOfOne(character: string): number {
  return none.test(character) ? 0 : wide.test(character) ? 2 : 1
}

/** The text, or its beginning with `…` behind it, in at most so many columns. */
export function truncate(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  let width = 1
  for (const character of text) {
    width += widthOfOne(character)
    if (width > columns) break
    kept += character
  }
  return `${kept}…`
}

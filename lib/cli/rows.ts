// Entries as rows of a listing.

import { isExactJSON } from './exact-json.ts'
import { showKey } from './keys.ts'
import type { Column } from './output.ts'
import { showTag } from './typed.ts'
import { showDuration, showSize } from './units.ts'
import type { Row } from './walk.ts'

const never = Number.POSITIVE_INFINITY

export const keyColumn: Column<Row> = {
  title: 'KEY',
  show: ({ key, keyText }, paint) => paint.cyan(showKey(key, keyText)),
  plain: ({ key, keyText }) => showKey(key, keyText),
}

const sizeColumn: Column<Row> = {
  title: 'SIZE',
  right: true,
  show: ({ size }) => showSize(size),
  plain: ({ size }) => String(size),
}

const storedColumn: Column<Row> = {
  title: 'STORED',
  right: true,
  show: ({ storedAt }) => `${showDuration(Math.max(0, Date.now() - storedAt))} ago`,
  plain: ({ storedAt }) => new Date(storedAt).toISOString(),
}

const expiresColumn: Column<Row> = {
  title: 'EXPIRES',
  right: true,
  show({ expires }, paint) {
    if (expires === never) return paint.dim('never')
    const left = expires - Date.now()
    return left <= 0 ? paint.red('expired') : `in ${showDuration(left)}`
  },
  plain: ({ expires }) => (expires === never ? '' : new Date(expires).toISOString()),
}

const tagsColumn: Column<Row> = {
  title: 'TAGS',
  show: ({ tags }, paint) => paint.yellow(tags.map(showTag).join(' ')),
  plain: ({ tags }) => JSON.stringify(tags),
}

const backendColumn: Column<Row> = {
  title: 'BACKEND',
  show: ({ bucket }) => bucket.backend.name,
  plain: ({ bucket }) => bucket.backend.name,
}

/** For a person only what tells something: the backend if there are several. For a program always the same. */
export function entryColumns(isTerminal: boolean, backends: number): Column<Row>[] {
  const columns = [keyColumn, sizeColumn, storedColumn, expiresColumn, tagsColumn]
  return isTerminal && backends < 2 ? columns : [...columns, backendColumn]
}

/** An entry without its value, as a line of JSON has it. A key that JSON does not have stands as its text. */
export function entryJson({ bucket, key, keyText, size, storedAt, expires, tags, version }: Row): object {
  return {
    ...(isExactJSON(key) ? { key } : { keyText }),
    size,
    storedAt: new Date(storedAt),
    expiresAt: expires === never ? null : new Date(expires),
    tags,
    backend: bucket.backend.name,
    version,
  }
}

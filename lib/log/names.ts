// File names are a format too: they are made and recognized here and nowhere else. Whatever is not recognized is not ours,
// and no operation removes it.
//
//   <2 hex>/<62 hex>.<extension>   an entry's log; the digits are SHA-256 of backend name, a zero byte, and key bytes
//   order/<8 digits>.log           a segment of the order log
//   order/merged.log               what is left of its first segments
//   transactions/<16 hex>.intent   what a transaction has decided
//   transactions/turn.log          whose turn it is to have a transaction
//   tmp/<16 hex>.tmp               a file on its way to its place
//   bucketcache.json               the folder's settings, with its format

/** Format of the folder: raised when an older version of this package must not touch it any more. */
export const folderFormat = 1

export const settingsName = 'bucketcache.json'
export const cacheTagName = 'CACHEDIR.TAG'
export const ignoreName = '.gitignore'
export const orderFolder = 'order'
export const temporaryFolder = 'tmp'
export const transactionFolder = 'transactions'
export const turnName = `${transactionFolder}/turn.log`
/** proper-lockfile adds `.lock`. */
export const changeLockName = 'change'
export const orderLockName = 'order/merge'

/** `hex` is the SHA-256 of the key, 64 digits. */
export function entryName(hex: string, extension: string): string {
  return `${hex.slice(0, 2)}/${hex.slice(2)}.${extension}`
}

/** The 256 folders of entries. */
export const entryFolders: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

const entryFilePattern = /^[0-9a-f]{62}\.([A-Za-z0-9_-]{1,16})$/

/** The extension of an entry's file, or undefined if `name` (without its folder) is not one of ours. */
export function entryExtension(name: string): string | undefined {
  return entryFilePattern.exec(name)?.[1]
}

export function segmentName(number: number): string {
  return `${orderFolder}/${String(number).padStart(8, '0')}.log`
}

/** Not a segment: nobody appends to it, it is only replaced. */
export const mergedName = `${orderFolder}/merged.log`

/** The segment's number, or undefined if `name` (without its folder) is none. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^([0-9]{8,15})\.log$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function intentName(id: string): string {
  return `${transactionFolder}/${id}.intent`
}

/** The transaction's id, or undefined if `name` (without its folder) is no intent. */
export function intentId(name: string): string | undefined {
  return /^([0-9a-f]{16})\.intent$/.exec(name)?.[1]
}

export function temporaryName(id: string): string {
  return `${temporaryFolder}/${id}.tmp`
}

export function isTemporary(name: string): boolean {
  return /^[0-9a-f]{16}\.tmp$/.test(name)
}

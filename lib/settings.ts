// The settings that belong to a folder rather than to the process that opened it, and the file that holds them.

import { folderFormat } from './log/names.ts'

/** Which entries go when there are too many (DiskCache: eviction policies; S3-FIFO: Yang and others, 2023). */
export type EvictionPolicy =
  | 'least-recently-stored'
  | 'least-recently-used'
  | 'least-frequently-used'
  | 's3-fifo'
  | 'none'
export const evictionPolicies: readonly EvictionPolicy[] = [
  'least-recently-stored',
  'least-recently-used',
  'least-frequently-used',
  's3-fifo',
  'none',
]

/** Whether a policy asks what was read. */
export function looksAtReads(policy: unknown): boolean {
  return policy === 'least-recently-used' || policy === 'least-frequently-used' || policy === 's3-fifo'
}

/** Valid for every process that uses the folder. */
export interface FolderSettings {
  /** Bytes; Infinity: no limit. */
  sizeLimit: number
  maxEntries: number
  evictionPolicy: EvictionPolicy
  cullLimit: number
  statistics: boolean
  tagIndex: boolean
}

export const defaultSettings: FolderSettings = {
  sizeLimit: 2 ** 30,
  maxEntries: Number.POSITIVE_INFINITY,
  evictionPolicy: 'least-recently-stored',
  cullLimit: 10,
  statistics: false,
  tagIndex: false,
}

export function isFolderSetting(name: string): name is keyof FolderSettings {
  return Object.hasOwn(defaultSettings, name)
}

/** The value if it is one that the setting may have. */
export function validSetting<N extends keyof FolderSettings>(name: N, value: unknown): FolderSettings[N] | undefined {
  const valid = ((): boolean => {
    switch (name) {
      case 'sizeLimit':
      case 'maxEntries':
        return typeof value === 'number' && value >= 0
      case 'cullLimit':
        return typeof value === 'number' && value >= 0 && Number.isInteger(value)
      case 'evictionPolicy':
        return evictionPolicies.includes(value as EvictionPolicy)
      default:
        return typeof value === 'boolean'
    }
  })()
  return valid ? (value as FolderSettings[N]) : undefined
}

/** JSON, readable and editable; Infinity, which JSON has not, is null. */
export function writeFolderSettings(settings: Partial<FolderSettings>): Buffer {
  return Buffer.from(`${JSON.stringify({ format: folderFormat, ...settings }, null, 2)}\n`)
}

/** undefined: not a settings file, or a damaged one. What is of no use in it is left out. */
export function parseFolderSettings(text: string): { format: number; settings: Partial<FolderSettings> } | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { format, ...rest } = parsed as Record<string, unknown>
  if (typeof format !== 'number') return undefined
  const settings: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rest)) {
    if (!isFolderSetting(name)) continue
    const valid = validSetting(name, value === null ? Number.POSITIVE_INFINITY : value)
    if (valid !== undefined) settings[name] = valid
  }
  return { format, settings: settings as Partial<FolderSettings> }
}

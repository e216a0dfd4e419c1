// Colours, where they are wanted: on a terminal, unless NO_COLOR is set (no-color.org); elsewhere under FORCE_COLOR.

import type { Io, Output } from './command.ts'

export interface Paint {
  readonly isOn: boolean
  dim(text: string): string
  bold(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

const codes = { dim: [2, 22], bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

/** How to paint what is written to `out`; undefined: not at all. */
export function paintFor(out: Output | undefined, env: Io['env']): Paint {
  const isOn = out !== undefined && wantsColors(out, env)
  const painter =
    ([begin, end]: readonly [number, number]) =>
    (text: string): string =>
      isOn && text !== '' ? `\u001b[${begin}m${text}\u001b[${end}m` : text
  return {
    isOn,
    dim: painter(codes.dim),
    bold: painter(codes.bold),
    red: painter(codes.red),
    green: painter(codes.green),
    yellow: painter(codes.yellow),
    cyan: painter(codes.cyan),
  }
}

export function wantsColors(out: Output, env: Io['env']): boolean {
  if (env['NO_COLOR']) return false
  const { FORCE_COLOR: forced } = env
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  return out.isTTY === true && env['TERM'] !== 'dumb'
}

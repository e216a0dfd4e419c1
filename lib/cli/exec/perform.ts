// `exec`: what is stored, or else a run.
//
// Goal: a hit costs two small files read and the output written. So this is all that a hit loads; everything else, and
// every doubt, is behind `import('./miss.ts')`.

import { replay } from './emit.ts'
import { judge } from './judge.ts'
import type { Plan } from './plan.ts'
import { recall } from './recall.ts'

/** The exit status. @throws OutputClosed when nobody reads the output any more. */
export async function perform(plan: Plan): Promise<number> {
  const now = Date.now()
  const recalled = plan.force || plan.refresh !== undefined ? undefined : recall(plan.folder, plan.keyText, now)
  if (recalled !== undefined && typeof recalled.recording.output !== 'string') {
    const { kind, why } = judge(recalled, plan, now)
    if (kind !== 'useless') {
      const { status, output } = recalled.recording
      plan.explain(`hit: ${why}${kind === 'stale' ? '; given all the same, and refreshed in the background' : ''}`)
      if (kind === 'stale') await plan.startRefresh(recalled.version)
      replay(output)
      return status
    }
  }
  const { missOrMore } = await import('./miss.ts')
  return await missOrMore(plan)
}

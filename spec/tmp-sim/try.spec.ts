import { it } from 'vitest'
import { entries } from '/work/main/spec/sim/scenarios.ts'
import { explore, explain, simplest } from '/work/main/spec/sim/explore.ts'
import { stateNames } from '/work/main/spec/sim/states.ts'
import { actions } from '/work/main/spec/sim/actions.ts'
it('x', () => {
  const names = Object.keys(actions)
  const C = Number(process.env.C ?? 0)
  const layout = (process.env.L ?? 'processes') as any
  const P = process.env.P ? Number(process.env.P) : Infinity
  const states = process.env.S?.split(',') ?? stateNames
  let total = 0, ends = 0, fails = 0, worst = 0
  const t0 = performance.now()
  for (const a of names) for (const b of names) {
    if (layout.startsWith('one thread, ') ? false : a > b) continue
    for (const state of states) {
      const s = entries({ actions: [a, b], state, crashes: C, layout, preemptions: P })
      const r = explore(s)
      total += r.schedules; ends += r.ends
      if (r.schedules > worst) { worst = r.schedules; console.log('worst', s.name, r.schedules, r.ends) }
      if (r.failure) { fails++; if (fails < Number(process.env.F ?? 6)) { const x = simplest(s, r.failure); console.log(explain(x.scenario, x.failure)) } else console.log(s.name, r.failure.message.slice(0,200)) }
    }
  }
  console.log({ total, ends, fails, ms: performance.now() - t0 })
}, 1e9)

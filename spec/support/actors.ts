// Processes and worker threads of `fixtures/process/actor.mjs`.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

const actor = fileURLToPath(new URL('../../fixtures/process/actor.mjs', import.meta.url))

/** Plays a part in a process of its own; what came of it. */
export async function play(folder: string, role: string, argument: string | number = ''): Promise<unknown> {
  return await resultOf(startActor(folder, role, argument))
}

export function startActor(folder: string, role: string, argument: string | number = ''): ChildProcess {
  const child = fork(actor, [folder, role, String(argument)], { stdio: 'inherit' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export async function resultOf(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as [{ result: unknown }]
  return message.result
}

/** The same in a worker thread of this process. */
export async function playInThread(folder: string, role: string, argument: string | number = ''): Promise<unknown> {
  const worker = new Worker(actor, { workerData: [folder, role, String(argument)] })
  const [message] = (await once(worker, 'message')) as [{ result: unknown }]
  await worker.terminate()
  return message.result
}

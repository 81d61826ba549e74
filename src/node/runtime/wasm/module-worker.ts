/** The thread that reads modules: one after the other, each with its answer. */
import { parentPort } from 'node:worker_threads'
import { inspectModule } from './inspect.ts'
import { compileModule } from './loaded.ts'
import { packError } from './messages.ts'
import type { ModuleReply, ModuleRequest } from './module-reader.ts'

async function answer({ kind, wasm }: ModuleRequest): Promise<ModuleReply> {
  try {
    const inspected = inspectModule(wasm)
    const { info } = inspected
    return kind === 'inspect' ? { info } : { info, module: await compileModule(inspected) }
  } catch (error) {
    return { error: packError(error) }
  }
}

// one at a time: the next is posted when this one is answered
parentPort?.on('message', (request: ModuleRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply))
})

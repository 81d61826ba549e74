/** A guest engine for a look at a module: it runs what a node would run, in a folder that is gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringifyJson } from '../../client/json.ts'
import { toMerogateError } from '../../node/errors.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { systemClock } from '../../node/primitives/clock.ts'
import { ContextId, PublicKey } from '../../node/primitives/ids.ts'
import type { ModuleInfo } from '../../node/runtime/engine.ts'
import { FUEL_PER_CALL } from '../../node/runtime/limits.ts'
import { wasmEngine } from '../../node/runtime/wasm/engine.ts'
import { openLevelStore } from '../../node/store/level-store.ts'

/** How a call of `init` ended. */
export type InitRun =
  | { readonly fuel: bigint; readonly bytes: number }
  | { readonly failed: { readonly code: string; readonly message: string } }
  | { readonly none: true }

/** Reads a module and runs its `init` with these arguments, within the fuel and time that a node gives. @throws RUNTIME_* of what no node loads */
export async function tryModule(
  wasm: Uint8Array,
  args: (info: ModuleInfo) => unknown,
  fuel: bigint = FUEL_PER_CALL,
): Promise<{ info: ModuleInfo; init: InitRun }> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'merogate-inspect-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const location = join(folder, 'data')
  const store = await openLevelStore(location, { clock: systemClock })
  cleanup.defer(() => store.close())
  const engine = wasmEngine({ location, workers: 1, fuel })({})
  await engine.start()
  cleanup.defer(() => engine.stop())

  const info = await engine.load(wasm)
  if (!info.methods.includes('init')) return { info, init: { none: true } }
  try {
    const outcome = await engine.execute({
      context: { id: ContextId.from(new Uint8Array(32).fill(1)), number: 1 },
      module: info.hash,
      executor: PublicKey.from(new Uint8Array(32).fill(2)),
      method: 'init',
      input: utf8(stringifyJson(args(info)) ?? ''),
      seenNs: 0n,
      lane: 0,
    })
    const bytes = outcome.writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    return { info, init: { fuel: outcome.fuel, bytes } }
  } catch (error) {
    const { code, message } = toMerogateError(error)
    return { info, init: { failed: { code, message } } }
  }
}

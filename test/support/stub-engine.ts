/** An engine that takes whatever begins like a module and never runs it. */
import { MerogateError } from '../../src/node/errors.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import type { GuestEngine, ModuleInfo } from '../../src/node/runtime/engine.ts'

/** The part of an engine that installing needs, and how often it loaded. */
export interface StubEngine extends Pick<GuestEngine, 'inspect' | 'load' | 'info'> {
  loads: number
  /** Laid over what `load` says of a module. */
  knows: Partial<ModuleInfo>
}

export function stubEngine(): StubEngine {
  const loaded = new Map<string, ModuleInfo>()
  const inspect = async (wasm: Uint8Array): Promise<ModuleInfo> => {
    if (toHex(wasm.subarray(0, 4)) !== '0061736d') {
      throw new MerogateError('RUNTIME_MODULE_INVALID', 'input', 'expected a WebAssembly module')
    }
    return {
      hash: sha256(wasm),
      size: wasm.length,
      generation: 'G2',
      era: 'opaque',
      convergence: 'converges',
      warnings: [],
      methods: ['get', 'set'],
      imports: ['input'],
    }
  }
  const engine: StubEngine = {
    loads: 0,
    knows: {},
    inspect,
    async load(wasm) {
      engine.loads++
      const info = { ...(await inspect(wasm)), ...engine.knows }
      await Promise.resolve()
      loaded.set(toHex(info.hash), info)
      return info
    },
    info: (module) => loaded.get(toHex(module)),
  }
  return engine
}

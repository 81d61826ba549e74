/** All host functions by name. What is not here becomes a stub that throws when it is called. */
import { linkError } from '../../errors.ts'
import type { FunctionImport } from '../module.ts'
import { BLOB_FUNCTIONS } from './blobs.ts'
import { CONTEXT_FUNCTIONS } from './context.ts'
import { CORE_FUNCTIONS } from './core.ts'
import { bindHost, type Frame, type HostFunction } from './define.ts'
import { STORAGE_FUNCTIONS } from './storage.ts'

export const HOST_FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(
  [...CORE_FUNCTIONS, ...STORAGE_FUNCTIONS, ...CONTEXT_FUNCTIONS, ...BLOB_FUNCTIONS].map((spec) => [
    spec.name,
    spec,
  ]),
)

/** The import object of an instance: only what the module asks for. */
export function hostImports(
  imports: readonly FunctionImport[],
  generation: 'G1' | 'G2',
  frame: () => Frame,
): { env: Record<string, unknown> } {
  const env: Record<string, unknown> = {}
  for (const { name } of imports) {
    const spec = HOST_FUNCTIONS.get(name)
    env[name] =
      spec === undefined
        ? () => {
            throw linkError(`host function ${name} is not available`)
          }
        : bindHost(spec, generation, frame)
  }
  return { env }
}

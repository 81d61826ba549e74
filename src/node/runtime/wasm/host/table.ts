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

/** How well the node supports a host function; `why` is one line for whoever meant to use it. */
export type ImportSupport =
  { readonly support: 'full' } | { readonly support: 'half' | 'none'; readonly why: string }

/** What is offered so that modules run, and does less than its name says. */
const HALF: ReadonlyMap<string, string> = new Map([
  ['context_delete', 'deletes the calling context on this node, and no other'],
  ['blob_announce_to_context', 'announces to the calling context, and to no other'],
  ['send_proposal', 'gives an id; no anchor knows proposals, so the request fails afterwards'],
  ['approve_proposal', 'is taken; no anchor knows proposals, so the request fails afterwards'],
  ['emit_migration_witness', 'is taken and dropped: nothing here looks at witnesses'],
  ['fetch', 'always fails: guests do not reach the network'],
])

/** What becomes of a call to an imported function of `env`. */
export function importSupport(name: string): ImportSupport {
  if (!HOST_FUNCTIONS.has(name)) {
    return { support: 'none', why: 'is not available: a call of it ends the method with an error' }
  }
  const why = HALF.get(name)
  return why === undefined ? { support: 'full' } : { support: 'half', why }
}

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

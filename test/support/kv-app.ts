/** The example app of apps/kv-store-rs as tests run it: the committed module, and its calls in words. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8, utf8 } from '../../src/node/primitives/bytes.ts'

/** The module's bytes. */
export function kvWasm(): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../../apps/kv-store-rs/dist/kv_store.wasm'))
}

/** Input of a method: parameters by name. */
export function kvInput(params: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return utf8(JSON.stringify(params))
}

/** What a method returned; undefined when it returned nothing. */
export function kvOutput(output: Uint8Array | undefined): unknown {
  return output === undefined ? undefined : JSON.parse(fromUtf8(output))
}

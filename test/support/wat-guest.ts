/** Guests of one method in WebAssembly text, and how their calls end. */
import { EMPTY } from '../../src/node/primitives/bytes.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import type { GuestOutcome } from '../../src/node/runtime/engine.ts'
import type { GuestBlobs } from '../../src/node/runtime/wasm/blob-handles.ts'
import { Replica } from './guest.ts'
import { loadWat, type WatData, watModule } from './wat.ts'

/** A guest whose method `f` is `body`. Room for large arguments: 1 GiB is not allowed, 600 pages are. */
export async function watGuest(
  imports: readonly string[],
  data: WatData,
  body: string,
  options: { generation?: 'G1' | 'G2'; blobs?: GuestBlobs; locals?: string; more?: string } = {},
): Promise<Replica> {
  const functions = `${options.more ?? ''} (func (export "f") ${options.locals ?? ''} ${body})`
  const module = await loadWat(watModule(imports, data, functions, options.generation))
  return new Replica({
    module,
    name: 'a',
    wallNs: () => 1_000_000n,
    random: (length) => new Uint8Array(length).fill(0x5a),
    blobs: options.blobs,
  })
}

/** Type of the host error a call ends with, as the taxonomy names it. */
export function hostErrorOf(run: () => GuestOutcome): unknown {
  try {
    run()
  } catch (error) {
    if (!isMerogateError(error)) throw error
    const { data } = error.details as { data?: { type?: unknown } } // every guest error has both
    return data?.type ?? error.code
  }
  return 'none'
}

/** Calls `f`. */
export const call = (replica: Replica, input: Uint8Array = EMPTY): GuestOutcome =>
  replica.callBytes('f', input)

/** `body` `count` times. */
export const repeat = (count: number, body: string): string =>
  `(loop $l ${body} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`

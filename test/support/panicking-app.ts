/** An application whose author can write what no receiver can apply: what bugs in a merge look like from outside. */
import { concat } from '../../src/node/primitives/bytes.ts'
import { WatData, watModule, words } from './wat.ts'

/** What a receiver panics with; a newline and an escape stand in it, as in text that somebody else chose. */
export const PANIC_TEXT = 'cannot merge\n\u001b[31mthis'
/** How it is shown. */
export const PANIC_SHOWN = 'guest panicked: cannot merge [31mthis at src/lib.rs:7:9'

/**
 * The module. `init` and `good` write what others apply; `bad` what makes them log a line and panic; `say` logs `said` twice and writes nothing; `spin` runs
 * until it is stopped.
 */
export function panickingApp(): Uint8Array {
  const data = new WatData()
  const place = data.bytes('src/lib.rs')
  const location = data.bytes(concat(words(place, 10), Uint8Array.of(7, 0, 0, 0, 9, 0, 0, 0)))
  const [said, merging, panic, good, bad] = ['said', 'merging', PANIC_TEXT, 'good', 'bad'].map(
    (text) => data.buffer(text),
  ) as [number, number, number, number, number]
  const [before, after] = [1, 2].map((byte) => data.buffer(new Uint8Array(32).fill(byte))) as [
    number,
    number,
  ]
  const buffer = (at: number): string => `(i64.const ${at})`
  const log = (text: number): string => `(call $log_utf8 ${buffer(text)})`
  const commit = (root: number, artifact: number): string =>
    `(call $commit ${buffer(root)} ${buffer(artifact)})`
  return watModule(
    ['input', 'register_len', 'log_utf8', 'panic_utf8', 'commit'],
    data,
    `(func (export "init") ${commit(before, good)})
     (func (export "good") ${commit(after, good)})
     (func (export "bad") ${log(said)} ${commit(after, bad)})
     (func (export "say") ${log(said)} ${log(said)})
     (func (export "spin") (loop $l (br $l)))
     (func (export "__calimero_sync_next")
       ${log(merging)}
       (call $input (i64.const 0))
       (if (i64.eq (call $register_len (i64.const 0)) (i64.const 3))
         (then (call $panic_utf8 ${buffer(panic)} (i64.const ${location}))))
       ${commit(after, good)})`,
  )
}

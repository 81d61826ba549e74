/** An application in WebAssembly text that calls other contexts, and remembers who called it. */
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'
import type { ContextId } from '../../src/node/primitives/ids.ts'
import { leb } from '../../src/node/runtime/wasm/binary.ts'
import { WatData, watModule } from './wat.ts'

const IMPORTS = [
  'input',
  'register_len',
  'read_register',
  'xcall',
  'xcall_origin',
  'storage_read',
  'storage_write',
  'commit',
  'value_return',
] as const

/** How the entry points are declared: names, and those that are for contexts of the same application. Undefined: no description at all. */
export interface Declared {
  readonly any?: readonly string[]
  readonly sameApplication?: readonly string[]
}

/** The description of an application that declares so. */
export function abiOf({ any = [], sameApplication = [] }: Declared): Record<string, unknown> {
  const method = (name: string, more: Record<string, unknown>) => ({ name, params: [], ...more })
  return {
    schema_version: 'wasm-abi/1',
    types: {},
    methods: [
      method('hidden', {}),
      ...any.map((name) => method(name, { xcall_callable: true })),
      ...sameApplication.map((name) =>
        method(name, { xcall_callable: true, xcall_callers: 'same_app' }),
      ),
    ],
    events: [],
  }
}

/**
 * The module. `ask` calls a context: its input is 32 bytes of id and a method's name, and is given on as the parameters. `bounce` calls `bounce` of
 * whoever called it, or of the context in its input. `twice` calls `fail` and then `take` there. `take` and `hidden` remember the caller; `last` returns
 * it, 32 bytes that are zero for none, and how often one was remembered, u64. `fail` traps.
 */
export function callingModule(declared?: Declared): Uint8Array {
  const data = new WatData()
  const given = data.room(256)
  const row = data.room(40)
  const key = data.buffer(new Uint8Array(32).fill(7))
  const value = data.descriptor(row, 40)
  const callerTo = data.descriptor(row, 32)
  const returned = data.struct(0, row, 40)
  const root = data.buffer(new Uint8Array(32).fill(9))
  const artifact = data.buffer('artifact')
  const dynamic = data.room(16)
  const asked = data.room(48)
  const name = (text: string): readonly [number, number] => [data.bytes(text), text.length]
  const store = (at: number, value: string): string => `(i64.store (i32.const ${at}) ${value})`
  const call = (method: readonly [number, number], length: string): string => `
    ${store(asked, `(i64.const ${given})`)} ${store(asked + 8, '(i64.const 32)')}
    ${store(asked + 16, `(i64.const ${method[0]})`)} ${store(asked + 24, `(i64.const ${method[1]})`)}
    ${store(asked + 32, `(i64.const ${given})`)} ${store(asked + 40, length)}
    (call $xcall (i64.const ${asked}))`
  const commit = `
    (drop (call $storage_write (i64.const ${key}) (i64.const ${value}) (i64.const 3)))
    (call $commit (i64.const ${root}) (i64.const ${artifact}))`
  const remember = `
    (call $load)
    (memory.fill (i32.const ${row}) (i32.const 0) (i32.const 32))
    (if (call $xcall_origin (i64.const 2))
      (then (drop (call $read_register (i64.const 2) (i64.const ${callerTo})))))
    ${store(row + 32, `(i64.add (i64.load (i32.const ${row + 32})) (i64.const 1))`)}
    ${commit}`
  const functions = `
    (func $load
      (if (call $storage_read (i64.const ${key}) (i64.const 1))
        (then (drop (call $read_register (i64.const 1) (i64.const ${value}))))))
    (func $take_input (result i64) (local $n i64)
      (call $input (i64.const 0))
      (local.set $n (call $register_len (i64.const 0)))
      ${store(dynamic, `(i64.const ${given})`)} ${store(dynamic + 8, '(local.get $n)')}
      (drop (call $read_register (i64.const 0) (i64.const ${dynamic})))
      (local.get $n))
    (func (export "init") ${commit})
    (func (export "__calimero_sync_next") ${commit})
    (func (export "ask") (local $n i64)
      (local.set $n (call $take_input))
      ${store(asked, `(i64.const ${given})`)} ${store(asked + 8, '(i64.const 32)')}
      ${store(asked + 16, `(i64.const ${given + 32})`)}
      ${store(asked + 24, '(i64.sub (local.get $n) (i64.const 32))')}
      ${store(asked + 32, `(i64.const ${given})`)} ${store(asked + 40, '(local.get $n)')}
      (call $xcall (i64.const ${asked})))
    (func (export "bounce")
      (drop (call $take_input))
      ${remember}
      (if (call $xcall_origin (i64.const 2))
        (then ${store(dynamic, `(i64.const ${given})`)} ${store(dynamic + 8, '(i64.const 32)')}
          (drop (call $read_register (i64.const 2) (i64.const ${dynamic})))))
      ${call(name('bounce'), '(i64.const 32)')})
    (func (export "twice")
      (drop (call $take_input))
      ${call(name('fail'), '(i64.const 32)')} ${call(name('take'), '(i64.const 32)')})
    (func (export "take") ${remember})
    (func (export "hidden") ${remember})
    (func (export "fail") unreachable)
    (func (export "last") (call $load) (call $value_return (i64.const ${returned})))`
  const module = watModule(IMPORTS, data, functions)
  return declared === undefined ? module : withAbi(module, abiOf(declared))
}

/** The module with its description embedded. */
function withAbi(module: Uint8Array, abi: unknown): Uint8Array {
  const name = utf8('calimero_abi_v1')
  const content = concat(Uint8Array.of(name.length), name, utf8(JSON.stringify(abi)))
  return concat(module, Uint8Array.from([0, ...leb(content.length)]), content)
}

/** What `ask` is given. */
export function asking(target: ContextId, method: string): Uint8Array {
  return concat(target, utf8(method))
}

import fc from 'fast-check'
import { expect } from 'chai'
import { isMerogateError } from '../../../src/node/errors.ts'
import { inspectModule } from '../../../src/node/runtime/wasm/inspect.ts'
import { meterModule } from '../../../src/node/runtime/wasm/meter.ts'
import { parseModule } from '../../../src/node/runtime/wasm/module.ts'
import { WASM } from '../../../src/node/runtime/wasm/webassembly.ts'
import { kvWasm } from '../../support/kv-app.ts'
import { importHost, wat } from '../../support/wat.ts'

const CODES = [
  'RUNTIME_MODULE_INVALID',
  'RUNTIME_IMPORT_UNKNOWN_MODULE',
  'RUNTIME_IMPORT_SIGNATURE',
  'RUNTIME_LIMIT',
]

/** A module is refused with one of the codes for modules, or runs through the meter and still validates. */
function isHandled(bytes: Uint8Array): void {
  let metered: Uint8Array
  try {
    metered = meterModule(inspectModule(bytes).module)
  } catch (error) {
    if (!isMerogateError(error)) throw error
    expect(CODES).to.include(error.code)
    return
  }
  expect(WASM.validate(metered)).to.equal(true)
}

/** As {@link isHandled} without the validation that catches most: the parser and the meter must hold alone. */
function isParsed(bytes: Uint8Array): void {
  try {
    meterModule(parseModule(bytes))
  } catch (error) {
    if (!isMerogateError(error)) throw error
    expect(CODES).to.include(error.code)
  }
}

const SMALL = wat(`(module
  ${importHost('input')} ${importHost('storage_write')}
  (memory (export "memory") 1) (table 4 funcref) (global (mut i32) (i32.const 1)) (elem (i32.const 0) $f)
  (func $f (export "f") (local i32 i64)
    (block $a (loop $b (br_if $a (local.get 0)) (local.set 0 (i32.const 1)) (br $b)))
    (if (local.get 0) (then (call $input (i64.const 1))) (else (return)))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))
    (block $c (block $d (br_table $c $d $c (local.get 0)))))
  (func (export "g") (result i32) (i32.const 5))
  (data (i32.const 0) "abc"))`)

describe('reading and metering modules', () => {
  it('handles any bytes', () => {
    const header = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        isHandled(noise)
        isParsed(Uint8Array.from([...header, ...noise]))
      }),
    )
  })

  it('handles a module with any bytes changed', () => {
    const change = fc.array(fc.tuple(fc.nat(SMALL.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = SMALL.slice()
        for (const [at, byte] of changes) bytes[at] = byte
        isHandled(bytes)
        isParsed(bytes)
      }),
      { numRuns: 500 },
    )
  })

  it('handles a module cut off anywhere', () => {
    for (let length = 0; length < SMALL.length; length++) {
      isHandled(SMALL.subarray(0, length))
      isParsed(SMALL.subarray(0, length))
    }
  })

  it('handles the example app with bytes changed or cut off', () => {
    const app = kvWasm()
    // most of the module is code: prefer its head, where the sections begin
    const place = fc.oneof(fc.nat(3000), fc.nat(app.length - 1))
    fc.assert(
      fc.property(place, fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const bytes = cut ? app.slice(0, at) : app.slice()
        if (!cut) bytes[at] = byte
        isHandled(bytes)
      }),
      { numRuns: 25 },
    )
  })
})

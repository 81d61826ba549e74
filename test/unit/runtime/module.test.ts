import { expect } from 'chai'
import { collectionsWasm } from '../../support/collections-app.ts'
import { inspectModule } from '../../../src/node/runtime/wasm/inspect.ts'
import { meterModule, FUEL_EXPORT } from '../../../src/node/runtime/wasm/meter.ts'
import {
  MAX_ABI_BYTES,
  MAX_EXPORTS,
  MAX_FUNCTIONS,
  MAX_IMPORTS,
  MAX_MEMORY_PAGES,
  MAX_MODULE_BYTES,
  MAX_TABLE_ENTRIES,
} from '../../../src/node/runtime/limits.ts'
import { WASM } from '../../../src/node/runtime/wasm/webassembly.ts'
import { concat, utf8 } from '../../../src/node/primitives/bytes.ts'
import { leb, WasmReader } from '../../../src/node/runtime/wasm/binary.ts'
import { thrownCode } from '../../support/error-code.ts'
import { kvWasm } from '../../support/kv-app.ts'
import { importHost, manyFunctions, wat, WatData } from '../../support/wat.ts'
import { call, watGuest } from '../../support/wat-guest.ts'

const MEMORY = '(memory (export "memory") 1)'

/** A module with a custom section appended. */
function withSection(module: Uint8Array, name: string, content: Uint8Array): Uint8Array {
  const title = utf8(name)
  const body = concat(Uint8Array.from(leb(title.length)), title, content)
  return concat(module, Uint8Array.from([0, ...leb(body.length)]), body)
}

describe('reading modules', () => {
  it('runs what compilers of today use without being asked', async () => {
    const check = (what: string): string => `(if (i32.eqz ${what}) (then unreachable))`
    const replica = await watGuest(
      [],
      new WatData(),
      `(memory.fill (i32.const 64) (i32.const 0xff) (i32.const 3))
       (memory.copy (i32.const 70) (i32.const 64) (i32.const 2))
       ${check('(i32.eq (i32.load16_u (i32.const 70)) (i32.const 0xffff))')}
       ${check('(i32.eq (i32.extend8_s (i32.load8_u (i32.const 70))) (i32.const -1))')}
       ${check('(i64.eq (i64.extend32_s (i64.const 0xffffffff)) (i64.const -1))')}
       ${check('(i32.eq (i32.trunc_sat_f64_s (f64.const 1e99)) (i32.const 0x7fffffff))')}
       (call_indirect (type $pair) (i32.const 0)) i32.sub
       (if (i32.ne (i32.const 1)) (then unreachable))`,
      {
        more: `(type $pair (func (result i32 i32))) (table 1 funcref) (elem (i32.const 0) $two)
          (func $two (type $pair) i32.const 3 i32.const 2)`,
      },
    )
    expect(call(replica).fuel > 0n).to.equal(true)
    // which table is meant has the room of a number that a linker fills in
    expect(new WasmReader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0)).u32()).to.equal(0)
  })

  it('tells generation, era, methods and convergence of the example app', () => {
    const { info } = inspectModule(kvWasm())
    expect(info.generation).to.equal('G2')
    expect(info.era).to.equal('E5b')
    expect(info.convergence).to.equal('converges')
    expect(info.methods).to.include.members(['init', 'set', 'get', 'set_notify', 'summary'])
    expect(info.methods.filter((name) => name.startsWith('__calimero_'))).to.deep.equal([])
    expect(info.imports).to.include('storage_read')
    expect(info.abi).to.equal(undefined)
  })

  for (const [what, bytes] of [
    ['nothing', new Uint8Array(0)],
    ['a text', utf8('#!/bin/sh')],
    ['only a header', kvWasm().subarray(0, 8)],
    ['a truncated module', kvWasm().subarray(0, 5000)],
    ['another version', concat(kvWasm().subarray(0, 4), Uint8Array.of(2, 0, 0, 0))],
    [
      'a module that does not validate',
      wat(`(module ${MEMORY} (func (export "f")))`).map((byte, i, all) =>
        i === all.length - 1 ? 0x6a : byte,
      ),
    ],
    ['no memory', wat('(module (func (export "f")))')],
    ['a memory that is not exported', wat('(module (memory 1))')],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(thrownCode(() => inspectModule(bytes))).to.equal('RUNTIME_MODULE_INVALID')
    })
  }

  for (const [what, text] of [
    ['another module', '(import "wasi" "f" (func))'],
    ['a memory', '(import "env" "memory" (memory 1))'],
    ['a global', '(import "env" "g" (global i32))'],
    ['a table', '(import "env" "t" (table 1 funcref))'],
  ] as const) {
    it(`refuses an import of ${what}`, () => {
      const memory = what === 'a memory' ? '(export "memory" (memory 0))' : MEMORY
      const bytes = wat(`(module ${text} ${memory})`)
      expect(thrownCode(() => inspectModule(bytes))).to.equal('RUNTIME_IMPORT_UNKNOWN_MODULE')
    })
  }

  it('takes unknown functions of env, and refuses known ones with a foreign signature', () => {
    const unknown = wat(
      `(module (import "env" "js_crdt_map_new" (func (param i64) (result i32))) ${MEMORY})`,
    )
    expect(inspectModule(unknown).info.imports).to.deep.equal(['js_crdt_map_new'])
    const foreign = wat(`(module (import "env" "input" (func (param i32))) ${MEMORY})`)
    expect(thrownCode(() => inspectModule(foreign))).to.equal('RUNTIME_IMPORT_SIGNATURE')
  })

  it('tells both generations by signature, and refuses a mixture', () => {
    const module = (...imports: string[]): Uint8Array =>
      wat(`(module ${imports.join(' ')} ${MEMORY})`)
    expect(inspectModule(module(importHost('log_utf8', 'G1'))).info.generation).to.equal('G1')
    expect(inspectModule(module(importHost('log_utf8', 'G2'))).info.generation).to.equal('G2')
    expect(inspectModule(module(importHost('input', 'G1'))).info.generation).to.equal('G2')
    const mixed = module(importHost('log_utf8', 'G1'), importHost('emit', 'G2'))
    expect(thrownCode(() => inspectModule(mixed))).to.equal('RUNTIME_IMPORT_SIGNATURE')
  })

  describe('eras', () => {
    const module = (options: {
      imports?: string[]
      exports?: string[]
      text?: string
      generation?: 'G1' | 'G2'
    }): Uint8Array =>
      wat(`(module
        ${importHost('commit', options.generation)}
        ${(options.imports ?? []).map((name) => importHost(name)).join(' ')}
        ${MEMORY} (data (i32.const 0) "${options.text ?? ''}")
        ${['__calimero_sync_next', ...(options.exports ?? [])].map((name) => `(func (export "${name}"))`).join(' ')})`)
    const merge = '__calimero_merge_root_state'
    for (const [era, bytes] of [
      ['E1', module({ generation: 'G1' })],
      ['E1', module({})],
      ['E2', module({ exports: ['__calimero_register_merge'] })],
      ['E3', module({ imports: ['ed25519_verify'], text: 'v1_upsert' })],
      ['E4', module({ imports: ['ed25519_verify'], text: '__calimero_collection__' })],
      ['E5a', module({ imports: ['ed25519_verify'], text: 'v2_upsert' })],
      ['E5a', module({ imports: ['ed25519_verify'], exports: [merge] })],
      [
        'E5b',
        module({
          imports: ['ed25519_verify'],
          exports: [merge],
          text: '__calimero_rotation_log__',
        }),
      ],
      ['opaque', wat(`(module ${MEMORY})`)],
    ] as const) {
      it(`recognises ${era}`, () => {
        const { info } = inspectModule(bytes)
        expect(info.era).to.equal(era)
        const isKnown =
          ['E3', 'E4', 'E5a', 'E5b'].includes(era) || (era === 'E1' && info.generation === 'G2')
        expect(info.convergence).to.equal(isKnown ? 'converges' : 'may diverge')
        const codes = info.warnings.map(({ code }) => code)
        expect(codes).to.deep.equal(isKnown ? [] : ['untried-release'])
      })
    }

    it('of which one has more to be warned of', () => {
      const text = '__calimero_rotation_log__'
      const known = { imports: ['ed25519_verify'], exports: [merge] }
      const codes = (more: string): string[] =>
        inspectModule(module({ ...known, text: text + more })).info.warnings.map(({ code }) => code)
      expect(codes('__calimero_shared_value__')).to.deep.equal([])
      const older = module({ ...known, text: '__calimero_shared_value__' })
      expect(inspectModule(older).info.warnings.map(({ code }) => code)).to.deep.equal([
        'shared-storage',
      ])
      expect(codes('AuthoredMap::insert: key already exists')).to.deep.equal(['authored-map'])
      expect(inspectModule(kvWasm()).info.warnings).to.deep.equal([])
      // it has one, on purpose
      const found = inspectModule(collectionsWasm()).info.warnings
      expect(found.map(({ code }) => code)).to.deep.equal(['authored-map'])
    })
  })

  describe('limits', () => {
    it('takes a module of the largest size and refuses one byte more', () => {
      const base = wat(`(module ${MEMORY})`)
      const room = MAX_MODULE_BYTES - base.length - 6
      const largest = withSection(base, 'x', new Uint8Array(room - 1))
      expect(largest.length).to.be.at.most(MAX_MODULE_BYTES)
      expect(inspectModule(largest).info.size).to.equal(largest.length)
      const larger = withSection(base, 'x', new Uint8Array(room + 8))
      expect(thrownCode(() => inspectModule(larger))).to.equal('RUNTIME_LIMIT')
    })

    it('takes as much memory as allowed, and no page more', () => {
      const pages = (n: number): Uint8Array => wat(`(module (memory (export "memory") ${n}))`)
      expect(inspectModule(pages(MAX_MEMORY_PAGES)).info.methods).to.deep.equal([])
      expect(thrownCode(() => inspectModule(pages(MAX_MEMORY_PAGES + 1)))).to.equal('RUNTIME_LIMIT')
    })

    it('takes as large a table as allowed, and no entry more', () => {
      const table = (n: number): Uint8Array => wat(`(module ${MEMORY} (table ${n} funcref))`)
      expect(inspectModule(table(MAX_TABLE_ENTRIES)).info.methods).to.deep.equal([])
      expect(thrownCode(() => inspectModule(table(MAX_TABLE_ENTRIES + 1)))).to.equal(
        'RUNTIME_LIMIT',
      )
    })

    it('takes as many imports as allowed, and not one more', () => {
      const imports = (n: number): Uint8Array =>
        wat(
          `(module ${Array.from({ length: n }, (_, i) => `(import "env" "f${i}" (func))`).join(' ')} ${MEMORY})`,
        )
      expect(inspectModule(imports(MAX_IMPORTS)).info.imports.length).to.equal(MAX_IMPORTS)
      expect(thrownCode(() => inspectModule(imports(MAX_IMPORTS + 1)))).to.equal('RUNTIME_LIMIT')
    })

    it('takes as many functions and exports as allowed, and not one more', () => {
      expect(inspectModule(manyFunctions(MAX_FUNCTIONS)).module.functions).to.have.length(
        MAX_FUNCTIONS,
      )
      const oneMore = manyFunctions(MAX_FUNCTIONS + 1)
      expect(thrownCode(() => inspectModule(oneMore))).to.equal('RUNTIME_LIMIT')
      const names = (n: number): Uint8Array => manyFunctions(1, n - 1) // the memory is one
      expect(inspectModule(names(MAX_EXPORTS)).info.methods).to.have.length(MAX_EXPORTS - 1)
      expect(thrownCode(() => inspectModule(names(MAX_EXPORTS + 1)))).to.equal('RUNTIME_LIMIT')
    })

    it('reads an embedded manifest up to its limit', () => {
      const base = wat(`(module ${MEMORY})`)
      const json = utf8(JSON.stringify({ schema_version: 'wasm-abi/1', methods: [] }))
      const { info } = inspectModule(withSection(base, 'calimero_abi_v1', json))
      expect(info.abi).to.deep.equal({ schema_version: 'wasm-abi/1', methods: [] })
      const broken = inspectModule(withSection(base, 'calimero_abi_v1', utf8('{')))
      expect(broken.info.abi).to.equal(undefined)
      const large = withSection(base, 'calimero_abi_v1', new Uint8Array(MAX_ABI_BYTES + 1))
      expect(thrownCode(() => inspectModule(large))).to.equal('RUNTIME_LIMIT')
    })
  })
})

describe('metering', () => {
  for (const [what, text] of [
    ['atomic operators', '(module (memory (export "memory") 1 1 shared))'],
    ['the reserved export name', `(module ${MEMORY} (func (export "${FUEL_EXPORT}")))`],
  ] as const) {
    it(`refuses ${what}`, () => {
      const code = thrownCode(() => meterModule(inspectModule(wat(text)).module))
      expect(code).to.equal('RUNTIME_MODULE_INVALID')
    })
  }

  it('gives valid modules, with a maximum on memory and tables', () => {
    for (const bytes of [
      kvWasm(),
      wat(`(module ${MEMORY} (table 3 funcref) (func (export "f")))`),
      wat('(module (memory (export "memory") 1 60000))'),
      wat(
        `(module ${MEMORY} (global (mut i32) (i32.const 1)) (func (export "f") (result i32 i64) i32.const 1 i64.const 2))`,
      ),
    ]) {
      const metered = meterModule(inspectModule(bytes).module)
      expect(WASM.validate(metered)).to.equal(true)
    }
  })
})

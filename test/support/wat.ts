/** Small guests written in WebAssembly text, for what no real app does. */
import wabtInit from 'wabt'
import { hostSignature } from '../../src/node/runtime/wasm/host/define.ts'
import { HOST_FUNCTIONS } from '../../src/node/runtime/wasm/host/table.ts'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { leb } from '../../src/node/runtime/wasm/binary.ts'
import { compileModule, type LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'

const wabt = await wabtInit()

/** Binary of a module in text form. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat('test.wat', text, {
    bulk_memory: true,
    simd: true,
    multi_value: true,
  })
  try {
    return new Uint8Array(module.toBinary({}).buffer)
  } finally {
    module.destroy()
  }
}

/** A module of so many functions that do nothing, the first of them under so many names. */
export function manyFunctions(functions: number, names = 0): Uint8Array {
  const section = (id: number, count: number, items: readonly Uint8Array[]): Uint8Array => {
    const content = concat(Uint8Array.from(leb(count)), ...items)
    return concat(Uint8Array.from([id, ...leb(content.length)]), content)
  }
  const each = (...bytes: number[]): Uint8Array =>
    Uint8Array.from({ length: functions * bytes.length }, (_, i) => bytes[i % bytes.length] ?? 0)
  const named = (name: string, ...what: number[]): Uint8Array =>
    concat(Uint8Array.from([name.length]), utf8(name), Uint8Array.from(what))
  const exported = Array.from({ length: names }, (_, i) => named(`f${i}`, 0, 0))
  return concat(
    Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, 1, [Uint8Array.from([0x60, 0, 0])]),
    section(3, functions, [each(0)]),
    section(5, 1, [Uint8Array.from([0, 1])]),
    section(7, names + 1, [named('memory', 2, 0), ...exported]),
    section(10, functions, [each(2, 0, 0x0b)]),
  )
}

/** Data of a guest: constants and room, laid out from address 1024 on. */
export class WatData {
  readonly #segments: string[] = []
  #at = 1024

  /** Address of the bytes. */
  bytes(bytes: Uint8Array | string): number {
    const raw = typeof bytes === 'string' ? utf8(bytes) : bytes
    const at = this.#at
    const text = [...raw].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
    this.#segments.push(`(data (i32.const ${at}) "${text}")`)
    this.#at = Math.ceil((at + raw.length) / 8) * 8
    return at
  }

  /** Address of room for `length` bytes. */
  room(length: number): number {
    const at = this.#at
    this.#at = Math.ceil((at + length) / 8) * 8
    return at
  }

  /** Address of a descriptor { ptr u64, len u64 } of the bytes. */
  buffer(bytes: Uint8Array | string): number {
    const raw = typeof bytes === 'string' ? utf8(bytes) : bytes
    return this.descriptor(this.bytes(raw), raw.length)
  }

  descriptor(at: number, length: number): number {
    return this.bytes(words(at, length))
  }

  /** Address of a struct of 64-bit words. */
  struct(...values: number[]): number {
    return this.bytes(words(...values))
  }

  toString(): string {
    return this.#segments.join('\n')
  }
}

/** 64-bit little-endian words. */
export function words(...values: number[]): Uint8Array {
  return concat(
    ...values.map((value) => {
      const out = new Uint8Array(8)
      new DataView(out.buffer).setBigUint64(0, BigInt(value), true)
      return out
    }),
  )
}

/** Import of a host function under `$name`. */
export function importHost(name: string, generation: 'G1' | 'G2' = 'G2'): string {
  const spec = HOST_FUNCTIONS.get(name)
  if (spec === undefined) throw new RangeError(`no host function ${name}`)
  const { params, results } = hostSignature(spec, generation)
  const result = results.length === 0 ? '' : `(result ${results.join(' ')})`
  return `(import "env" "${name}" (func $${name} (param ${params.join(' ')}) ${result}))`
}

/** A module of host imports, data and functions. */
export function watModule(
  imports: readonly string[],
  data: WatData,
  functions: string,
  generation: 'G1' | 'G2' = 'G2',
): Uint8Array {
  return wat(`(module
    ${imports.map((name) => importHost(name, generation)).join('\n')}
    (memory (export "memory") 2)
    ${data.toString()}
    ${functions}
  )`)
}

/** Inspected, metered and compiled. */
export function loadWat(bytes: Uint8Array): Promise<LoadedModule> {
  return compileModule(inspectModule(bytes))
}

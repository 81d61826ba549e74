/** Reading and writing Borsh, the binary format of transactions. */
import { concat, utf8 } from '../../../node/primitives/bytes.ts'
import { devnetError } from '../../shared/errors.ts'

function invalid(what: string): Error {
  return devnetError('DEVNET_TRANSACTION', `this is no Borsh: ${what}`)
}

/** Walks bytes. @throws DEVNET_TRANSACTION (input) */
export class BorshReader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The next `length` bytes, copied. */
  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw invalid('it ends in the middle of something')
    this.at += length
    return this.bytes.slice(this.at - length, this.at)
  }

  u8(): number {
    return this.take(1)[0] ?? 0
  }

  u32(): number {
    return Buffer.from(this.take(4)).readUInt32LE()
  }

  u64(): bigint {
    return Buffer.from(this.take(8)).readBigUInt64LE()
  }

  u128(): bigint {
    const low = this.u64()
    return low | (this.u64() << 64n)
  }

  vector(): Uint8Array {
    return this.take(this.u32())
  }

  text(): string {
    const bytes = this.vector()
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      throw invalid('a text is not UTF-8')
    }
  }

  /** Every item takes a byte at least, so that a huge count allocates nothing. */
  list<T>(item: () => T): T[] {
    const count = this.u32()
    if (count > this.bytes.length - this.at) throw invalid('a list is longer than the bytes')
    return Array.from({ length: count }, item)
  }

  option<T>(item: () => T): T | undefined {
    return this.variant(['none', 'some'] as const) === 'some' ? item() : undefined
  }

  variant<T extends string>(names: readonly T[]): T {
    const index = this.u8()
    const name = names[index]
    if (name === undefined) throw invalid(`a choice of ${names.length} is ${index}`)
    return name
  }
}

export function u32(value: number): Uint8Array {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}

export function u64(value: bigint): Uint8Array {
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(BigInt.asUintN(64, value))
  return out
}

export function u128(value: bigint): Uint8Array {
  return concat(u64(value), u64(value >> 64n))
}

export function borshText(text: string): Uint8Array {
  const bytes = utf8(text)
  return concat(u32(bytes.length), bytes)
}

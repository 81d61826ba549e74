/** The rules in Rust, as the bare module that is committed: what it asks of its host, and how it is asked. Needs no Rust. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as P from 'micro-packed'
import { domainLayout } from '../../../src/node/anchor/envelope-layout.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { bytes, bytes32, option, string, vec } from '../../../src/node/codec/codec.ts'
import {
  isCanonicalSignature,
  isStrongEncoding,
  verifySignature,
} from '../../../src/node/crypto/sign.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { isContract } from '../shared/pair.ts'
import { WASM } from '../../../src/node/runtime/wasm/webassembly.ts'

const FILE = join(
  import.meta.dirname,
  '../../../contracts/core/module/dist/merogate_core_module.wasm',
)
const module = new WASM.Module(readFileSync(FILE))

/** Stored bytes by key, hexadecimal. */
type Stored = Map<string, Uint8Array>

/** What the rules are to decide on. */
export interface Question extends SignedEnvelope {
  readonly domain: Domain
  readonly now: bigint
  readonly hasPredecessor?: boolean
  readonly contract: 'groups' | 'packages'
  readonly isContract?: (address: Uint8Array) => boolean
}

/** An event as the module tells it: names of fields with their bytes one after another. */
export interface ToldEvent {
  readonly name: string
  readonly subject: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  readonly revision: bigint
  readonly fields: Uint8Array
}

export type Told =
  | { readonly accepted: false; readonly number: number; readonly expected?: bigint | undefined }
  | {
      readonly accepted: true
      readonly writes: readonly {
        readonly key: Uint8Array
        readonly value?: Uint8Array | undefined
      }[]
      readonly event: ToldEvent | undefined
    }

/** Whatever decides by the rules in Rust: the module, or a contract that was made of them. */
export interface Rules {
  readonly domain: Domain
  /** Whether bytes may be the address of a contract there. */
  isContract(address: Uint8Array): boolean
  /** What it says; nothing happens. */
  ask(question: Question): Told
  /** Does what it agreed to. @returns what it announced */
  apply(question: Question, answer: Extract<Told, { accepted: true }>): ToldEvent | undefined
  /** Stores what no request would get to. */
  plant(key: string, value: string): void
  /** All that it stores, hexadecimal. */
  stored(): Map<string, string>
}

const questionLayout = P.struct({
  domain: domainLayout,
  now: P.U64LE,
  hasPredecessor: P.bool,
  isRegistry: P.bool,
  envelope: bytes,
  signature: bytes,
})
const refusedLayout = P.struct({ number: P.U8, expected: option(P.U64LE) })
/** An event of the rules in Rust. */
export const eventLayout: P.CoderType<ToldEvent> = P.struct({
  ...{ name: string, subject: bytes32, signer: bytes32 },
  ...{ nonce: P.U64LE, revision: P.U64LE, fields: bytes },
})
const acceptedLayout = P.struct({
  number: P.U8,
  writes: vec(P.struct({ key: bytes, value: option(bytes) })),
  event: option(eventLayout),
})

/** What an instance exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  reserve(length: number): number
  decide(at: number, length: number): number
}

/** Asks the rules; `stored` is only read. */
function askModule(stored: Stored, question: Question): Told {
  const { contract, hasPredecessor = false, isContract = () => true } = question
  const view = (at: number, length: number): Uint8Array =>
    new Uint8Array(exports.memory.buffer, at, length)
  let found: Uint8Array | undefined
  const host = {
    sha256: (at: number, length: number, to: number) => {
      view(to, 32).set(sha256(view(at, length)))
    },
    verify: (key: number, at: number, length: number, signature: number) => {
      const by = view(key, 32).slice()
      const signed = view(signature, 64).slice()
      // what some verifiers take and others do not, the rules refuse before they ask
      const isClear = isStrongEncoding(by) && isStrongEncoding(signed.subarray(0, 32))
      if (!isClear || !isCanonicalSignature(signed)) throw new RangeError('asked what is unclear')
      return Number(verifySignature(by, view(at, length).slice(), signed))
    },
    is_contract: (at: number, length: number) => Number(isContract(view(at, length).slice())),
    find: (at: number, length: number) => {
      found = stored.get(toHex(view(at, length)))
      return found === undefined ? 0 : found.length + 1
    },
    load: (to: number) => {
      if (found !== undefined) view(to, found.length).set(found)
    },
  }
  const instance = new WASM.Instance(module, { host })
  const exports = instance.exports as unknown as Exports // of our own module
  const { domain, now, envelope, signature } = question
  const isRegistry = contract === 'packages'
  const asked = questionLayout.encode({
    ...{ domain, now, hasPredecessor, isRegistry, envelope, signature },
  })
  const at = exports.reserve(asked.length)
  view(at, asked.length).set(asked)
  const answer = exports.decide(at, asked.length)
  const length = new DataView(exports.memory.buffer).getUint32(answer, true)
  const told = view(answer + 4, length).slice()
  if (told[0] === 0) {
    const { writes, event } = acceptedLayout.decode(told)
    return { accepted: true, writes, event }
  }
  return { accepted: false, ...refusedLayout.decode(told) }
}

/** The module, with a memory. */
export class CoreModule implements Rules {
  readonly domain: Domain
  readonly isContract: (address: Uint8Array) => boolean = isContract
  readonly #stored: Stored = new Map()

  constructor(domain: Domain) {
    this.domain = domain
  }

  ask(question: Question): Told {
    return askModule(this.#stored, question)
  }

  apply(_question: Question, answer: Extract<Told, { accepted: true }>): ToldEvent | undefined {
    for (const { key, value } of answer.writes) {
      if (value === undefined) this.#stored.delete(toHex(key))
      else this.#stored.set(toHex(key), value)
    }
    return answer.event
  }

  plant(key: string, value: string): void {
    this.#stored.set(key, fromHex(value))
  }

  stored(): Map<string, string> {
    return new Map([...this.#stored].map(([key, value]) => [key, toHex(value)]))
  }
}

/**
 * Rows of a canister, proven: the canister answers with a part of the tree of all its rows, whose hash the network certifies. What a row holds, and
 * that there is none, is read out of that; of what the tree does not show nothing is believed.
 */
import * as P from 'micro-packed'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { compareBytes, equalBytes } from '../../../node/primitives/bytes.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { decodeCbor } from '../certificate/cbor.ts'
import { digestOf, type HashTree, parseTree, partsOf } from '../certificate/hash-tree.ts'
import { MAX_WITNESS_DEPTH, MAX_WITNESS_VALUES } from '../limits.ts'
import { ask } from '../rpc/asked.ts'
import { type Argument, decodeAnswer, encodeArguments, fieldOf } from './candid.ts'
import { keys } from './keys.ts'

/** One of our canisters. */
export interface Target {
  readonly contract: ContractName
  /** Its id, as bytes. */
  readonly canister: Uint8Array
  /** Its id, as it is written. */
  readonly address: string
}

/** What is asked, by name and arguments. */
export interface RowsQuery {
  readonly method: string
  readonly args: readonly Argument[]
}

/** A part of the tree, in order. */
interface Part {
  readonly key: Uint8Array
  /** Undefined: it is not shown. */
  readonly value: Uint8Array | undefined
  /** Whether something between this and the part before is not shown. */
  readonly isAfterHidden: boolean
}

export class Rows {
  /** Whoever answered, for messages. */
  readonly where: string
  readonly #parts: readonly Part[]
  readonly #isOpen: boolean

  /** `tree` may be anything: nothing that is read is true before its hash is known to be certified. @throws ANCHOR_BAD_ANSWER (protocol) */
  constructor(tree: HashTree, where: string) {
    this.where = where
    const parts: Part[] = []
    let isAfterHidden = false
    for (const part of partsOf(tree)) {
      if (part.kind === 'pruned') isAfterHidden = true
      if (part.kind !== 'labeled') continue
      const last = parts.at(-1)
      if (last !== undefined && compareBytes(last.key, part.label) >= 0) {
        throw badAnswer(where, 'rows that are not in order')
      }
      const value = part.tree.kind === 'leaf' ? part.tree.value : undefined
      parts.push({ key: part.label, value, isAfterHidden })
      isAfterHidden = false
    }
    this.#parts = parts
    this.#isOpen = isAfterHidden
  }

  /** The bytes of a row; undefined when it is proven that there is none. @throws ANCHOR_BAD_ANSWER (protocol) when neither is shown */
  get(key: Uint8Array): Uint8Array | undefined {
    const at = this.#find(key)
    const part = this.#parts[at]
    if (part !== undefined && equalBytes(part.key, key)) {
      if (part.value === undefined) throw badAnswer(this.where, 'a row without its value')
      return part.value
    }
    if (part === undefined ? this.#isOpen : part.isAfterHidden) {
      throw badAnswer(this.where, 'neither a row nor that there is none')
    }
    return undefined
  }

  /** What a row holds. @throws ANCHOR_BAD_ANSWER (protocol) */
  read<T>(key: Uint8Array, layout: P.CoderType<T>): T | undefined {
    const bytes = this.get(key)
    if (bytes === undefined) return undefined
    try {
      return layout.decode(bytes)
    } catch {
      throw badAnswer(this.where, 'a row of another shape')
    }
  }

  /** Place of the first part whose key is not below one. */
  #find(key: Uint8Array): number {
    let [low, high] = [0, this.#parts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const part = this.#parts[middle]
      if (part !== undefined && compareBytes(part.key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Rows as they were answered, and how it is proven that they are the canister's. */
export interface Answered {
  readonly rows: Rows
  /** Proves them. @returns the time that they are of, ns since 1970 @throws ANCHOR_BAD_ANSWER (protocol) */
  prove(): Promise<bigint>
}

/** Rows that are proven, and of which time they are. */
export interface Proven {
  readonly rows: Rows
  /** ns since 1970. */
  readonly time: bigint
}

const [CERTIFICATE, WITNESS] = [fieldOf('certificate'), fieldOf('witness')]
const BOUNDS = { depth: MAX_WITNESS_DEPTH, values: MAX_WITNESS_VALUES }

/** Asks a canister for rows. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function askRows(
  endpoint: Endpoint,
  { canister }: Target,
  { method, args }: RowsQuery,
): Promise<Answered> {
  const wrong = (why: string): Error => badAnswer(endpoint.name, why)
  const reply = await ask(endpoint, 'query', { canister, method, arg: encodeArguments(...args) })
  const { certificate, witness } = partsIn(reply, wrong)
  const tree = parseTree(decodeCbor(witness, 'a witness', wrong, BOUNDS), wrong)
  return {
    rows: new Rows(tree, endpoint.name),
    async prove() {
      const certified = await ask(endpoint, 'certified', { canister, certificate })
      const data = certified.find('canister', canister, 'certified_data')
      if (data === undefined || !equalBytes(data, digestOf(tree))) {
        throw wrong('rows that are not certified')
      }
      return certified.time
    },
  }
}

/** Asks a canister for rows, and has them proven. @throws as {@link askRows} */
export async function proveRows(
  endpoint: Endpoint,
  target: Target,
  query: RowsQuery,
): Promise<Proven> {
  const { rows, prove } = await askRows(endpoint, target, query)
  return { rows, time: await prove() }
}

function partsIn(
  reply: Uint8Array,
  wrong: (why: string) => Error,
): { readonly certificate: Uint8Array; readonly witness: Uint8Array } {
  try {
    const answer = decodeAnswer(reply)
    if (typeof answer === 'object' && 'fields' in answer) {
      const [certificate, witness] = [answer.fields.get(CERTIFICATE), answer.fields.get(WITNESS)]
      if (certificate instanceof Uint8Array && witness instanceof Uint8Array) {
        return { certificate, witness }
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw wrong('an answer of another shape')
}

/** Operations that a canister applied: the place of the next one. */
export function operationsIn(rows: Rows): bigint {
  return rows.read(keys.operations(), P.U64LE) ?? 0n
}

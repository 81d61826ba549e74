/** Certificates of the chain's state, by the root key or by a subnet that the root key vouches for; and signed answers to queries. */
import { concat, utf8 } from '../../../node/primitives/bytes.ts'
import { type CborValue, encodeCbor } from '../codec/cbor.ts'
import { hashOfMap, leb128, separator } from '../codec/hash.ts'
import { canisterId } from '../codec/principal.ts'
import { BlsKey, Ed25519Key } from './keys.ts'
import { digestOf, Labels, type StateNode, type StatePath, witnessOf } from './tree.ts'

/** Labels with text names. */
export function labels(entries: Readonly<Record<string, StateNode>>): Labels {
  return new Labels(Object.entries(entries).map(([name, node]) => [utf8(name), node]))
}

/** Every canister is of the one subnet. */
const RANGES = encodeCbor([[canisterId(0n), canisterId(0xffff_ffff_ffff_ffffn)]])

export interface CertifierInit {
  readonly seed: string
  /** Certificates are by a subnet's key, which the root key vouches for. */
  readonly hasSubnet: boolean
  /** Otherwise they have nothing in the place of signatures. @default true */
  readonly isSigning?: boolean
}

/** How long the root key's word for the subnet is shown, ns: it is given anew once in a while, as on the chain. */
const DELEGATION_NS = 3_600_000_000_000n
const NO_SIGNATURE = new Uint8Array(48)

export class Certifier {
  readonly root: BlsKey
  readonly #isSigning: boolean
  #delegated: { readonly time: bigint; readonly delegation: CborValue } | undefined
  readonly #subnet: BlsKey | undefined
  readonly #node: Ed25519Key
  readonly #subnets: Labels
  readonly #ranges: Labels

  constructor({ seed, hasSubnet, isSigning = true }: CertifierInit) {
    this.#isSigning = isSigning
    this.root = new BlsKey(seed, 'root')
    this.#subnet = hasSubnet ? new BlsKey(seed, 'subnet') : undefined
    this.#node = new Ed25519Key(seed, 'node')
    const key = this.#subnet ?? this.root
    const node = new Labels([[this.#node.principal, labels({ public_key: this.#node.der })]])
    const subnet = labels({ canister_ranges: RANGES, node, public_key: key.der })
    this.#subnets = new Labels([[key.principal, subnet]])
    this.#ranges = new Labels([[key.principal, new Labels([[canisterId(0n), RANGES]])]])
  }

  get subnetId(): Uint8Array {
    return (this.#subnet ?? this.root).principal
  }

  /** A certificate of the paths of what is there and what is not; `parts`: the labels beside those of subnets and time. */
  certify(
    time: bigint,
    parts: Readonly<Record<string, StateNode>>,
    paths: readonly StatePath[],
  ): Uint8Array {
    const all = { ...parts, canister_ranges: this.#ranges, subnet: this.#subnets }
    const tree = labels({ ...all, time: leb128(time) })
    const shown = [...paths, [utf8('time')]]
    const signed = this.#sign(this.#subnet ?? this.root, tree, shown)
    return encodeCbor({ ...signed, delegation: this.#delegation(time) })
  }

  /** An answer to a query, with the signature of a node. */
  signQuery(
    answer: Readonly<Record<string, CborValue>>,
    timestamp: bigint,
    requestId: Uint8Array,
  ): CborValue {
    const hash = hashOfMap({ ...answer, timestamp, request_id: requestId })
    const signature = this.#node.sign(concat(separator('ic-response'), hash))
    const { principal: identity } = this.#node
    return { ...answer, signatures: [{ timestamp, signature, identity }] }
  }

  #delegation(time: bigint): CborValue {
    if (this.#subnet === undefined) return undefined
    const age = time - (this.#delegated?.time ?? 0n)
    if (this.#delegated !== undefined && age >= 0n && age < DELEGATION_NS) {
      return this.#delegated.delegation
    }
    const { principal, der } = this.#subnet
    const subnet = labels({ canister_ranges: RANGES, public_key: der })
    const tree = labels({
      canister_ranges: this.#ranges,
      subnet: new Labels([[principal, subnet]]),
      time: leb128(time),
    })
    const paths = ['canister_ranges', 'subnet', 'time'].map((name) => [utf8(name)])
    const signed = this.#sign(this.root, tree, paths)
    const delegation = { subnet_id: principal, certificate: encodeCbor(signed) }
    this.#delegated = { time, delegation }
    return delegation
  }

  #sign(
    key: BlsKey,
    tree: Labels,
    paths: readonly StatePath[],
  ): { readonly tree: CborValue; readonly signature: Uint8Array } {
    const message = concat(separator('ic-state-root'), digestOf(tree))
    const signature = this.#isSigning ? key.sign(message) : NO_SIGNATURE
    return { tree: witnessOf(tree, paths), signature }
  }
}

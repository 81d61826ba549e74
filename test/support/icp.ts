/**
 * An Internet Computer that exists for one test: a root key, a subnet that it certifies, and a canister on it that signs as Internet Identity
 * does. Trees, CBOR and hashes are the client library's, so that nothing here is checked against itself.
 */
import { createRequire } from 'node:module'
import {
  Cbor,
  type HashTree,
  type PublicKey,
  reconstruct,
  SignIdentity,
  type Signature,
} from '@dfinity/agent'
import { Principal } from '@dfinity/principal'
import { concat, fromHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { INTERNET_IDENTITY } from '../../src/chains/icp/constants.ts'

/** The curve that the library itself uses. */
interface Bls {
  getPublicKeyForShortSignatures(secret: Uint8Array): Uint8Array
  signShortSignature(message: Uint8Array, secret: Uint8Array): Uint8Array
}
const fromAgent = createRequire(createRequire(import.meta.url).resolve('@dfinity/agent'))
const { bls12_381: bls } = fromAgent('@noble/curves/bls12-381') as { bls12_381: Bls }

const BLS_PREFIX = fromHex(
  '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100',
)
/** Group order is above 2^254: such a scalar is one. */
const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

function blsKey(secret: Uint8Array): Uint8Array {
  return concat(BLS_PREFIX, bls.getPublicKeyForShortSignatures(secret))
}

export const leaf = (value: Uint8Array): HashTree => [3, value] as unknown as HashTree // branded only
export const labeled = (label: Uint8Array | string, tree: HashTree): HashTree =>
  [2, typeof label === 'string' ? utf8(label) : label, tree] as unknown as HashTree // branded only
export const fork = (...trees: HashTree[]): HashTree =>
  trees.reduceRight((right, left) => [1, left, right] as unknown as HashTree) // branded only
export const pruned = (hash: Uint8Array): HashTree => [4, hash] as unknown as HashTree // branded only
const path = (labels: (Uint8Array | string)[], end: HashTree): HashTree =>
  labels.reduceRight((tree, label) => labeled(label, tree), end)

async function sign(tree: HashTree, secret: Uint8Array): Promise<Uint8Array> {
  const root = await reconstruct(tree)
  return bls.signShortSignature(concat(Uint8Array.of(13), utf8('ic-state-root'), root), secret)
}

const SUBNET = Principal.selfAuthenticating(utf8('a subnet')).toUint8Array()

/** What a network or a canister does differently. */
export interface IcpQuirks {
  /** Where the ranges of canisters stand; none. @default 'flat' */
  readonly ranges?: 'flat' | 'tree' | 'none' | 'other' | 'garbage'
  /** No subnet: the root subnet holds the canister. */
  readonly isRoot?: boolean
  /** The subnet's delegation has one itself. */
  readonly isNested?: boolean
  /** Another key signs the subnet's certificate, or the canister's. */
  readonly foreign?: 'root' | 'subnet'
  /** What is certified in place of the hash of the signatures. */
  readonly certified?: Uint8Array
  /** The canister in whose name data is certified. @default its own */
  readonly certifiedFor?: Principal
  /** Another tree of signatures. */
  readonly signatures?: (label: Uint8Array, message: Uint8Array) => HashTree
  /** The last word over the bytes. */
  readonly finish?: (signature: { certificate: Uint8Array; tree: unknown }) => Uint8Array
}

export interface TestNetwork {
  /** DER, hexadecimal. */
  readonly rootKey: Uint8Array
  /** An identity whose key is a seed of the canister. */
  identity(seed: string, quirks?: IcpQuirks, canister?: Principal): CanisterIdentity
}

/** A signer whose signatures are a canister's. */
export class CanisterIdentity extends SignIdentity {
  readonly #der: Uint8Array
  readonly #sign: (message: Uint8Array) => Promise<Uint8Array>

  constructor(der: Uint8Array, sign_: (message: Uint8Array) => Promise<Uint8Array>) {
    super()
    this.#der = der
    this.#sign = sign_
  }

  getPublicKey(): PublicKey {
    return { toDer: () => this.#der }
  }

  async sign(message: Uint8Array): Promise<Signature> {
    return (await this.#sign(message)) as unknown as Signature // branded only
  }
}

/** DER of a canister's key. */
export function canisterKey(canister: Principal, seed: Uint8Array): Uint8Array {
  const id = canister.toUint8Array()
  const payload = concat(Uint8Array.of(id.length), id, seed)
  const algorithm = fromHex('300c060a2b0601040183b8430102')
  const bits = concat(Uint8Array.of(0x03, payload.length + 1, 0), payload)
  return concat(Uint8Array.of(0x30, algorithm.length + bits.length), algorithm, bits)
}

export function testNetwork(byte: number): TestNetwork {
  const root = secretOf(byte)
  const subnet = secretOf(byte + 1)

  const rangesOf = ({ ranges = 'flat' }: IcpQuirks, canister: Principal): HashTree[] => {
    const id = canister.toUint8Array()
    const [from, to] = [Uint8Array.from(id), Uint8Array.from(id)]
    from[7] = 0 // below, and above
    to[7] = 255
    const far = Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 255, 1, 1])
    const value = leaf(
      Cbor.encode(
        ranges === 'garbage'
          ? 'all'
          : [
              [far, far],
              [from, to],
            ],
      ),
    )
    const other = leaf(Cbor.encode([[far, far]]))
    switch (ranges) {
      case 'flat':
      case 'garbage':
        return [labeled('subnet', labeled(SUBNET, withKey(labeled('canister_ranges', value))))]
      case 'other':
        return [labeled('subnet', labeled(SUBNET, withKey(labeled('canister_ranges', other))))]
      case 'tree':
        return [
          path(['canister_ranges', SUBNET], labeled(from, value)),
          labeled('subnet', labeled(SUBNET, withKey())),
        ]
      case 'none':
        return [labeled('subnet', labeled(SUBNET, withKey()))]
    }
  }
  const withKey = (...more: HashTree[]): HashTree =>
    fork(...more, labeled('public_key', leaf(blsKey(subnet))))
  const time = labeled('time', leaf(Uint8Array.of(1)))

  const certify = async (
    tree: HashTree,
    canister: Principal,
    quirks: IcpQuirks,
  ): Promise<Uint8Array> => {
    const secret = quirks.isRoot === true ? root : subnet
    const signature = await sign(tree, quirks.foreign === 'subnet' ? secretOf(99) : secret)
    if (quirks.isRoot === true) return Cbor.encode({ tree, signature })
    const inner = fork(...rangesOf(quirks, canister), time)
    const certificate = Cbor.encode({
      tree: inner,
      signature: await sign(inner, quirks.foreign === 'root' ? secretOf(99) : root),
      ...(quirks.isNested === true
        ? { delegation: { subnet_id: SUBNET, certificate: Uint8Array.of(1) } }
        : {}),
    })
    return Cbor.encode({ tree, signature, delegation: { subnet_id: SUBNET, certificate } })
  }

  return {
    rootKey: blsKey(root),
    identity(name, quirks = {}, canister = Principal.fromText(INTERNET_IDENTITY)) {
      const seed = utf8(name)
      return new CanisterIdentity(canisterKey(canister, seed), async (message) => {
        const [label, hash] = [sha256(seed), sha256(message)]
        const tree =
          quirks.signatures?.(label, hash) ??
          fork(
            path(
              ['sig', label],
              fork(labeled(hash, leaf(new Uint8Array(0))), pruned(sha256(seed))),
            ),
            labeled('stats', leaf(Uint8Array.of(1))),
          )
        const data = quirks.certified ?? (await reconstruct(tree))
        const owner = (quirks.certifiedFor ?? canister).toUint8Array()
        const state = fork(path(['canister', owner, 'certified_data'], leaf(data)), time)
        const certificate = await certify(state, canister, quirks)
        return quirks.finish?.({ certificate, tree }) ?? Cbor.encode({ certificate, tree })
      })
    },
  }
}

/** Answers of the Internet Computer as they are, and as somebody who lies would have them: trees are the client library's, keys the local chain's. */
import { Cbor, type HashTree, reconstruct } from '@dfinity/agent'
import { IDL } from '@dfinity/candid'
import { BlsKey } from '../../src/devnet/icp/certification/keys.ts'
import { leb128, separator } from '../../src/devnet/icp/codec/hash.ts'
import { concat } from '../../src/node/primitives/bytes.ts'
import type { Reply } from './faulty-http.ts'
import { fork, labeled, leaf, pruned } from './icp.ts'
import { cborReply, valueIn } from './icp-faults.ts'

const PROVEN = IDL.Record({ certificate: IDL.Vec(IDL.Nat8), witness: IDL.Vec(IDL.Nat8) })
const REFUSED = IDL.Record({ number: IDL.Nat8, name: IDL.Text, expected: IDL.Opt(IDL.Nat64) })

/** A certificate, taken apart. */
export interface Certificate {
  tree: HashTree
  signature: Uint8Array
  delegation?: { readonly subnet_id: Uint8Array; readonly certificate: Uint8Array } | undefined
}

/** What a proven answer is made of. */
export interface Told {
  certificate: Certificate
  witness: HashTree
}

/** What a query answered. */
export function toldIn(reply: Reply): Told {
  const { reply: inner } = valueIn<{ reply: { arg: Uint8Array } }>(reply)
  const [proven] = IDL.decode([PROVEN], inner.arg) as unknown as [
    { readonly certificate: Uint8Array; readonly witness: Uint8Array },
  ] // by its type
  return {
    certificate: Cbor.decode<Certificate>(new Uint8Array(proven.certificate)),
    witness: Cbor.decode<HashTree>(new Uint8Array(proven.witness)),
  }
}

/** The answer of a query that says so. */
export function tellingOf({ certificate, witness }: Told): Reply {
  return provenOf(Cbor.encode(certificate), Cbor.encode(witness))
}

/** The same of bytes. */
export function provenOf(certificate: Uint8Array, witness: Uint8Array): Reply {
  const arg = new Uint8Array(IDL.encode([PROVEN], [{ certificate, witness }]))
  return cborReply({ status: 'replied', reply: { arg }, signatures: [] })
}

/** A refusal as `check` says it. */
export function refusedOf(number: number, name: string): Reply {
  const arg = new Uint8Array(IDL.encode([IDL.Opt(REFUSED)], [[{ number, name, expected: [] }]]))
  return cborReply({ status: 'replied', reply: { arg }, signatures: [] })
}

/** A tree with one of its parts replaced: the first that is found from the left. Undefined leaves it as it is. */
export async function replaced(
  tree: HashTree,
  change: (part: HashTree) => HashTree | undefined | Promise<HashTree | undefined>,
): Promise<HashTree> {
  let isDone = false
  const walk = async (part: HashTree): Promise<HashTree> => {
    if (isDone) return part
    const other = await change(part)
    if (other !== undefined) {
      isDone = true
      return other
    }
    const [kind, first, second] = part as unknown as [number, HashTree, HashTree] // as kinds have it
    if (kind === 1) return fork(await walk(first), await walk(second))
    if (kind === 2) return labeled(first as unknown as Uint8Array, await walk(second))
    return part
  }
  return walk(tree)
}

/** The label of a part; undefined when it has none. */
export function labelOf(part: HashTree): Uint8Array | undefined {
  const [kind, label] = part as unknown as [number, Uint8Array]
  return kind === 2 ? label : undefined
}

export async function prunedPart(part: HashTree): Promise<HashTree> {
  return pruned(await reconstruct(part))
}

/** A tree signed by a key that follows from a seed. */
export async function signedBy(key: BlsKey, tree: HashTree): Promise<Certificate> {
  const message = concat(separator('ic-state-root'), await reconstruct(tree))
  return { tree, signature: key.sign(message) }
}

/** A delegation to the local chain's subnet for some canisters, signed by a root key that follows from a seed. */
export async function delegationFor(
  ranges: readonly (readonly [Uint8Array, Uint8Array])[],
  time: bigint,
  seed = '',
): Promise<NonNullable<Certificate['delegation']>> {
  const subnet = new BlsKey('', 'subnet')
  const said = labeled(
    subnet.principal,
    fork(
      labeled('canister_ranges', leaf(Cbor.encode(ranges))),
      labeled('public_key', leaf(subnet.der)),
    ),
  )
  const tree = fork(labeled('subnet', said), labeled('time', leaf(leb128(time))))
  const certificate = await signedBy(new BlsKey(seed, 'root'), tree)
  return { subnet_id: subnet.principal, certificate: Cbor.encode(certificate) }
}

/** Everything that is signed for the contracts of Ethereum, right or wrong on purpose: requests by each door, bindings, invitations and claims. */
import { getBytes, type TypedDataDomain, Wallet } from 'ethers'
import { abiOf, hex } from '../../src/chains/ethereum/contracts/codec.ts'
import { ethereumScheme, signInvitation, typedDomain } from '../../src/chains/ethereum/scheme.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec } from '../../src/node/anchor/envelope.ts'
import {
  type PackageEnvelope,
  packageEnvelopeCodec,
} from '../../src/node/anchor/packages/envelope.ts'
import { PACKAGE_OPERATION_WORDS } from '../../src/node/anchor/packages/operations.ts'
import {
  type InvitationTerms,
  type Operation,
  OPERATION_WORDS,
} from '../../src/node/anchor/operations.ts'
import type { SignatureScheme, SignedEnvelope } from '../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { EMPTY, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { GroupId, PublicKey } from '../../src/node/primitives/ids.ts'
import type { Call, ContractBench } from './ethereum-contracts.ts'

/** How an envelope is proved: by the transaction of the signer's account, by that account's signature, by the signer's own. */
export type Door = 'sender' | 'account' | 'ed25519'
export const DOORS: readonly Door[] = ['sender', 'account', 'ed25519']

/** The secp256k1 account of a person of the tests. */
export function accountOf({ publicKey }: Signer): Wallet {
  return new Wallet(hex(sha256(utf8('wallet'), publicKey)))
}

const REQUEST_TYPES = {
  Request: [
    { name: 'operation', type: 'string' },
    { name: 'subject', type: 'bytes32' },
    { name: 'signer', type: 'bytes32' },
    { name: 'nonce', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
    { name: 'envelope', type: 'bytes' },
  ],
}

/** What an envelope says, its operation in words: neither contract decodes the other's. */
function requestOf(envelope: Uint8Array): Pick<
  Envelope | PackageEnvelope,
  'subject' | 'signer' | 'nonce' | 'validUntil'
> & {
  operation: string
} {
  try {
    const { operation, ...head } = envelopeCodec.decode(envelope)
    return { ...head, operation: OPERATION_WORDS[operation.kind] }
  } catch (error) {
    if (!isMerogateError(error, 'CODEC_MALFORMED')) throw error
    const { operation, ...head } = packageEnvelopeCodec.decode(envelope)
    return { ...head, operation: PACKAGE_OPERATION_WORDS[operation.kind] }
  }
}

/** An account's EIP-712 signature of an envelope, 65 bytes; `lies` are shown to its owner in place of what stands in there. */
export async function signTyped(
  account: Wallet,
  domain: TypedDataDomain,
  envelope: Uint8Array,
  lies: object = {},
): Promise<Uint8Array> {
  const { operation, subject, signer, nonce, validUntil } = requestOf(envelope)
  const shown = {
    ...{ subject: hex(subject), signer: hex(signer), nonce, validUntil, envelope: hex(envelope) },
    ...{ operation, ...lies },
  }
  return getBytes(await account.signTypedData(domain, REQUEST_TYPES, shown))
}

/** An envelope with the proof that a door asks for, or what there is of it in bytes; `domain` is that of the contract it is meant for. */
export async function prove(
  bench: ContractBench,
  envelope: Uint8Array,
  door: Door,
  signWith: Signer,
  domain: TypedDataDomain = typedDomain('merogate contexts', bench.chainId, bench.anchor),
): Promise<SignedEnvelope> {
  if (door === 'sender') return { envelope, signature: EMPTY }
  if (door === 'ed25519') return ED25519_SCHEME.signEnvelope(envelope, signWith)
  return { envelope, signature: await signTyped(accountOf(signWith), domain, envelope) }
}

/** The call that delivers an envelope with these bytes as its signature. */
export function delivery(
  to: string,
  { envelope, signature }: SignedEnvelope,
  door: Door,
  from?: string,
): Call {
  const name = door === 'ed25519' ? 'submitEd25519' : 'submit'
  const data = abiOf('ContextAnchor').encodeFunctionData(name, [hex(envelope), hex(signature)])
  return { to, data, ...(from === undefined ? {} : { from }) }
}

/** The call that delivers an envelope with its proof. */
export async function proved(
  bench: ContractBench,
  envelope: Uint8Array,
  door: Door,
  signWith: Signer,
): Promise<Call> {
  const from = door === 'sender' ? accountOf(signWith).address : undefined
  return delivery(bench.anchor, await prove(bench, envelope, door, signWith), door, from)
}

/** What is not as it should be in a binding, for attacks. */
export interface BindingOptions {
  readonly account?: Wallet
  /** Account that is named. @default that of `account` */
  readonly address?: string
  readonly nonce?: bigint
  readonly validUntil?: bigint
  /** Signs in the identity's place. */
  readonly signWith?: Signer
  /** What the identity signs, instead of what the registry says. */
  readonly digest?: Uint8Array
  /** Consents in the account's place. */
  readonly consentOf?: Wallet
  /** Instead of a signed consent. */
  readonly consent?: string
  /** Chain and registry that the consent names. */
  readonly chainId?: number
  readonly registry?: string
}

const BINDING_TYPES = {
  Binding: [
    { name: 'identity', type: 'bytes32' },
    { name: 'account', type: 'address' },
    { name: 'nonce', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
  ],
}

/** The call that binds an identity to an account, which consents by a signature. */
export async function binding(
  bench: ContractBench,
  identity: Signer,
  options: BindingOptions = {},
): Promise<Call> {
  const { account = accountOf(identity), nonce = 1n, registry = bench.registry } = options
  const { address = account.address, consentOf = account, chainId = bench.chainId } = options
  const { signWith = identity, validUntil = (await bench.now()) + 600n } = options
  const id = hex(identity.publicKey)
  const fields = [id, address, nonce, validUntil]
  const [told] = await bench.view('bindingDigest', fields, bench.registry)
  const { digest = getBytes(String(told)) } = options
  const consent = await consentOf.signTypedData(
    { name: 'merogate identities', version: '2', chainId, verifyingContract: registry },
    BINDING_TYPES,
    { identity: id, account: address, nonce, validUntil },
  )
  const proofs = [hex(signWith.sign(digest)), options.consent ?? consent]
  const data = abiOf('IdentityRegistry').encodeFunctionData('bind', [...fields, ...proofs])
  return { to: bench.registry, data }
}

/** Binds people to their accounts. */
export async function bind(bench: ContractBench, ...people: readonly Signer[]): Promise<void> {
  for (const person of people) {
    const { error } = await bench.send(await binding(bench, person))
    if (error !== undefined) throw new RangeError(`bind: ${error}`)
  }
}

/** What claim keys sign, and identities without an account. */
export function claimScheme({ chainId, anchor }: ContractBench): SignatureScheme {
  const domain = typedDomain('merogate contexts', chainId, anchor)
  // bindings are asked for where there is a wallet only
  return ethereumScheme({ domain, bindings: {} as never, wallet: undefined, sender: undefined })
}

/** Seed of the claim keys of the tests. */
export const CLAIM_SEED: Uint8Array = new Uint8Array(32).fill(5)

/** Terms of an invitation; those that are not given are usual. */
export function termsOf(
  bench: ContractBench,
  given: Partial<InvitationTerms> & Pick<InvitationTerms, 'group' | 'inviter' | 'notAfter'>,
): InvitationTerms {
  const claimKey = PublicKey.from(claimScheme(bench).claimKey(CLAIM_SEED))
  return {
    domain: bench.domain(),
    claimKey,
    role: 'writer',
    capabilities: 0,
    maxUses: 1,
    inviteNonce: 0n,
    // the author's
    membership: 1n,
    series: 0,
    ...given,
    group: GroupId.from(given.group),
  }
}

/** A claim of an invitation that the inviter's account signed, or the inviter itself. */
export async function claimOf(
  bench: ContractBench,
  terms: InvitationTerms,
  claimant: PublicKey,
  inviter: Signer,
  by: 'account' | 'ed25519',
): Promise<Extract<Operation, { kind: 'claimInvitation' }>> {
  const domain = typedDomain('merogate contexts', bench.chainId, bench.anchor)
  return {
    kind: 'claimInvitation',
    terms,
    inviterSignature:
      by === 'account'
        ? await signInvitation(accountOf(inviter), domain, terms)
        : await ED25519_SCHEME.signInvitation(terms, inviter),
    claimSignature: claimScheme(bench).signClaim(CLAIM_SEED, terms, claimant),
  }
}

/** The revocation of an invitation, given as {@link claimOf} takes it. */
export async function revocationOf(
  bench: ContractBench,
  terms: InvitationTerms,
  inviter: Signer,
  by: 'account' | 'ed25519' = 'ed25519',
): Promise<Extract<Operation, { kind: 'revokeInvitation' }>> {
  const { inviterSignature } = await claimOf(bench, terms, inviter.publicKey, inviter, by)
  return { kind: 'revokeInvitation', terms, inviterSignature }
}

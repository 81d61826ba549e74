/**
 * What signs on Ethereum. An identity that is bound to this node's account speaks through it: by sending the transaction, or, where somebody
 * else sends it, by an EIP-712 signature. An identity that is not bound signs itself, which costs some hundred thousand gas more.
 */
import {
  getBytes,
  Signature,
  type TypedDataDomain,
  TypedDataEncoder,
  Wallet,
  zeroPadValue,
} from 'ethers'
import { ROLES, type Signer } from '../../node/anchor/anchor.ts'
import { envelopeCodec, invitationDigest } from '../../node/anchor/envelope.ts'
import { OPERATION_WORDS, type InvitationTerms } from '../../node/anchor/operations.ts'
import { packageEnvelopeCodec } from '../../node/anchor/packages/envelope.ts'
import { PACKAGE_OPERATION_WORDS } from '../../node/anchor/packages/operations.ts'
import type { ServiceOptions, SignatureScheme, SignedEnvelope } from '../../node/anchor/service.ts'
import { ED25519_SCHEME } from '../../node/anchor/ticket.ts'
import { isMerogateError } from '../../node/errors.ts'
import { EMPTY } from '../../node/primitives/bytes.ts'
import type { Bindings } from './bindings.ts'
import { CONTRACT_VERSION } from './constants.ts'
import { hex } from './contracts/codec.ts'
import type { TransactionSender } from './send/sender.ts'

/** EIP-712 types of the contracts. */
const TYPES = {
  Request: [
    { name: 'operation', type: 'string' },
    { name: 'subject', type: 'bytes32' },
    { name: 'signer', type: 'bytes32' },
    { name: 'nonce', type: 'uint64' },
    { name: 'validUntil', type: 'uint64' },
    { name: 'envelope', type: 'bytes' },
  ],
  Invitation: [
    { name: 'group', type: 'bytes32' },
    { name: 'inviter', type: 'bytes32' },
    { name: 'claimKey', type: 'bytes32' },
    { name: 'role', type: 'uint8' },
    { name: 'capabilities', type: 'uint8' },
    { name: 'notAfter', type: 'uint64' },
    { name: 'maxUses', type: 'uint32' },
    { name: 'inviteNonce', type: 'uint64' },
    { name: 'membership', type: 'uint64' },
    { name: 'series', type: 'uint16' },
  ],
  Claim: [
    { name: 'invitation', type: 'bytes32' },
    { name: 'claimant', type: 'bytes32' },
  ],
}

/** EIP-712 domain of a contract. */
export function typedDomain(
  name: 'merogate contexts' | 'merogate packages',
  chainId: number,
  contract: string,
): TypedDataDomain {
  return { name, version: CONTRACT_VERSION, chainId, verifyingContract: contract }
}

/** What is shown of an envelope to whoever signs it. */
interface Request {
  readonly subject: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  readonly validUntil: bigint
  readonly kind: string
  /** What is asked for, in words. */
  readonly words: string
}

/** Reads an envelope for the contract of a domain. */
function readRequest(domain: TypedDataDomain, envelope: Uint8Array): Request {
  if (domain.name === 'merogate packages') {
    const request = packageEnvelopeCodec.decode(envelope)
    const { kind } = request.operation
    return { ...request, kind, words: PACKAGE_OPERATION_WORDS[kind] }
  }
  const request = envelopeCodec.decode(envelope)
  const { kind } = request.operation
  return { ...request, kind, words: OPERATION_WORDS[kind] }
}

/** EIP-712 signature of an envelope by an account, 65 bytes. */
export async function signRequest(
  wallet: Wallet,
  domain: TypedDataDomain,
  envelope: Uint8Array,
): Promise<Uint8Array> {
  const { subject, signer, nonce, validUntil, words } = readRequest(domain, envelope)
  const value = {
    subject: hex(subject),
    signer: hex(signer),
    nonce,
    validUntil,
    operation: words,
    envelope: hex(envelope),
  }
  return getBytes(await wallet.signTypedData(domain, { Request: TYPES.Request }, value))
}

/** An invitation signed by the inviter's account, 64 bytes (ERC-2098). */
export async function signInvitation(
  wallet: Wallet,
  domain: TypedDataDomain,
  terms: InvitationTerms,
): Promise<Uint8Array> {
  const value = {
    group: hex(terms.group),
    inviter: hex(terms.inviter),
    claimKey: hex(terms.claimKey),
    role: ROLES.indexOf(terms.role),
    capabilities: terms.capabilities,
    notAfter: terms.notAfter,
    maxUses: terms.maxUses,
    inviteNonce: terms.inviteNonce,
    membership: terms.membership,
    series: terms.series,
  }
  return compact(await wallet.signTypedData(domain, { Invitation: TYPES.Invitation }, value))
}

function compact(signature: string): Uint8Array {
  return getBytes(Signature.from(signature).compactSerialized)
}

/** The claim key of a seed: an account. Not every 32 bytes are a key, but all that chance makes are. */
function claimWallet(seed: Uint8Array): Wallet {
  return new Wallet(hex(seed))
}

export interface SchemeInit {
  readonly domain: TypedDataDomain
  readonly bindings: Bindings
  /** The account of this node, if it has one. */
  readonly wallet: Wallet | undefined
  /** Sends this node's own transactions; undefined when somebody else carries them. */
  readonly sender: TransactionSender | undefined
}

/** How long an invitation waits for the chain's word on its inviter, ms. Without it the inviter signs itself, which is as good. */
const INVITATION_WAIT_MS = 2000

/** Operations that an identity signs at most once: binding it first would cost more than it saves. */
const ONCE: ReadonlySet<string> = new Set(['claimInvitation', 'leave'])

export function ethereumScheme({ domain, bindings, wallet, sender }: SchemeInit): SignatureScheme {
  const isBound = async (signer: Signer, { signal }: ServiceOptions = {}): Promise<boolean> =>
    wallet !== undefined && (await bindings.accountOf(signer.publicKey, signal)) === wallet.address

  return {
    async signEnvelope(envelope, signer, options = {}): Promise<SignedEnvelope> {
      if (wallet === undefined) return ED25519_SCHEME.signEnvelope(envelope, signer)
      if (!(await isBound(signer, options))) {
        if (sender === undefined || ONCE.has(readRequest(domain, envelope).kind)) {
          return ED25519_SCHEME.signEnvelope(envelope, signer)
        }
        if (!(await bindings.bind(signer, sender, options.signal))) {
          return ED25519_SCHEME.signEnvelope(envelope, signer)
        }
      }
      // whoever sends with the account itself needs no other signature
      const signature = sender === undefined ? await signRequest(wallet, domain, envelope) : EMPTY
      return { envelope, signature }
    },
    claimKey: (seed) => getBytes(zeroPadValue(claimWallet(seed).address, 32)),
    async signInvitation(terms, inviter) {
      if (wallet !== undefined && (await isReachablyBound(isBound, inviter))) {
        return signInvitation(wallet, domain, terms)
      }
      return ED25519_SCHEME.signInvitation(terms, inviter)
    },
    signClaim(seed, terms, claimant) {
      const value = { invitation: hex(invitationDigest(terms)), claimant: hex(claimant) }
      const { signingKey } = claimWallet(seed)
      return compact(
        signingKey.sign(TypedDataEncoder.hash(domain, { Claim: TYPES.Claim }, value)).serialized,
      )
    },
  }
}

/** Whether an inviter is bound to our account, as far as can be known soon: an invitation must not need the chain. */
async function isReachablyBound(
  isBound: (signer: Signer, options: ServiceOptions) => Promise<boolean>,
  inviter: Signer,
): Promise<boolean> {
  const signal = AbortSignal.timeout(INVITATION_WAIT_MS)
  try {
    return await isBound(inviter, { signal })
  } catch (error) {
    if (signal.aborted || isMerogateError(error, 'ANCHOR_UNREACHABLE')) return false
    throw error
  }
}

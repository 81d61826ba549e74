import { type TypedDataDomain, Wallet } from 'ethers'
import { signInvitation, signRequest, typedDomain } from '../../../src/chains/ethereum/scheme.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { EnvelopeScheme, SignatureScheme } from '../../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { bindTo, startTestChain, type EthereumTestChain } from '../../support/ethereum.ts'
import type { AnchorHarness } from '../anchor-bench.ts'
import { chainHarness, type Schemes } from '../chain-harness.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { person } from '../anchor-support.ts'

let running: Promise<EthereumTestChain> | undefined

after(async () => {
  await (await running)?.stop()
})

/** The account of a person of the tests. */
function walletOf({ publicKey }: Signer): Wallet {
  return new Wallet(`0x${Buffer.from(sha256(utf8('wallet'), publicKey)).toString('hex')}`)
}

type ToScheme = (own: SignatureScheme, chain: EthereumTestChain) => Schemes

/** Contracts as new, and two parties' accounts. */
async function harness(toScheme: ToScheme, isForAnchors: boolean): Promise<AnchorHarness> {
  const chain = await (running ??= startTestChain(async (started) => {
    for (const name of ['A', 'B', 'C', 'X', 'D']) {
      await bindTo(started, person(name), walletOf(person(name)))
    }
  }))
  return chainHarness(chain, {
    schemes: ({ scheme }) => toScheme(scheme, chain),
    isForAnchors,
  })
}

/** The identities' own signatures, but for claims, whose key is an account here. */
function ed25519(own: SignatureScheme): Schemes {
  const { signEnvelope, signInvitation: signTerms } = ED25519_SCHEME
  return {
    contexts: { ...own, signEnvelope, signInvitation: signTerms },
    packages: ED25519_SCHEME,
  }
}

/** Each person's account signs in its place. */
function accounts(own: SignatureScheme, { deployment }: EthereumTestChain): Schemes {
  const { chainId, contracts } = deployment
  const domain = typedDomain('merogate contexts', chainId, contracts.contextAnchor.address)
  const registry = contracts.packageRegistry?.address ?? ''
  const signer = (typed: TypedDataDomain): EnvelopeScheme => ({
    signEnvelope: async (envelope, who) => ({
      envelope,
      signature: await signRequest(walletOf(who), typed, envelope),
    }),
  })
  return {
    contexts: {
      ...own,
      ...signer(domain),
      signInvitation: (terms, inviter) => signInvitation(walletOf(inviter), domain, terms),
    },
    packages: signer(typedDomain('merogate packages', chainId, registry)),
  }
}

anchorSuite('ethereum, sent by the account of the identities', () => harness(ed25519, false))
anchorSuite('ethereum, signed by the identities', () => harness(ed25519, true))
anchorSuite('ethereum, signed by their accounts', () => harness(accounts, true))

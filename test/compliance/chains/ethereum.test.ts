import { type TypedDataDomain, Wallet } from 'ethers'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../../src/chains/ethereum/limits.ts'
import { LOCAL_POLL_MS } from '../../../src/chains/shared/limits.ts'
import { signInvitation, signRequest, typedDomain } from '../../../src/chains/ethereum/scheme.ts'
import type { EthereumPackages } from '../../../src/chains/ethereum/packages.ts'
import { EthereumService } from '../../../src/chains/ethereum/service.ts'
import type { Anchor, Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import type { EnvelopeScheme, SignatureScheme } from '../../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { bindTo, chainClock, startTestChain, type TestChain } from '../../support/ethereum.ts'
import type { AnchorHarness } from '../anchor-bench.ts'
import { anchorSuite } from '../anchor-suite.ts'
import { person } from '../anchor-support.ts'

let running: Promise<TestChain> | undefined

after(async () => {
  await (await running)?.stop()
})

/** The account of a person of the tests. */
function walletOf({ publicKey }: Signer): Wallet {
  return new Wallet(`0x${Buffer.from(sha256(utf8('wallet'), publicKey)).toString('hex')}`)
}

/** What the rows sign with, made from the adapter's own; undefined: the adapter signs for itself, and the rows with ed25519. */
interface Schemes {
  readonly contexts: SignatureScheme
  readonly packages: EnvelopeScheme
}

type ToScheme = (own: SignatureScheme, chain: TestChain) => Schemes

/** Contracts as new, and two parties' accounts. */
async function harness(toScheme: ToScheme, isForAnchors: boolean): Promise<AnchorHarness> {
  const chain = await (running ??= startTestChain(async (started) => {
    for (const name of ['A', 'B', 'C', 'X', 'D']) {
      await bindTo(started, person(name), walletOf(person(name)))
    }
  }))
  await chain.reset()
  const { devnet, deployment } = chain
  const { network, contracts, chainId } = deployment
  const open = (key: string, scheme?: Schemes): EthereumService =>
    new EthereumService({
      // two endpoints, though of one chain: a nonce that does not follow needs a second word
      rpcUrls: [devnet.url, devnet.url],
      chainId,
      contracts: {
        identityRegistry: contracts.identityRegistry.address,
        contextAnchor: contracts.contextAnchor.address,
        packageRegistry: contracts.packageRegistry?.address,
      },
      finality: 0,
      wallet: new Wallet(key),
      scheme: scheme?.contexts,
      packageScheme: scheme?.packages,
      maxFeePerGas: DEFAULT_MAX_FEE_PER_GAS,
      pollMs: LOCAL_POLL_MS,
      clock: { ...systemClock, nowMs: () => clock.nowMs() },
      logger: silentLogger,
    })
  const clock = await chainClock(chain)
  const service = open(chain.key(1))
  const packages = registryOf(service)
  const scheme = toScheme(service.scheme, chain)
  const components = {
    clock: { ...systemClock, nowMs: () => clock.nowMs() },
    random: systemRandom,
    logger: silentLogger,
  }
  const anchors: Anchor[] = []
  return {
    service,
    clock,
    scheme: scheme.contexts,
    packages: {
      scheme: scheme.packages,
      readDomain: () => packages.readDomain(),
      submit: (signed) => packages.submit(signed),
    },
    events: async () => {
      const logged = await service.readEvents(0, Number.MAX_SAFE_INTEGER)
      return logged.map(({ event }) => event)
    },
    packageEvents: async () => {
      const logged = await packages.readEvents(0, Number.MAX_SAFE_INTEGER)
      return logged.map(({ event }) => event)
    },
    async anchor() {
      const own = open(chain.key(2), isForAnchors ? scheme : undefined)
      const anchor = envelopeAnchor({
        protocol: 'ethereum',
        network,
        contract: contracts.contextAnchor.address,
        service: own,
        packages: registryOf(own),
      })(components)
      anchors.push(anchor)
      await anchor.start()
      return anchor
    },
    async stop() {
      for (const anchor of anchors) await anchor.stop()
      await service.lifecycle.stop()
    },
  }
}

function registryOf({ packages }: EthereumService): EthereumPackages {
  if (packages === undefined) throw new RangeError('the deployment has no package registry')
  return packages
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
function accounts(own: SignatureScheme, { deployment }: TestChain): Schemes {
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

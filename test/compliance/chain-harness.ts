/** What tests need of a chain with contracts on it, and the suite's harness over that: the adapter under test is opened by the chain. */
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { Anchor } from '../../src/node/anchor/anchor.ts'
import type { AnchorEvent } from '../../src/node/anchor/events.ts'
import type { PackageEvent } from '../../src/node/anchor/packages/events.ts'
import type { PackageService } from '../../src/node/anchor/packages/service.ts'
import type {
  EnvelopeScheme,
  EnvelopeService,
  SignatureScheme,
} from '../../src/node/anchor/service.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { AnchorHarness, HarnessClock } from './anchor-bench.ts'

/** An adapter's service, which is started with its anchor. */
export interface ChainService extends EnvelopeService {
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  /** Undefined: the deployment has no registry. */
  readonly packages: PackageService | undefined
}

/** What the rows sign with, where it is not what the adapter signs with by itself. */
export interface Schemes {
  readonly contexts: SignatureScheme
  readonly packages: EnvelopeScheme
}

export interface OpenOptions {
  /** The machine's. */
  readonly clock: Clock
  /** @default what the adapter signs with */
  readonly schemes?: Schemes | undefined
}

/** A chain that runs on this machine, started once and put back to its beginning for each test. */
export interface TestChain<S extends ChainService = ChainService> extends AsyncDisposable {
  readonly protocol: string
  readonly network: string
  /** Where the contract of contexts is, as anchors name it. */
  readonly contract: string
  /** Where it answers. */
  readonly url: string
  /** See `AnchorHarness`. */
  readonly successors?: readonly [Uint8Array, Uint8Array]
  /** Text of the private key of a funded account. */
  key(index: number): string
  /** Forgets everything that happened since the contracts were made. */
  reset(): Promise<void>
  /** The chain's clock as it is now. */
  clock(): Promise<HarnessClock>
  /** The adapter, with an account that pays or without one. */
  open(key: string | undefined, options: OpenOptions): S
  /** Everything the contract announced, oldest first. */
  events(service: S): Promise<readonly AnchorEvent[]>
  /** The same of the package registry. */
  packageEvents(service: S): Promise<readonly PackageEvent[]>
  stop(): Promise<void>
}

export interface HarnessInit<S extends ChainService> {
  /** What the rows sign with, made from the adapter's own. @default that itself */
  readonly schemes?: (service: S) => Schemes
  /** Whether the anchors sign with these too. @default false: each with the adapter's own */
  readonly isForAnchors?: boolean
}

/** Contracts as new, and two parties' accounts. */
export async function chainHarness<S extends ChainService>(
  chain: TestChain<S>,
  { schemes: toSchemes, isForAnchors = false }: HarnessInit<S> = {},
): Promise<AnchorHarness> {
  await chain.reset()
  const clock = await chain.clock()
  const machine = { ...systemClock, nowMs: () => clock.nowMs() }
  const service = chain.open(chain.key(1), { clock: machine })
  const { packages } = service
  if (packages === undefined) throw new RangeError('the deployment has no package registry')
  const schemes = toSchemes?.(service)
  const anchors: Anchor[] = []
  return {
    service,
    clock,
    ...(schemes === undefined ? {} : { scheme: schemes.contexts }),
    ...(chain.successors === undefined ? {} : { successors: chain.successors }),
    packages: {
      ...(schemes === undefined ? {} : { scheme: schemes.packages }),
      readDomain: () => packages.readDomain(),
      submit: (signed) => packages.submit(signed),
    },
    events: () => chain.events(service),
    packageEvents: () => chain.packageEvents(service),
    async anchor() {
      const own = chain.open(chain.key(2), {
        clock: machine,
        schemes: isForAnchors ? schemes : undefined,
      })
      const { protocol, network, contract } = chain
      const anchor = envelopeAnchor({
        ...{ protocol, network, contract },
        service: own,
        ...(own.packages === undefined ? {} : { packages: own.packages }),
      })({ clock: machine, random: systemRandom, logger: silentLogger })
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

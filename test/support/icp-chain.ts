/** A local Internet Computer with the contracts on it, for tests: started once, put back to its beginning for each test. */
import { IDL } from '@dfinity/candid'
import { Principal } from '@dfinity/principal'
import type { BlsVerify } from '../../src/chains/icp/certificate/certificate.ts'
import { blsVerify } from '../../src/chains/icp/rpc/agent.ts'
import { ARTIFACTS } from '../../src/chains/icp/contracts/artifacts.ts'
import { IcpService, type IcpServiceInit } from '../../src/chains/icp/service.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { networkOf } from '../../src/chains/icp/network.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { HarnessClock } from '../compliance/anchor-bench.ts'
import type { MovingChain } from '../compliance/migration-suite.ts'
import { BELIEVE, type IcpWorld, openWorld } from './icp-devnet.ts'

export interface IcpTestChain extends MovingChain<IcpService> {
  readonly world: IcpWorld
  /** Ids of the canisters. */
  readonly contracts: { readonly contexts: string; readonly packages: string }
  /** Verifies signatures of certificates, or believes in them: all else of certificates is checked. */
  readonly verify: BlsVerify
}

/** What canisters are given when they are made. */
const INIT = IDL.Record({
  network: IDL.Text,
  predecessor: IDL.Opt(IDL.Principal),
  daily: IDL.Opt(IDL.Nat32),
  reserve: IDL.Opt(IDL.Nat),
})

/** A chain, as far as what lies on it is concerned. */
export interface Place {
  readonly chain: Pick<IcpWorld['chain'], 'rootKey'>
}

/** Bounds of what a canister makes. */
export interface CreationBounds {
  readonly daily?: number
  readonly reserve?: bigint
  readonly predecessor?: string
}

/** Cycles of a canister. */
const CYCLES = 100_000_000_000_000n
/**
 * Whether signatures of certificates are verified: two pairings of the curve take longer than all else that the suite does. `npm run conformance` has
 * them verified.
 */
const IS_VERIFYING: boolean = process.env['MEROGATE_TEST_CERTIFICATES'] === 'verify'

/** Makes one of our canisters; its id. */
export async function makeCanister(
  world: Place & Pick<IcpWorld, 'install'>,
  name: 'contexts' | 'packages',
  { daily, reserve, predecessor }: CreationBounds = {},
): Promise<string> {
  const optional = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])
  const arg = new Uint8Array(
    IDL.encode(
      [INIT],
      [
        {
          network: networkOf(world.chain.rootKey),
          predecessor: optional(predecessor).map((id) => Principal.fromText(id)),
          ...{ daily: optional(daily), reserve: optional(reserve) },
        },
      ],
    ),
  )
  const made = await world.install(ARTIFACTS.codeOf(name), { arg, cycles: CYCLES })
  return made.toText()
}

/** Starts a chain and deploys. Its time stands still but for what moves it. */
export async function startIcpTestChain({
  hasSubnet = false,
  isVerifying = IS_VERIFYING,
}: {
  readonly hasSubnet?: boolean
  readonly isVerifying?: boolean
} = {}): Promise<IcpTestChain> {
  const startMs = systemClock.nowMs()
  const world = await openWorld({ startMs, hasSubnet, isSigning: isVerifying })
  const { chain } = world
  const [contexts, packages] = [
    await makeCanister(world, 'contexts'),
    await makeCanister(world, 'packages'),
  ]
  const contracts = { contexts, packages }
  const beginning = await chain.snapshot()
  const stop = (): Promise<void> => chain.stop()
  const verify = isVerifying ? blsVerify : BELIEVE
  const urls = [chain.url, chain.url]
  return {
    ...{
      world,
      contracts,
      verify,
      protocol: 'icp',
      network: 'local',
      url: chain.url,
      contract: contexts,
    },
    // whoever calls pays nothing, and needs no key
    key: () => '',
    reset: () => chain.revert(beginning),
    clock: () => icpClock(world),
    // two endpoints, though of one chain: a nonce that does not follow needs a second word
    open: (_key, { clock }) => openService(world, contracts, urls, { clock, verify }),
    deploySuccessor: (predecessor = contexts) => makeCanister(world, 'contexts', { predecessor }),
    bytesOf: (address) => Principal.fromText(address).toUint8Array(),
    addressOf: (bytes) => Principal.fromUint8Array(bytes).toText(),
    openAt: (address, _key, clock) =>
      openService(world, { contexts: address }, urls, { clock, verify }),
    events: (service) => service.readEvents(),
    packageEvents: async ({ packages: registry }) => (await registry?.readEvents()) ?? [],
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** The adapter over endpoints. */
export function openService(
  { chain: { rootKey } }: Place,
  contracts: IcpServiceInit['contracts'],
  rpcUrls: readonly string[],
  init: Partial<Omit<IcpServiceInit, 'rpcUrls' | 'contracts'>> = {},
): IcpService {
  return new IcpService({
    ...{ rpcUrls, rootKey, network: networkOf(rootKey), contracts },
    ...{ pollMs: LOCAL_POLL_MS, clock: systemClock, logger: silentLogger },
    ...init,
  })
}

/** The chain's clock, which stands still until it is moved. */
async function icpClock({ chain }: IcpWorld): Promise<HarnessClock> {
  let nowMs = Number((await chain.now()) / 1_000_000n)
  let shiftMs = 0
  const move = async (ms: number): Promise<void> => {
    nowMs += ms
    shiftMs += ms
    await chain.moveTime(ms)
  }
  return {
    ...systemClock,
    nowMs: () => nowMs,
    nowNs: () => BigInt(nowMs) * 1_000_000n,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    advance: (seconds) => move(seconds * 1000),
    at: (second) => move(Number(second) * 1000 - nowMs),
  }
}

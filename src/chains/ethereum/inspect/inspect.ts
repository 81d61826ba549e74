/** Everything about a deployment, its chain and an account that can be seen from outside, for `merogate chain status` and `doctor`. */
import { ethereumRpc, readChainId } from '../rpc/rpc.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { ContractName } from '../contracts/artifacts.ts'
import { abiOf, isRevert } from '../contracts/codec.ts'
import { isOurCode } from '../contracts/contract-check.ts'
import { operationCosts, type OperationCost } from '../deploy/costs.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { type PresentFees, readPresentFees } from '../send/fees.ts'
import {
  type Block,
  type FinalityRule,
  readBalance,
  readBlock,
  readFinal,
  readHead,
  readNonce,
  readTime,
} from '../rpc/head.ts'
import {
  type CommonReport,
  type BlockState,
  hashesAt,
  heightReport,
  lookAt,
} from '../../shared/inspect.ts'
import { probeSubscription } from './probe.ts'
import type { Endpoints } from '../../shared/endpoints.ts'

/** A chain that shows none. */
const NO_BLOCK: Block = { number: 0, hash: '', timestamp: 0n }

export interface InspectInit {
  readonly rpcUrls: readonly string[]
  readonly wsUrl?: string | undefined
  readonly deployment: Deployment
  readonly finality: FinalityRule
  readonly maxFeePerGas: bigint
  /** Account that pays. @default none */
  readonly account?: string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** A contract of the deployment. */
export interface ContractReport {
  readonly name: ContractName
  readonly address: string
  readonly isPresent: boolean
  /** Whether its code is that of this release. */
  readonly isOurs: boolean
}

export interface AccountReport {
  readonly address: string
  /** Wei. */
  readonly balance: bigint
  /** Transactions that are sent and lie in no block. */
  readonly pending: number
}

/** What the endpoints that answer say. */
export interface ChainState extends BlockState {
  readonly contracts: readonly ContractReport[]
  /** Registry that the context contract was told; undefined when it does not answer. */
  readonly registry: string | undefined
  readonly account: AccountReport | undefined
  readonly fees: PresentFees
  readonly costs: readonly OperationCost[]
}

export interface ChainReport extends CommonReport<number, ChainState> {
  readonly finality: FinalityRule
  readonly maxFeePerGas: bigint
  /** Address of the registry as the deployment has it. */
  readonly expectedRegistry: string
  /** Undefined when there is none; `failure` is undefined when it works. */
  readonly subscription: { readonly failure: string | undefined } | undefined
}

/** Looks at everything. Endpoints that fail are part of the report. @throws ANCHOR_UNREACHABLE when all fail between two questions */
export async function inspectChain(init: InspectInit): Promise<ChainReport> {
  const { rpcUrls, wsUrl, deployment, finality, maxFeePerGas, clock, logger } = init
  const { chainId, network, contracts } = deployment
  const [subscription, looked] = await Promise.all([
    wsUrl === undefined
      ? undefined
      : probeSubscription(wsUrl, clock).then((failure) => ({ failure })),
    lookAt({
      ...{ rpcUrls, chainId, clock, readChainId },
      open: (urls) => ethereumRpc({ urls, chainId, clock, logger }),
      stand: async (rpc) => ({
        head: await rpc.run(readHead),
        final: await rpc.run((endpoint) => readFinal(endpoint, finality)),
      }),
      readState: (rpc, common) => readState(init, rpc, common),
    }),
  ])
  return {
    ...{ network, chainId, finality, maxFeePerGas, subscription, ...looked },
    expectedRegistry: contracts.identityRegistry.address,
  }
}

async function readState(init: InspectInit, rpc: Endpoints, common: number): Promise<ChainState> {
  const { deployment, finality, account, clock } = init
  const finalHashes = await hashesAt(
    rpc,
    common,
    async (endpoint, height) => (await readBlock(endpoint, height))?.hash,
  )
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  const blocks = await rpc.run(async (endpoint) => ({
    head: await readBlock(endpoint, 'latest'),
    final: await readBlock(endpoint, await readFinal(endpoint, finality)),
    time: await readTime(endpoint),
  }))
  const at = ({ number, timestamp }: Block = NO_BLOCK): ChainState['head'] =>
    heightReport(number, Number(timestamp), nowSeconds)
  const fees = await rpc.run(readPresentFees)
  return {
    head: at(blocks.head),
    final: at(blocks.final),
    clockSkewSeconds: Number(blocks.time) - nowSeconds,
    contracts: await readContracts(rpc, deployment),
    registry: await readRegistry(rpc, deployment.contracts.contextAnchor.address),
    account: account === undefined ? undefined : await readAccount(rpc, account),
    fees,
    costs: operationCosts(fees.baseFee + fees.tip),
    finalHashes,
  }
}

async function readContracts(rpc: Endpoints, { contracts }: Deployment): Promise<ContractReport[]> {
  const { identityRegistry, contextAnchor, packageRegistry } = contracts
  const all: readonly [ContractName, { address: string } | undefined][] = [
    ['IdentityRegistry', identityRegistry],
    ['ContextAnchor', contextAnchor],
    ['PackageRegistry', packageRegistry],
  ]
  return Promise.all(
    all.flatMap(([name, contract]) => {
      if (contract === undefined) return []
      const { address } = contract
      return [
        rpc.send('eth_getCode', [address, 'latest']).then((code) => {
          const isPresent = code !== '0x'
          const isOurs = isPresent && isOurCode(name, String(code))
          return { name, address, isPresent, isOurs }
        }),
      ]
    }),
  )
}

/** What the context contract answers when it is asked for its registry. */
async function readRegistry(rpc: Endpoints, address: string): Promise<string | undefined> {
  const abi = abiOf('ContextAnchor')
  const call = { to: address, data: abi.encodeFunctionData('identities') }
  try {
    const answer = String(await rpc.send('eth_call', [call, 'latest']))
    return answer.length === 66 ? `0x${answer.slice(26)}` : undefined
  } catch (error) {
    if (isRevert(error)) return undefined
    throw error
  }
}

async function readAccount(rpc: Endpoints, address: string): Promise<AccountReport> {
  return rpc.run(async (endpoint) => {
    const [balance, latest, pending] = await Promise.all([
      readBalance(endpoint, address),
      readNonce(endpoint, address, 'latest'),
      readNonce(endpoint, address, 'pending'),
    ])
    return { address, balance, pending: Math.max(0, pending - latest) }
  })
}

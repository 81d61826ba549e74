/** Everything about a deployment, its chain and an account that can be seen from outside, for `merogate chain status` and `doctor`. */
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import {
  type CommonReport,
  type BlockState,
  hashesAt,
  heightReport,
  lookAt,
} from '../../shared/inspect.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import { codeHashOf } from '../contracts/artifacts.ts'
import { readCodeHash } from '../contracts/contract-check.ts'
import { readAccountCredit } from '../contracts/credit.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { readSpendable } from '../deploy/quote.ts'
import { readBlock } from '../rpc/head.ts'
import { type KeyPermission, viewKey, viewKeys } from '../rpc/query.ts'
import { nearRpc, readChainId } from '../rpc/rpc.ts'

/** An account that pays, and the names of its keys, as `ed25519:<base58>`; without keys only its balance is looked at. */
export interface LookedAt {
  readonly address: string
  readonly keys: readonly string[]
}

export interface InspectInit {
  readonly rpcUrls: readonly string[]
  readonly deployment: Deployment
  /** Account that pays. @default none */
  readonly account?: LookedAt | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** A contract of the deployment. */
export interface ContractReport {
  readonly name: ContractName
  readonly address: string
  /** SHA-256 of its code, hexadecimal; undefined where there is none. */
  readonly codeHash: string | undefined
  /** Whether that is the code of this release. */
  readonly isOurs: boolean
  /** Keys of its account: whoever has one can replace the code. */
  readonly keys: number
}

/** A key of the node, and what it may do. */
export interface KeyReport {
  readonly name: string
  /** Undefined: it is no key of the account (any more). */
  readonly permission: KeyPermission | undefined
}

export interface AccountReport {
  readonly address: string
  /** YoctoNEAR that it can spend; undefined where there is no such account. */
  readonly balance: bigint | undefined
  readonly keys: readonly KeyReport[]
  /** YoctoNEAR for storage at the contract of contexts, which keys for functions use. */
  readonly credit: bigint
}

/** What the endpoints that answer say. */
export interface ChainState extends BlockState {
  readonly contracts: readonly ContractReport[]
  readonly account: AccountReport | undefined
}

export type ChainReport = CommonReport<string, ChainState>

/** Looks at everything. Endpoints that fail are part of the report. @throws ANCHOR_UNREACHABLE when all fail between two questions */
export async function inspectChain(init: InspectInit): Promise<ChainReport> {
  const { rpcUrls, deployment, clock, logger } = init
  const { chainId, network } = deployment
  const looked = await lookAt({
    ...{ rpcUrls, chainId, clock, readChainId },
    open: (urls) => nearRpc({ urls, chainId, clock, logger }),
    stand: async (rpc) => ({
      head: (await rpc.run((at) => readBlock(at, { finality: 'optimistic' }))).number,
      final: (await rpc.run((at) => readBlock(at, { finality: 'final' }))).number,
    }),
    readState: (rpc, common) => readState(init, rpc, common),
  })
  return { network, chainId, ...looked }
}

async function readState(init: InspectInit, rpc: Endpoints, common: number): Promise<ChainState> {
  const { deployment, account, clock } = init
  const finalHashes = await hashesAt(
    rpc,
    common,
    async (endpoint, height) => (await readBlock(endpoint, { block_id: height })).hash,
  )
  const nowSeconds = clock.nowMs() / 1000
  const { head, final } = await rpc.run(async (endpoint) => ({
    head: await readBlock(endpoint, { finality: 'optimistic' }),
    final: await readBlock(endpoint, { finality: 'final' }),
  }))
  const at = ({ number, timestampNs }: typeof head): ChainState['head'] =>
    heightReport(number, secondsOf(timestampNs), nowSeconds)
  return {
    ...{ head: at(head), final: at(final), finalHashes },
    clockSkewSeconds: Math.round(secondsOf(head.timestampNs) - nowSeconds),
    contracts: await readContracts(rpc, deployment),
    account: account && (await readAccount(rpc, deployment, account)),
  }
}

function secondsOf(ns: bigint): number {
  return Number(ns / 1_000_000n) / 1000
}

async function readContracts(rpc: Endpoints, { contracts }: Deployment): Promise<ContractReport[]> {
  const reports: ContractReport[] = []
  for (const name of CONTRACT_NAMES) {
    const address = contracts[name]?.address
    if (address === undefined) continue
    reports.push(
      await rpc.run(async (endpoint) => {
        const codeHash = await readCodeHash(endpoint, address)
        const keys = codeHash === undefined ? 0 : (await viewKeys(endpoint, address)).size
        return { name, address, codeHash, isOurs: codeHash === codeHashOf(name), keys }
      }),
    )
  }
  return reports
}

async function readAccount(
  rpc: Endpoints,
  { contracts }: Deployment,
  { address, keys: names }: LookedAt,
): Promise<AccountReport> {
  return rpc.run(async (endpoint) => {
    const balance = await readSpendable(endpoint, address)
    const keys: KeyReport[] = []
    for (const name of names) {
      const found = await viewKey(endpoint, address, name)
      keys.push({ name, permission: found?.permission })
    }
    const contract = contracts.contexts
    const isThere = (await readCodeHash(endpoint, contract.address)) === codeHashOf('contexts')
    const credit = isThere ? (await readAccountCredit(endpoint, contract, address)).available : 0n
    return { address, balance, keys, credit }
  })
}

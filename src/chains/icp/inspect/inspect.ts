/** Everything about a deployment on the Internet Computer that can be seen from outside, for `merogate chain status` and `doctor`. */
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { type CommonReport, type CommonState, lookAt } from '../../shared/inspect.ts'
import { GIB_SECOND_CYCLES } from '../constants.ts'
import { CYCLES, decodeAnswer, NOTHING } from '../deploy/candid.ts'
import { readCanister, readChainTime } from '../deploy/chain.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import type { Modules } from '../deploy/modules.ts'
import { bytesOf } from '../deploy/plan.ts'
import { networkOf, rootKeyOf } from '../network.ts'
import { ask } from '../rpc/asked.ts'
import { icpRpc } from '../rpc/rpc.ts'
import { readRootKey } from './root-key.ts'

export interface InspectInit {
  readonly rpcUrls: readonly string[]
  readonly deployment: Deployment
  /** Modules of this release. */
  readonly modules: Modules
  readonly clock: Clock
  readonly logger: Logger
}

/** What a canister says of its cycles: an endpoint's word. */
export interface CyclesReport {
  readonly balance: bigint
  /** Of these, what is above what keeps it from freezing; undefined where it does not say. */
  readonly liquid: bigint | undefined
  /** Bytes. */
  readonly memory: bigint
  /** What its memory and its module take in a day. */
  readonly perDay: bigint
  /** Days until it freezes, if nothing but time goes by. */
  readonly daysLeft: number
  readonly createdToday: number
  /** Most that may be created in a day, and the cycles below which nothing is. */
  readonly daily: number
  readonly reserve: bigint
}

/** A canister of the deployment. */
export interface ContractReport {
  readonly name: ContractName
  readonly address: string
  /** SHA-256 of its module, hexadecimal; undefined where there is none. */
  readonly codeHash: string | undefined
  /** Whether that is the module of this release. */
  readonly isOurs: boolean
  /** Who may replace or stop it. */
  readonly controllers: readonly string[]
  /** Undefined where it does not say: it has no module, or does not run. */
  readonly cycles: CyclesReport | undefined
}

/** What the endpoints that answer say. */
export interface ChainState extends CommonState {
  readonly contracts: readonly ContractReport[]
}

export type ChainReport = CommonReport<string, ChainState>

/** Looks at everything. Endpoints that fail are part of the report. @throws ANCHOR_UNREACHABLE when all fail between two questions */
export async function inspectChain(init: InspectInit): Promise<ChainReport> {
  const { rpcUrls, deployment, clock, logger } = init
  const { network } = deployment
  const rootKey = rootKeyOf(deployment)
  const contexts = bytesOf(deployment.contracts.contexts.address)
  const looked = await lookAt({
    ...{ rpcUrls, chainId: network, clock },
    readChainId: async (url) => networkOf((await readRootKey(url)) ?? rootKey),
    open: (urls) => icpRpc({ urls, rootKey, clock, logger }),
    // whoever answers with a certificate of now is as far as anybody
    async stand(rpc) {
      await readChainTime(rpc, contexts)
      return {}
    },
    readState: (rpc) => readState(init, rpc),
  })
  return { network, chainId: network, ...looked }
}

async function readState(
  { deployment: { contracts }, modules, clock }: InspectInit,
  rpc: Endpoints,
): Promise<ChainState> {
  const time = await readChainTime(rpc, bytesOf(contracts.contexts.address))
  const clockSkewSeconds = Math.round(
    Number(time / 1_000_000n - BigInt(Math.floor(clock.nowMs()))) / 1000,
  )
  const reports: ContractReport[] = []
  for (const name of CONTRACT_NAMES) {
    const address = contracts[name]?.address
    if (address === undefined) continue
    const canister = bytesOf(address)
    const found = await readCanister(rpc, canister)
    const codeHash = found?.codeHash
    reports.push({
      ...{ name, address, codeHash, isOurs: codeHash === modules[name].codeHash },
      controllers: found?.controllers ?? [],
      cycles:
        codeHash === undefined
          ? undefined
          : await readCycles(rpc, canister, modules[name].bytes.length),
    })
  }
  return { clockSkewSeconds, finalHashes: [], contracts: reports }
}

interface Told {
  readonly balance: bigint
  readonly liquid: readonly [] | readonly [bigint]
  readonly memory: bigint
  readonly created_today: number
  readonly daily: number
  readonly reserve: bigint
}

/** With what a canister does not say it: it does not run, or is none of ours. */
const UNTOLD = ['ICP_STOPPED', 'CHAIN_RPC', 'CHAIN_DEPLOY'] as const

async function readCycles(
  rpc: Endpoints,
  canister: Uint8Array,
  moduleBytes: number,
): Promise<CyclesReport | undefined> {
  const question = { canister, method: CYCLES.name, arg: NOTHING }
  const toldBy = async (endpoint: Endpoint): Promise<Told> =>
    decodeAnswer<Told>(CYCLES, await ask(endpoint, 'query', question))
  let told: Told
  try {
    told = await rpc.run(toldBy)
  } catch (error) {
    if (UNTOLD.some((code) => isMerogateError(error, code))) return undefined
    throw error
  }
  const {
    balance,
    liquid: [liquid],
    memory,
    daily,
    reserve,
    created_today: createdToday,
  } = told
  const perDay = ((memory + BigInt(moduleBytes)) * GIB_SECOND_CYCLES * 86_400n) / (1n << 30n)
  const daysLeft = Number((liquid ?? balance) / (perDay > 0n ? perDay : 1n))
  return { balance, liquid, memory, perDay, daysLeft, createdToday, daily, reserve }
}

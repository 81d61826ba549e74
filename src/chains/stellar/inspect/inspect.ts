/** Everything about a deployment, its network and an account that can be seen from outside, for `merogate chain status` and `doctor`. */
import { z } from 'zod'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import {
  type BlockState,
  type CommonReport,
  hashesAt,
  heightReport,
  lookAt,
} from '../../shared/inspect.ts'
import { DAY_LEDGERS, PASSPHRASES } from '../constants.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { spendable } from '../deploy/quote.ts'
import { contractLives, type ContractLife } from '../keep/contracts.ts'
import { groupLife, type GroupLife } from '../keep/rows.ts'
import { viewAccounts } from '../rpc/entries.ts'
import { readWindow } from '../rpc/head.ts'
import { readPassphrase, stellarRpc } from '../rpc/rpc.ts'

/** An account that pays, and the channels that may be there. */
export interface LookedAt {
  /** `G...`. */
  readonly address: string
  /** Undefined: nobody can say which they are, without the key. */
  readonly channels?: readonly string[] | undefined
}

export interface InspectInit {
  readonly rpcUrls: readonly string[]
  readonly deployment: Deployment
  /** Account that pays. @default none */
  readonly account?: LookedAt | undefined
  /** Contexts or groups whose entries are looked at, 32 bytes each. @default none */
  readonly subjects?: readonly Uint8Array[] | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** How long an entry lives: `until` a ledger, so many days from now; below 0 when it is archived. */
export interface Life {
  readonly until: number
  readonly daysLeft: number
}

/** A contract of the deployment. */
export interface ContractReport extends Omit<
  ContractLife,
  'liveUntil' | 'codeLiveUntil' | 'ledger'
> {
  /** Of its own entry, and of its code; undefined where that is not there. */
  readonly life: Life | undefined
  readonly codeLife: Life | undefined
}

export interface AccountReport {
  readonly address: string
  /** Stroops that it can spend; undefined where there is no such account. */
  readonly balance: bigint | undefined
  /** Channels that are there; undefined where that was not asked. */
  readonly channels: readonly string[] | undefined
}

/** Entries of a group. */
export interface GroupReport extends Omit<GroupLife, 'rows'> {
  /** The entry that lapses first. */
  readonly life: Life
  readonly entries: number
}

/** What the endpoints that answer say. */
export interface ChainState extends BlockState {
  readonly contracts: readonly ContractReport[]
  readonly account: AccountReport | undefined
  readonly groups: readonly GroupReport[]
}

export type ChainReport = CommonReport<string, ChainState>

/** Looks at everything. Endpoints that fail are part of the report. @throws ANCHOR_UNREACHABLE when all fail between two questions */
export async function inspectChain(init: InspectInit): Promise<ChainReport> {
  const { rpcUrls, deployment, clock, logger } = init
  const { passphrase, network } = deployment
  const looked = await lookAt({
    ...{ rpcUrls, chainId: passphrase, clock, readChainId: readPassphrase },
    open: (urls) => stellarRpc({ urls, passphrase, clock, logger }),
    async stand(rpc) {
      const { latest } = await rpc.run(readWindow)
      return { head: latest, final: latest }
    },
    readState: (rpc, common) => readState(init, rpc, common),
  })
  return { network, chainId: passphrase, ...looked }
}

async function readState(init: InspectInit, rpc: Endpoints, common: number): Promise<ChainState> {
  const { deployment, account, subjects = [], clock } = init
  const finalHashes = await hashesAt(rpc, common, readHash)
  const nowSeconds = clock.nowMs() / 1000
  const { latest, closeTime } = await rpc.run(readWindow)
  // a ledger that closed is final
  const head = heightReport(latest, Number(closeTime), nowSeconds)
  const groups: GroupReport[] = []
  const { address } = deployment.contracts.contexts
  for (const subject of subjects) {
    const { rows, ledger, ...facts } = await rpc.run((at) => groupLife(at, address, subject))
    const until = Math.min(...rows.map((row) => row.liveUntil))
    groups.push({ ...facts, ledger, entries: rows.length, life: lifeOf(until, ledger) })
  }
  return {
    ...{ head, final: head, finalHashes, groups },
    clockSkewSeconds: skewOf(Number(closeTime) - nowSeconds, deployment),
    contracts: await rpc.run((at) => readContracts(at, deployment)),
    account: account && (await rpc.run((at) => readAccount(at, account))),
  }
}

/** A network on one machine closes a ledger when there is something for it, so that the last one may be old. */
function skewOf(seconds: number, { passphrase }: Deployment): number {
  const mayIdle = !Object.values(PASSPHRASES).includes(passphrase)
  return mayIdle && seconds < 0 ? 0 : Math.round(seconds)
}

const LEDGERS = z.object({ ledgers: z.array(z.object({ hash: z.string().max(128) })).min(1) })

async function readHash(endpoint: Endpoint, height: number): Promise<string | undefined> {
  const asked = { startLedger: height, pagination: { limit: 1 } }
  const answer = LEDGERS.safeParse(await endpoint.send('getLedgers', asked))
  return answer.data?.ledgers[0]?.hash
}

function lifeOf(until: number, ledger: number): Life {
  return { until, daysLeft: Math.floor((until - ledger) / DAY_LEDGERS) }
}

async function readContracts(
  endpoint: Endpoint,
  deployment: Deployment,
): Promise<ContractReport[]> {
  return (await contractLives(endpoint, deployment)).map(
    ({ liveUntil, codeLiveUntil, ledger, ...facts }) => ({
      ...facts,
      life: liveUntil === undefined ? undefined : lifeOf(liveUntil, ledger),
      codeLife: codeLiveUntil === undefined ? undefined : lifeOf(codeLiveUntil, ledger),
    }),
  )
}

async function readAccount(
  endpoint: Endpoint,
  { address, channels }: LookedAt,
): Promise<AccountReport> {
  const { accounts } = await viewAccounts(endpoint, [address, ...(channels ?? [])])
  const found = accounts.get(address)
  return {
    ...{ address, balance: found && spendable(found) },
    channels: channels?.filter((channel) => accounts.has(channel)),
  }
}

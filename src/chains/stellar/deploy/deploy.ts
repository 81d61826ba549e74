/**
 * Deploying the contracts: code, contract and what keeps both alive are a transaction each, and what is there already is left alone, so a deployment may be
 * repeated at any time, also after one that was interrupted. What an earlier run sent and nobody has seen yet has the number that this run would use, so
 * that one of the two takes effect.
 */
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import type { Mined, Sent } from '../../shared/delivery.ts'
import { deployed } from '../../shared/deploy.ts'
import type { DeployedContract } from '../../shared/deployment.ts'
import type { Heights } from '../../shared/heights.ts'
import { pollMsFor } from '../../shared/poll.ts'
import { stellarError } from '../errors.ts'
import type { AccountKey } from '../key.ts'
import { MAX_AGREED_FEE, POLL_MS } from '../limits.ts'
import { stellarHeights } from '../rpc/head.ts'
import { stellarRpc } from '../rpc/rpc.ts'
import { simulate } from '../rpc/simulate.ts'
import { TransactionSender } from '../send/sender.ts'
import { type Prepared, resourceFeeOf } from '../xdr/transactions.ts'
import type { Deployment } from './deployment.ts'
import { type PlannedContract, planDeployment } from './plan.ts'
import { callOf, notPossible } from './quote.ts'
import { readState, type Step, stepsOf } from './state.ts'

/** A step that was done, and where. */
export interface DoneStep extends Mined {
  readonly step: Step
}

export interface DeployInit {
  readonly heights: Heights
  readonly sender: TransactionSender
  /** Name for invitations and people. */
  readonly network: string
  readonly passphrase: string
  /** Stroops that all of it may cost at most. @default whatever it costs */
  readonly limit?: bigint | undefined
  /** Told the name of every transaction that is signed, before it is sent. */
  readonly onSigned?: ((contract: PlannedContract, transaction: string) => void) | undefined
  readonly onStep?: ((contract: PlannedContract, done: DoneStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Times that a step is begun anew because another transaction of the account came between. */
const MAX_ROUNDS = 16

/**
 * Does every step that is left, and says where the contracts are.
 * @throws CHAIN_DEPLOY, CHAIN_FUNDS (chain), CHAIN_FEE (limit), ANCHOR_UNREACHABLE (transport)
 */
export async function deployContracts(init: DeployInit): Promise<Deployment> {
  const { sender, network, passphrase, onStep } = init
  const purse = new Purse(init.limit)
  const made = new Map<ContractName, DeployedContract>()
  for (const contract of planDeployment(passphrase, sender.address)) {
    const { name, address, codeHash } = contract
    let creation: Mined | undefined
    for (let round = 0; ; round++) {
      const step = await nextStep(init, contract)
      if (step === undefined) break
      if (round === MAX_ROUNDS) throw notPossible(step, contract, 'others use the account')
      const done = await attempt(init, contract, step, purse)
      if (done === undefined) continue
      if (step === 'create') creation = done
      onStep?.(contract, { ...done, step })
    }
    made.set(name, deployed({ address, codeHash }, creation))
  }
  const [contexts, packages] = [made.get('contexts'), made.get('packages')]
  if (contexts === undefined) throw stellarError('CHAIN_DEPLOY', 'the plan has not all contracts')
  const contracts = { contexts, ...(packages === undefined ? {} : { packages }) }
  return { version: 1, chain: 'stellar', network, passphrase, contracts }
}

/** What is left to be done of a contract. */
async function nextStep(
  { heights, sender, signal }: DeployInit,
  contract: PlannedContract,
): Promise<Step | undefined> {
  return heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const state = await readState(endpoint, [contract], sender.address)
      told?.(BigInt(state.ledger))
      const [found] = state.contracts
      return found && stepsOf(found, state)[0]
    },
    signal,
  )
}

/** Does a step; undefined where something else came between, so that it is to be looked at anew. @throws CHAIN_DEPLOY (chain) */
async function attempt(
  init: DeployInit,
  contract: PlannedContract,
  step: Step,
  purse: Purse,
): Promise<Mined | undefined> {
  const { sender, onSigned, signal } = init
  const prepared = await prepare(init, contract, step)
  // somebody did it meanwhile
  if (prepared === undefined) return undefined
  purse.take(prepared)
  let sent: Sent
  try {
    sent = await sender.send(prepared, {
      onSigned: (transaction) => onSigned?.(contract, transaction),
      signal,
    })
  } catch (error) {
    if (isMerogateError(error, 'STELLAR_REPLACED')) return undefined
    throw error
  }
  if (sent.succeeded) return sent
  if ((await nextStep(init, contract)) !== step) return undefined
  throw notPossible(step, contract, sent.failure ?? 'the transaction failed')
}

/** What is to be sent; undefined where the step is not the next any more. */
async function prepare(
  init: DeployInit,
  contract: PlannedContract,
  step: Step,
): Promise<Prepared | undefined> {
  const { heights, sender, signal } = init
  const simulated = await heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const call = callOf(step, contract, sender.address)
      const found = await simulate(endpoint, call, sender.address, MAX_AGREED_FEE)
      told?.(BigInt(found.ledger))
      return found
    },
    signal,
  )
  if (!('reason' in simulated)) return simulated.prepared
  if ((await nextStep(init, contract)) !== step) return undefined
  throw notPossible(step, contract, simulated.reason)
}

/** What may be spent: somebody agreed to a plan, and fees may have risen since. */
class Purse {
  #left: bigint | undefined

  constructor(limit: bigint | undefined) {
    this.#left = limit
  }

  /** @throws CHAIN_FEE (limit) */
  take({ resources }: Prepared): void {
    if (this.#left === undefined || resources === undefined) return
    const fee = resourceFeeOf(resources)
    if (fee > this.#left) {
      const message =
        'the network takes more by now than the plan said: what was done stays, so look at the plan again, and go on'
      throw stellarError('CHAIN_FEE', message, { needed: String(fee), limit: String(this.#left) })
    }
    this.#left -= fee
  }
}

/** What a deployment by itself is given: endpoints and a key. */
export interface DeployWithInit extends Omit<DeployInit, 'heights' | 'sender'> {
  readonly rpcUrls: readonly string[]
  readonly key: AccountKey
  readonly clock: Clock
  readonly logger: Logger
}

/** As {@link deployContracts}, with connections of its own. */
export async function deployWith(init: DeployWithInit): Promise<Deployment> {
  const { rpcUrls: urls, passphrase, key, clock, logger } = init
  const rpc = stellarRpc({ urls, passphrase, clock, logger })
  try {
    const pollMs = pollMsFor(urls, POLL_MS)
    const heights = stellarHeights(rpc, clock, pollMs)
    const sender = new TransactionSender({ rpc, heights, clock, pollMs, passphrase, key, logger })
    return await deployContracts({ ...init, heights, sender })
  } finally {
    rpc.stop()
  }
}

/** Carries the signed envelopes of others to the context contract, from an account of its own. What may be carried is the caller's to decide. */
import { ethereumRpc } from '../rpc/rpc.ts'
import { ethereumHeights } from '../rpc/head.ts'
import { getAddress, type Result, Wallet } from 'ethers'
import { LRUCache } from 'lru-cache'
import type { Domain } from '../../../node/anchor/operations.ts'
import type { Submission, SignedEnvelope } from '../../../node/anchor/service.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { findApplied, type Target } from '../contracts/applied.ts'
import { untilFinal, type WaitInit } from '../../shared/until-final.ts'
import type { Refused, SendOptions } from '../../shared/delivery.ts'
import { EthereumDelivery } from './delivery.ts'
import { bytesOf, hex, networkBytes, refusalOf } from '../contracts/codec.ts'
import { ContractViews } from '../contracts/views.ts'
import {
  DEFAULT_RELAYED_GAS_PER_DAY,
  MAX_LOG_BLOCKS,
  MAX_RELAYED_CONTRACTS,
  MAX_RELAYED_GAS,
  RELAYED_ADOPT_BATCH,
} from '../limits.ts'
import type { Moved } from '../../shared/relayer-carrier.ts'
import { adoptCall } from '../adopter.ts'
import { predecessorsOf } from '../successor.ts'
import { EVM_CHAIN } from '../constants.ts'
import { resolveInit } from '../defaults.ts'
import { ethereumError } from '../errors.ts'
import type { EthereumAnchorInit } from '../init.ts'
import { readKey } from '../key.ts'
import type { KeyReference } from '../../shared/key-text.ts'
import { estimateGas, TransactionSender } from './sender.ts'
import { Submitter } from '../../shared/submitter.ts'

export interface EthereumRelayInit extends Omit<EthereumAnchorInit, 'key' | 'relayer' | 'wsUrl'> {
  /** Key of the account that pays for others. */
  readonly key: KeyReference
  /** Key of the node's own account, which must be another. */
  readonly nodeKey?: KeyReference | undefined
  /** Of all operations together. With the most that is paid per gas, this is the most that a day costs. @default 30 million */
  readonly gasPerDay?: bigint | undefined
}

/** An account that pays for others, on one network. */
export interface EthereumRelay {
  readonly chain: 'ethereum'
  readonly network: string
  readonly domain: Domain
  /** In gas. */
  readonly costs: {
    readonly unit: 'gas'
    readonly perOperation: bigint
    readonly perDay: bigint
  }
  /** Address of the account. */
  readonly address: string
  /** What an envelope may cost, or what the contract would say to it now. @throws ANCHOR_UNREACHABLE (transport) */
  estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | Refused>
  /** Sends it; resolves when it lies in a block. */
  submit(signed: SignedEnvelope, options?: SendOptions): Promise<Submission>
  /** The same account for a contract that takes over from this one, be it through others; undefined for any other. */
  successor(contract: Uint8Array, signal?: AbortSignal): Promise<EthereumRelay | undefined>
  /** What takes over what moved to this contract, or the next part of it; undefined for what did not move here. */
  adoption(
    moved: Moved,
    signal?: AbortSignal,
  ): Promise<
    { readonly cost: bigint; send(options: SendOptions): Promise<unknown> } | 'done' | undefined
  >
  /** The group of a context; undefined where there is none. */
  groupOf(context: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** What became of an envelope that somebody sent lately; undefined when the newest blocks show nothing. */
  find(envelope: Uint8Array, signal?: AbortSignal): Promise<Submission | undefined>
  stop(): void
}

/** @throws CHAIN_KEY (input) */
export async function openRelay(
  init: EthereumRelayInit,
  { clock, logger: parent }: { readonly clock: Clock; readonly logger: Logger },
): Promise<EthereumRelay> {
  const { deployment, rpcUrls: urls, stuckMs, finality, pollMs, ...rest } = resolveInit(init)
  const fees = { maxFeePerGas: rest.maxFeePerGas, maxTipPerGas: rest.maxTipPerGas }
  const { chainId, network } = deployment
  const { address: own } = deployment.contracts.contextAnchor
  const { address: registry } = deployment.contracts.identityRegistry
  const wallet = await openWallet(init)
  const logger = parent.child({ component: 'relayer' })
  const rpc = ethereumRpc({ urls, chainId, clock, logger })
  const heights = ethereumHeights(rpc, finality, clock)
  const waiting: WaitInit = { rpc, heights, clock, pollMs }
  const sender = new TransactionSender({
    ...{ rpc, wallet, chainId, finality, heights, clock, logger, pollMs, fees },
    ...(stuckMs === undefined ? {} : { stuckMs }),
  })
  const costs = {
    unit: 'gas',
    perOperation: MAX_RELAYED_GAS,
    perDay: init.gasPerDay ?? DEFAULT_RELAYED_GAS_PER_DAY,
  } as const
  const others = new LRUCache<string, EthereumRelay>({ max: MAX_RELAYED_CONTRACTS })
  const successor: EthereumRelay['successor'] = async (bytes, signal) => {
    if (bytes.length !== 20) return undefined
    const other = getAddress(hex(bytes))
    const known = others.get(other)
    if (known !== undefined) return known
    const before = await predecessorsOf({ rpc, registry }, other, signal)
    if (!before.includes(getAddress(own))) return undefined
    const made = at(other)
    others.set(other, made)
    return made
  }
  const at = (address: string): EthereumRelay => {
    const target: Target = { contract: 'ContextAnchor', address }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const delivery = new EthereumDelivery({ ...target, registry, rpc, carrier: sender, heights })
    const submitter = new Submitter(delivery)
    return {
      chain: 'ethereum',
      network,
      domain: {
        chain: EVM_CHAIN,
        network: networkBytes(chainId),
        contract: fromHex(address.slice(2)),
      },
      costs,
      address: wallet.address,
      async estimate(signed, signal) {
        await submitter.check(signal)
        return delivery.estimate(signed, wallet.address, signal)
      },
      submit: (signed, options) => submitter.submit(signed, options),
      successor,
      async adoption(moved, signal) {
        await submitter.check(signal)
        const call = adoptCall(address, moved, RELAYED_ADOPT_BATCH)
        try {
          const gas = await estimateGas(rpc, wallet.address, call, signal)
          return {
            cost: gas,
            send: ({ signal: ended, onSigned, cost = gas }) =>
              sender.send({ ...call, gas: cost }, onSigned, ended),
          }
        } catch (error) {
          const refused = refusalOf('ContextAnchor', error)?.name
          if (refused === 'ContextExists') return 'done'
          if (refused === 'ContextNotFound') return undefined
          throw error
        }
      },
      async groupOf(context, signal) {
        const toValue = (result: Result): Uint8Array => bytesOf(result[0])
        const question = { name: 'context', args: [hex(context)], toValue }
        return (await views.find(question, { finality: 'optimistic', signal })).value
      },
      async find(envelope, signal) {
        // whoever lost an answer asks soon, and a question that costs much would be one that everybody may ask
        const found = await delivery.find(envelope, signal, MAX_LOG_BLOCKS)
        return (
          found && {
            ...toAccepted(found),
            final: async ({ signal: ended } = {}) =>
              toAccepted(
                await untilFinal(waiting, (at) => findApplied(at, target, envelope), ended),
              ),
          }
        )
      },
      stop: () => rpc.stop(),
    }
  }
  return at(own)
}

function toAccepted({
  transaction,
  block,
}: {
  transaction: string
  block: number
}): Extract<Submission, { accepted: true }> {
  return { accepted: true, transaction, height: BigInt(block) }
}

/** The account that pays. Two senders of one account would take each other's nonces. */
async function openWallet({ key, nodeKey }: EthereumRelayInit): Promise<Wallet> {
  const found = await readKey(key)
  if (nodeKey !== undefined && (await readKey(nodeKey)) === found) {
    const message =
      'expected a key for the relayer that is not the node’s own: make it an account for itself'
    throw ethereumError('CHAIN_KEY', message)
  }
  return new Wallet(found)
}

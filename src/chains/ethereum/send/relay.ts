/** Carries the signed envelopes of others to the context contract, from an account of its own. What may be carried is the caller's to decide. */
import { ethereumRpc } from '../rpc/rpc.ts'
import { ethereumHeights } from '../rpc/head.ts'
import { getAddress, type Result, Wallet } from 'ethers'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { findApplied, type Target } from '../contracts/applied.ts'
import { EthereumDelivery } from './delivery.ts'
import { bytesOf, hex, networkBytes, refusalOf } from '../contracts/codec.ts'
import { ContractViews } from '../contracts/views.ts'
import {
  DEFAULT_RELAYED_GAS_PER_DAY,
  MAX_LOG_BLOCKS,
  MAX_RELAYED_GAS,
  RELAYED_ADOPT_BATCH,
} from '../limits.ts'
import { adoptCall } from '../contracts/adopt-call.ts'
import { relay, type Relay, type RelayedContract } from '../../shared/relay.ts'
import { successionAt } from '../succession.ts'
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

/** @throws CHAIN_KEY (input) */
export async function openRelay(
  init: EthereumRelayInit,
  { clock, logger: parent }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Relay> {
  const { deployment, rpcUrls: urls, stuckMs, finality, pollMs, ...rest } = resolveInit(init)
  const fees = { maxFeePerGas: rest.maxFeePerGas, maxTipPerGas: rest.maxTipPerGas }
  const { chainId, network } = deployment
  const { address: own } = deployment.contracts.contextAnchor
  const { address: registry } = deployment.contracts.identityRegistry
  const wallet = await openWallet(init)
  const logger = parent.child({ component: 'relayer' })
  const rpc = ethereumRpc({ urls, chainId, clock, logger })
  const heights = ethereumHeights(rpc, finality, clock)
  const sender = new TransactionSender({
    ...{ rpc, wallet, chainId, finality, heights, clock, logger, pollMs, fees },
    ...(stuckMs === undefined ? {} : { stuckMs }),
  })
  const succession = successionAt({ rpc, registry })
  const contract = (bytes: Uint8Array): RelayedContract => {
    const address = getAddress(hex(bytes))
    const target: Target = { contract: 'ContextAnchor', address }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const delivery = new EthereumDelivery({ ...target, registry, rpc, carrier: sender, heights })
    return {
      domain: { chain: EVM_CHAIN, network: networkBytes(chainId), contract: bytes },
      submitter: new Submitter(delivery),
      estimate: (signed, signal) => delivery.estimate(signed, wallet.address, signal),
      async adoption(moved, signal) {
        const call = adoptCall(address, moved, RELAYED_ADOPT_BATCH)
        try {
          const cost = await estimateGas(rpc, wallet.address, call, signal)
          return {
            cost,
            send: ({ signal: ended, onSigned, cost: gas = cost }) =>
              sender.send({ ...call, gas }, onSigned, ended),
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
        const question = views.question({ name: 'context', args: [hex(context)], toValue })
        return (await views.find(question, { finality: 'optimistic', signal })).value
      },
      // a question that costs much would be one that everybody may ask
      find: (envelope, signal) => delivery.find(envelope, signal, MAX_LOG_BLOCKS),
      look: (endpoint, envelope) => findApplied(endpoint, target, envelope),
    }
  }
  return relay(fromHex(own.slice(2).toLowerCase()), {
    ...{ chain: 'ethereum', network, address: wallet.address, contract },
    costs: {
      unit: 'gas',
      perOperation: MAX_RELAYED_GAS,
      perDay: init.gasPerDay ?? DEFAULT_RELAYED_GAS_PER_DAY,
    },
    waiting: { rpc, heights, clock, pollMs },
    isSuccessor: (bytes, signal) => succession.isSuccessor(bytes, own, signal),
  })
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

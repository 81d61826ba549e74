/** Carries the signed envelopes of others to the contract of contexts, from an account of its own. What may be carried is the caller's to decide. */
import { ContextId } from '../../../node/primitives/ids.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { toContext } from '../../shared/core/values.ts'
import type { KeyReference } from '../../shared/key-text.ts'
import { pollMsFor } from '../../shared/poll.ts'
import { type Relay, relay, type RelayedContract } from '../../shared/relay.ts'
import { Submitter } from '../../shared/submitter.ts'
import { findApplied } from '../contracts/applied.ts'
import { ContractViews, type Target } from '../contracts/views.ts'
import { domainOf } from '../domain.ts'
import { stellarError } from '../errors.ts'
import type { StellarAnchorInit } from '../init.ts'
import { type AccountKey, channelKeys, readKey } from '../key.ts'
import { DEFAULT_RELAYED_PER_DAY, MAX_CHANNELS, MAX_RELAYED_COST, POLL_MS } from '../limits.ts'
import { stellarHeights } from '../rpc/head.ts'
import { stellarRpc } from '../rpc/rpc.ts'
import { contractBytes, contractText } from '../xdr/values.ts'
import { accountCarrier } from './carrier.ts'
import { StellarDelivery } from './delivery.ts'
import { TransactionSender } from './sender.ts'

export interface StellarRelayInit extends Omit<StellarAnchorInit, 'key' | 'relayer'> {
  /** Secret key of the account that pays for others. */
  readonly key: KeyReference
  /** That of the node's own account, which must be another. */
  readonly nodeKey?: KeyReference | undefined
  /** Stroops that all operations of a day may cost. @default 50 XLM */
  readonly perDay?: bigint | undefined
}

/** @throws CHAIN_KEY (input) */
export async function openRelay(
  init: StellarRelayInit,
  { clock, logger: parent }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Relay> {
  const { deployment, rpcUrls: urls, maxFee, pollMs = pollMsFor(urls, POLL_MS) } = init
  const { passphrase, network, contracts } = deployment
  const key = await payerKey(init)
  const logger = parent.child({ component: 'relayer' })
  const rpc = stellarRpc({ urls, passphrase, clock, logger })
  const heights = stellarHeights(rpc, clock, pollMs)
  const waiting = { rpc, heights, clock, pollMs }
  const channels = channelKeys(key, MAX_CHANNELS)
  const sender = new TransactionSender({ ...waiting, passphrase, key, channels, maxFee, logger })
  const contractOf = (bytes: Uint8Array): RelayedContract => {
    const target: Target = { contract: 'contexts', address: contractText(bytes) }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const carrier = accountCarrier(sender)
    const delivery = new StellarDelivery({ ...target, rpc, passphrase, carrier, heights })
    return {
      domain: domainOf(passphrase, target.address),
      submitter: new Submitter(delivery),
      estimate: (signed, signal) => delivery.estimate(signed, signal),
      async groupOf(context, signal) {
        const id = ContextId.from(context)
        const question = views.question('context', [id], (found) => toContext(id, found))
        return (await views.find(question, { signal })).value?.group
      },
      find: (envelope, signal) => delivery.find(envelope, signal),
      look: (endpoint, envelope) => findApplied(endpoint, target, envelope),
    }
  }
  return relay(contractBytes(contracts.contexts.address), {
    ...{ chain: 'stellar', network, address: key.address, waiting, contract: contractOf },
    costs: {
      unit: 'stroops',
      perOperation: MAX_RELAYED_COST,
      perDay: init.perDay ?? DEFAULT_RELAYED_PER_DAY,
    },
  })
}

/** The account that pays. Two senders of one account would take each other's sequence numbers. */
async function payerKey({ key, nodeKey }: StellarRelayInit): Promise<AccountKey> {
  const found = await readKey(key)
  const own = nodeKey && (await readKey(nodeKey))
  if (own?.address === found.address) {
    const message =
      'expected a key for the relayer that is not the node’s own: make it an account for itself'
    throw stellarError('CHAIN_KEY', message)
  }
  return found
}

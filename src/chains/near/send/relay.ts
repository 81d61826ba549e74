/** Carries the signed envelopes of others to the contract of contexts, from an account of its own. What may be carried is the caller's to decide. */
import type { Clock } from '../../../node/primitives/clock.ts'
import { fromUtf8, utf8 } from '../../../node/primitives/bytes.ts'
import { ContextId } from '../../../node/primitives/ids.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { KeyReference } from '../../shared/key-text.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { type Relay, relay, type RelayedContract } from '../../shared/relay.ts'
import { Submitter } from '../../shared/submitter.ts'
import { findApplied } from '../contracts/applied.ts'
import { toContext } from '../../shared/core/values.ts'
import { args } from '../contracts/layouts.ts'
import { ContractViews, type Target } from '../contracts/views.ts'
import { pollMsFor } from '../../shared/poll.ts'
import { domainOf } from '../defaults.ts'
import { nearError } from '../errors.ts'
import type { NearAnchorInit } from '../init.ts'
import { type AccountKeys, readKeys } from '../key.ts'
import {
  DEFAULT_RELAYED_PER_DAY,
  MAX_RELAYED_COST,
  POLL_MS,
  RELAYED_ADOPT_BATCH,
} from '../limits.ts'
import { nearHeights } from '../rpc/head.ts'
import { nearRpc } from '../rpc/rpc.ts'
import { successionAt } from '../succession.ts'
import { signingKeys } from './account.ts'
import { adopt, adoptionWish, readAdoption } from './adoption.ts'
import { accountCarrier } from './carrier.ts'
import { NearDelivery } from './delivery.ts'
import { TransactionSender } from './sender.ts'

export interface NearRelayInit extends Omit<NearAnchorInit, 'key' | 'relayer'> {
  /** Keys of the account that pays for others: a credentials file, which names it. */
  readonly key: KeyReference
  /** Keys of the node's own account, which must be another. */
  readonly nodeKey?: KeyReference | undefined
  /** Millionths of a NEAR that all operations of a day may cost, gas and storage together. @default 20 million */
  readonly perDay?: bigint | undefined
}

/** @throws CHAIN_KEY (input) */
export async function openRelay(
  init: NearRelayInit,
  { clock, logger: parent }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Relay> {
  const { deployment, rpcUrls: urls, pollMs = pollMsFor(urls, POLL_MS) } = init
  const { chainId, network, contracts } = deployment
  const keys = await payerKeys(init)
  const logger = parent.child({ component: 'relayer' })
  const rpc = nearRpc({ urls, chainId, clock, logger })
  const heights = nearHeights(rpc, clock)
  const waiting = { rpc, heights, clock, pollMs }
  const payer = { account: keys.account, signers: signingKeys(keys) }
  const sender = new TransactionSender({ ...waiting, ...payer, logger })
  const succession = successionAt({ rpc, chainId })
  const contractOf = (bytes: Uint8Array): RelayedContract => {
    const target: Target = { contract: 'contexts', address: fromUtf8(bytes) }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const carrier = accountCarrier(sender)
    const delivery = new NearDelivery({ ...target, rpc, chainId, carrier, heights })
    return {
      domain: domainOf(chainId, target.address),
      submitter: new Submitter(delivery),
      estimate: (signed, signal) => delivery.estimate(signed, signal),
      async adoption(moved, signal) {
        const ask = (endpoint: Endpoint): ReturnType<typeof readAdoption> =>
          readAdoption(endpoint, { address: target.address, chainId }, moved, clock)
        const found = await heights.run('optimistic', ask, signal)
        if (found !== 'due') return found
        const wish = adoptionWish(target.address, moved, RELAYED_ADOPT_BATCH)
        return { cost: wish.cost, send: (options) => adopt(sender, wish, options) }
      },
      async groupOf(context, signal) {
        const id = ContextId.from(context)
        const given = args.id.encode(id)
        const question = views.question('context', given, (found) => toContext(id, found))
        return (await views.find(question, { finality: 'optimistic', signal })).value?.group
      },
      find: (envelope, signal) => delivery.find(envelope, signal),
      look: (endpoint, envelope) => findApplied(endpoint, target, envelope),
    }
  }
  return relay(utf8(contracts.contexts.address), {
    ...{ chain: 'near', network, address: keys.account, waiting, contract: contractOf },
    costs: {
      unit: 'millionths of a NEAR',
      perOperation: MAX_RELAYED_COST,
      perDay: init.perDay ?? DEFAULT_RELAYED_PER_DAY,
    },
    isSuccessor: (bytes, signal) =>
      succession.isSuccessor(bytes, contracts.contexts.address, signal),
  })
}

/** The account that pays. Two senders of one key would take each other's nonces. */
async function payerKeys({ key, nodeKey, account }: NearRelayInit): Promise<AccountKeys> {
  const found = await readKeys(key, undefined)
  const own = nodeKey && (await readKeys(nodeKey, account))
  if (own?.keys.some((each) => found.keys.includes(each)) === true) {
    const message =
      'expected a key for the relayer that is not the node’s own: make it an account for itself'
    throw nearError('CHAIN_KEY', message)
  }
  return found
}

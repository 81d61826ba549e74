/** Transactions that take over what moved to a contract. */
import { rejected } from '../../../node/anchor/errors.ts'
import { EMPTY, equalBytes, utf8 } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { SendOptions, Sent } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Moved } from '../../shared/relayer-carrier.ts'
import { GAS_PRICE, MICRO, STORAGE_PRICE } from '../constants.ts'
import { args } from '../contracts/layouts.ts'
import { askView } from '../contracts/views.ts'
import { ADOPT_GAS, ADOPTED_BYTES, ADOPTED_CONTEXT_BYTES, ADOPTED_MEMBER_BYTES } from '../limits.ts'
import { readTimeOf } from '../rpc/head.ts'
import { accountIn } from '../succession.ts'
import { callAction } from './account.ts'
import type { TransactionSender, Wish } from './sender.ts'

/** What takes over a context, or the next members of a group; and the most that it costs, millionths of a NEAR. */
export interface AdoptionWish extends Wish {
  readonly cost: bigint
}

export function adoptionWish(receiver: string, moved: Moved, members: number): AdoptionWish {
  const [method, given, bytes] =
    'group' in moved
      ? ([
          'adopt_group',
          args.adoption.encode({ group: moved.group, length: members }),
          ADOPTED_BYTES + ADOPTED_MEMBER_BYTES * BigInt(members),
        ] as const)
      : (['adopt_context', args.id.encode(moved.context), ADOPTED_CONTEXT_BYTES] as const)
  const deposit = bytes * STORAGE_PRICE
  return {
    receiver,
    // who may call this function alone cannot pay for storage either
    actions: [callAction(method, given, { gas: ADOPT_GAS, deposit })],
    cost: (ADOPT_GAS * GAS_PRICE + deposit) / MICRO + 1n,
  }
}

/** Sends it. @throws ANCHOR_REJECTED (chain) when the contract refuses; as `TransactionSender.send` */
export async function adopt(
  sender: TransactionSender,
  wish: AdoptionWish,
  options: SendOptions,
): Promise<Sent> {
  const sent = await sender.send(wish, options)
  if ('refusal' in sent) throw rejected(sent.refusal, 'taking over what moved')
  return sent
}

/** Whether what moved to a contract is there, or could be taken over now; undefined for what did not move there, or not yet. @throws CHAIN_NO_CONTRACT */
export async function readAdoption(
  endpoint: Endpoint,
  { address, chainId }: { readonly address: string; readonly chainId: string },
  moved: Moved,
  clock: Pick<Clock, 'nowMs'>,
): Promise<'done' | 'due' | undefined> {
  const here = { contract: 'contexts', address } as const
  const view = 'group' in moved ? 'group' : 'context'
  const id = args.id.encode('group' in moved ? moved.group : moved.context)
  if ((await askView(endpoint, here, view, id)) !== undefined) return 'done'
  const { predecessor } = await askView(endpoint, here, 'info', EMPTY)
  const account = predecessor && accountIn(predecessor)
  if (account === undefined) return undefined
  const before = { contract: 'contexts', address: account } as const
  if ('context' in moved) {
    const context = await askView(endpoint, before, 'context', id)
    const group = context && (await askView(endpoint, here, 'group', args.id.encode(context.group)))
    return group && 'due'
  }
  const { migration } = (await askView(endpoint, before, 'group', id)) ?? {}
  if (migration === undefined || !equalBytes(migration.successor, utf8(address))) return undefined
  const seconds = BigInt(Math.floor(clock.nowMs() / 1000))
  return migration.movesAt <= (await readTimeOf(chainId)(endpoint, seconds)) ? 'due' : undefined
}

/**
 * The cycles ledger: people have cycles there, which makes canisters for them. Only what making canisters needs is here; a creation with a
 * time of its own is done once, however often it is asked for.
 */
import { toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { Chain } from '../chain/chain.ts'
import { respond } from '../chain/contexts.ts'
import type { Message } from '../chain/state.ts'
import {
  blobOf,
  type CandidType,
  decodeArgument,
  encodeValue,
  type Opt,
  principalOf,
} from '../codec/candid.ts'
import { principalBytes, principalText } from '../codec/principal.ts'
import { Rejected } from '../errors.ts'
import { createWith } from '../management/methods.ts'
import { FEES, SECOND_NS } from '../parameters.ts'
import * as candid from './candid.ts'
import { LEDGER_ID } from './ids.ts'

/** What each operation costs its account. */
export const LEDGER_FEE = 100_000_000n
/** How long an operation is known, and how far ahead its time may be. */
const KNOWN_NS = 86_400n * SECOND_NS
const DRIFT_NS = 120n * SECOND_NS

type CallMessage = Extract<Message, { readonly type: 'call' }>

interface Asked {
  readonly method: string
  readonly arg: Uint8Array
  readonly caller: Uint8Array
}

/** An operation that is not done: the variant that says why. */
class LedgerRefusal extends Error {
  override readonly name: string = 'LedgerRefusal'
  readonly variant: object

  constructor(variant: object) {
    super(Object.keys(variant).join())
    this.variant = variant
  }
}

/** @throws Rejected */
export function queryLedger(chain: Chain, { method, arg }: Asked): Uint8Array {
  if (method === 'icrc1_balance_of') {
    const { owner, subaccount } = decodeArgument<candid.AccountArg>(candid.ACCOUNT, arg)
    const account = accountOf(owner.toUint8Array(), subaccount)
    return encodeValue(candid.NAT, balanceOf(chain, account))
  }
  if (method === 'icrc1_fee') return encodeValue(candid.NAT, LEDGER_FEE)
  const reason = `Canister has no query method '${method}'.`
  throw new Rejected(5, 'IC0536', `Error from Canister ${LEDGER_ID}: ${reason}`)
}

/** Executes a call of the ledger and answers it. @throws Rejected */
export function callLedger(chain: Chain, message: CallMessage): void {
  const { method, arg, origin, cycles } = message
  const answer = (bytes: Uint8Array, refund: bigint): void =>
    respond(chain, origin, { type: 'reply', bytes }, refund)
  if (method === 'create_canister') {
    answer(
      orRefusal(candid.CREATED, () => create(chain, message)),
      cycles,
    )
  } else if (method === 'withdraw') {
    answer(
      orRefusal(candid.WITHDRAWN, () => withdraw(chain, message)),
      cycles,
    )
  } else if (method === 'deposit') {
    const { to } = decodeArgument<candid.DepositArg>(candid.DEPOSIT, arg)
    if (cycles <= LEDGER_FEE) {
      throw new Rejected(4, 'IC0503', `a deposit is above ${LEDGER_FEE} cycles`)
    }
    const account = accountOf(to.owner.toUint8Array(), to.subaccount)
    const balance = credit(chain, account, cycles - LEDGER_FEE)
    const index = addBlock(chain, '', undefined)
    answer(encodeValue(candid.DEPOSITED, { balance, block_index: index }), 0n)
  } else {
    answer(queryLedger(chain, message), cycles)
  }
}

function orRefusal(type: CandidType, run: () => object | bigint): Uint8Array {
  try {
    return encodeValue(type, { Ok: run() })
  } catch (error) {
    if (!(error instanceof LedgerRefusal)) throw error
    return encodeValue(type, { Err: error.variant })
  }
}

/** @throws LedgerRefusal */
function create(chain: Chain, { arg, caller }: Asked): object {
  const wanted = decodeArgument<candid.CreateArg>(candid.CREATE, arg)
  const { amount } = wanted
  const account = accountOf(caller, wanted.from_subaccount)
  const key = checkNew(chain, wanted.created_at_time, caller, arg)
  checkFunds(chain, account, amount)
  const [creation] = wanted.creation_args
  try {
    if (amount < FEES.createCanister)
      throw new Rejected(4, 'IC0406', `a canister costs ${FEES.createCanister} cycles`)
    const cycles = amount - FEES.createCanister
    const { id } = createWith(chain, caller, cycles, creation?.settings ?? [])
    credit(chain, account, -(amount + LEDGER_FEE))
    const block = addBlock(chain, key, id)
    return { block_id: block, canister_id: principalOf(id) }
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    credit(chain, account, -LEDGER_FEE)
    const reason = { fee_block: [addBlock(chain, '', undefined)], refund_block: [] }
    throw new LedgerRefusal({ FailedToCreate: { ...reason, error: error.message } })
  }
}

/** @throws LedgerRefusal */
function withdraw(chain: Chain, { arg, caller }: Asked): bigint {
  const wanted = decodeArgument<candid.WithdrawArg>(candid.WITHDRAW, arg)
  const account = accountOf(caller, wanted.from_subaccount)
  const key = checkNew(chain, wanted.created_at_time, caller, arg)
  checkFunds(chain, account, wanted.amount)
  const target = chain.state.canisters.get(principalText(wanted.to.toUint8Array()))
  if (target === undefined) throw new LedgerRefusal({ InvalidReceiver: { receiver: wanted.to } })
  target.cycles += wanted.amount
  credit(chain, account, -(wanted.amount + LEDGER_FEE))
  return addBlock(chain, key, undefined)
}

/** Key of an operation with a time of its own, which must be of now and new. @throws LedgerRefusal */
function checkNew(
  chain: Chain,
  [createdAt]: Opt<bigint>,
  caller: Uint8Array,
  arg: Uint8Array,
): string {
  if (createdAt === undefined) return ''
  const now = chain.now()
  if (createdAt + KNOWN_NS + DRIFT_NS < now) throw new LedgerRefusal({ TooOld: null })
  if (createdAt > now + DRIFT_NS) {
    throw new LedgerRefusal({ CreatedInFuture: { ledger_time: now } })
  }
  const key = toHex(sha256(utf8(`${toHex(caller)} ${createdAt} `), arg))
  const { blocks } = chain.state.ledger
  const index = blocks.findIndex((one) => one.key === key)
  const known = blocks[index]
  if (known === undefined) return key
  const canister = known.canister === undefined ? [] : [principalOf(known.canister)]
  throw new LedgerRefusal({ Duplicate: { duplicate_of: BigInt(index), canister_id: canister } })
}

/** @throws LedgerRefusal */
function checkFunds(chain: Chain, account: string, amount: bigint): void {
  const balance = balanceOf(chain, account)
  if (balance < amount + LEDGER_FEE) throw new LedgerRefusal({ InsufficientFunds: { balance } })
}

function accountOf(owner: Uint8Array, [subaccount]: Opt<Uint8Array | readonly number[]>): string {
  const sub = subaccount === undefined ? '' : toHex(blobOf(subaccount))
  return `${toHex(owner)}.${/^0*$/.test(sub) ? '' : sub}`
}

function balanceOf(chain: Chain, account: string): bigint {
  return chain.state.ledger.balances.get(account) ?? 0n
}

function credit(chain: Chain, account: string, amount: bigint): bigint {
  const { ledger } = chain.state
  const balance = balanceOf(chain, account) + amount
  const balances = new Map(ledger.balances).set(account, balance)
  chain.state.ledger = { ...ledger, balances }
  return balance
}

/** @returns its number */
function addBlock(chain: Chain, key: string, canister: Uint8Array | undefined): bigint {
  const { ledger } = chain.state
  const block = { key, time: chain.now(), canister }
  chain.state.ledger = { ...ledger, blocks: [...ledger.blocks, block] }
  return BigInt(ledger.blocks.length)
}

/** Gives somebody cycles out of nothing. @throws RangeError for what is no principal */
export function fund(chain: Chain, principal: string, cycles: bigint): void {
  const owner = principalBytes(principal)
  if (owner === undefined) throw new RangeError(`expected a principal, got ${principal}`)
  credit(chain, accountOf(owner, []), cycles)
}

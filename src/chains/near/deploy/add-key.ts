/** A key that may call `apply` of one contract and nothing else, and the credit for storage that it cannot pay itself. */
import { actions } from 'near-api-js'
import { utf8 } from '../../../node/primitives/bytes.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { STORAGE_PRICE, TERA } from '../constants.ts'
import { readAccountCredit } from '../contracts/credit.ts'
import { nearError } from '../errors.ts'
import { type AccessKey, viewKey } from '../rpc/query.ts'
import { callAction, type SigningKey } from '../send/account.ts'
import type { TransactionSender } from '../send/sender.ts'

export interface AddKeyInit {
  readonly rpc: Endpoints
  /** Of the account, with full access. */
  readonly sender: TransactionSender
  /** Account of the contract. */
  readonly contract: string
  readonly key: SigningKey
  /** YoctoNEAR that it may spend on gas. */
  readonly allowance: bigint
  /** YoctoNEAR that are to be there for storage. */
  readonly credit: bigint
  readonly signal?: AbortSignal | undefined
}

export interface AddedKey {
  /** False when it was there. */
  readonly isAdded: boolean
  /** What it may still spend; undefined: no end. */
  readonly allowance: bigint | undefined
  /** YoctoNEAR that were paid in now, and that are there. */
  readonly paid: bigint
  readonly credit: bigint
}

/** Bytes that an account's credit takes, which it has to leave (`storage_balance_bounds`). */
const RECORD_BYTES = 121n
/** Gas of paying in. */
const DEPOSIT_GAS = 20n * TERA

/** Adds what is missing; repeated it does nothing. @throws CHAIN_KEY (input) when the key is there and may do something else; as `TransactionSender.send` */
export async function addKey(init: AddKeyInit): Promise<AddedKey> {
  const { rpc, sender, contract, key, allowance, credit, signal } = init
  const { account } = sender
  const read = (): Promise<AccessKey | undefined> =>
    rpc.run((endpoint) => viewKey(endpoint, account, key.name), signal)
  const found = await read()
  if (found === undefined) {
    const add = actions.addFunctionCallAccessKey(key.publicKey, contract, ['apply'], allowance)
    await send(init, account, [add])
  } else if (!isFor(found, contract)) {
    const message = `expected ${key.name} to be a key for apply of ${contract} alone, and it may do something else`
    throw nearError('CHAIN_KEY', message, { account })
  }
  const before = await rpc.run(
    (endpoint) => readAccountCredit(endpoint, { address: contract }, account),
    signal,
  )
  const missing = credit > before.available ? credit - before.available : 0n
  // the record of it takes something, too
  const paid = missing > 0n && !before.isKnown ? missing + RECORD_BYTES * STORAGE_PRICE : missing
  if (paid > 0n) {
    const args = utf8(JSON.stringify({ account_id: account }))
    await send(init, contract, [
      callAction('storage_deposit', args, { gas: DEPOSIT_GAS, deposit: paid }),
    ])
  }
  const { permission } = (await read()) ?? {}
  const left = typeof permission === 'object' ? permission.allowance : undefined
  const isAdded = found === undefined
  return {
    isAdded,
    allowance: isAdded ? (left ?? allowance) : left,
    paid,
    credit: before.available + missing,
  }
}

async function send(
  { sender, signal }: AddKeyInit,
  receiver: string,
  list: Parameters<TransactionSender['send']>[0]['actions'],
): Promise<void> {
  const sent = await sender.send({ receiver, actions: list }, { signal })
  if (!('refusal' in sent) && sent.succeeded) {
    await sent.final(signal)
    return
  }
  throw nearError(
    'CHAIN_REVERTED',
    `a transaction of ${sender.account} failed and changed nothing`,
    {
      account: sender.account,
    },
  )
}

function isFor({ permission }: AccessKey, contract: string): boolean {
  if (typeof permission === 'string') return false
  const { receiver, methods } = permission
  return receiver === contract && methods.length === 1 && methods[0] === 'apply'
}

/** Gives coins of the root account to whoever asks: accounts that are not there yet are made, others and contracts are paid. */
import {
  Account,
  Address,
  Asset,
  BASE_FEE,
  Contract,
  nativeToScVal,
  Operation,
  StrKey,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import type { Chain } from '../chain/chain.ts'
import { accountOf } from '../chain/changes.ts'
import { readEnvelope } from '../chain/envelope.ts'
import type { TransactionRecord } from '../chain/records.ts'
import { simulate } from '../chain/simulate.ts'
import { toBase64 } from '../codec/text.ts'
import { RpcRefused } from './errors.ts'

/** What an account gets when nothing else is said, stroops: 10 000 XLM. */
export const FRIENDBOT_AMOUNT: bigint = 100_000_000_000n
const STROOPS = 10_000_000n

/** In XLM, with all digits behind the point. */
export function xlm(stroops: bigint): string {
  return `${stroops / STROOPS}.${String(stroops % STROOPS).padStart(7, '0')}`
}

/** As a network's friendbot does it: an account that is there is refused. @throws RpcRefused */
export function friendbot(chain: Chain, address: string): TransactionRecord {
  if (StrKey.isValidEd25519PublicKey(address) && isThere(chain, address)) {
    const detail = 'account already funded to starting balance (createAccountAlreadyExist)'
    throw new RpcRefused('request', detail)
  }
  return fund(chain, address, FRIENDBOT_AMOUNT)
}

function isThere(chain: Chain, address: string): boolean {
  const key = Uint8Array.from(StrKey.decodeEd25519PublicKey(address))
  return accountOf(chain.entries, key) !== undefined
}

/** Closes a ledger of its own; what waits goes on waiting. @throws RpcRefused */
export function fund(chain: Chain, address: string, amount: bigint): TransactionRecord {
  const isAccount = StrKey.isValidEd25519PublicKey(address)
  if (!isAccount && !StrKey.isValidContract(address)) {
    throw new RpcRefused('request', `${address} is the address of no account and no contract`)
  }
  if (!isAccount) return fundContract(chain, address, amount)
  const operation = isThere(chain, address)
    ? Operation.payment({ destination: address, asset: Asset.native(), amount: xlm(amount) })
    : Operation.createAccount({ destination: address, startingBalance: xlm(amount) })
  return close(chain, build(chain, operation))
}

function build(chain: Chain, operation: xdr.Operation, data?: string, fee = 0n): Transaction {
  const root = accountOf(chain.entries, new Uint8Array(chain.root.rawPublicKey()))
  const account = new Account(chain.root.publicKey(), String(root?.sequence ?? 0n))
  const builder = new TransactionBuilder(account, {
    fee: String(BigInt(BASE_FEE) + fee),
    networkPassphrase: chain.passphrase,
  })
  if (data !== undefined) builder.setSorobanData(data)
  return builder.addOperation(operation).setTimeout(0).build()
}

function close(chain: Chain, tx: Transaction): TransactionRecord {
  tx.sign(chain.root)
  return chain.closeNow(tx.toXdr())
}

/** Contracts are paid by the contract of the native asset. */
function fundContract(chain: Chain, address: string, amount: bigint): TransactionRecord {
  const native = new Contract(Asset.native().contractId(chain.passphrase))
  const operation = native.call(
    'transfer',
    Address.fromString(chain.root.publicKey()).toScVal(),
    Address.fromString(address).toScVal(),
    nativeToScVal(amount, { type: 'i128' }),
  )
  const tried = build(chain, operation)
  const envelope = readEnvelope(tried.toXdr(), chain.networkId)
  if (envelope === undefined) throw new RpcRefused('internal', 'the envelope is not understood')
  const init = { body: envelope.body, mode: undefined, namesAddress: false, leeway: 0 }
  const simulated = simulate(chain, init)
  if (simulated.kind !== 'called') throw new RpcRefused('request', 'the contract cannot be paid')
  const { data, fee } = simulated.prepared
  if (operation.body.type !== 'invokeHostFunction') throw new RpcRefused('internal', 'no call')
  // the source agrees by signing the transaction, but says to what
  const auth = simulated.auth.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one))
  const call = operation.body.value.hostFunction
  const signed = Operation.invokeHostFunction({ func: call, auth })
  return close(chain, build(chain, signed, toBase64(data), fee))
}

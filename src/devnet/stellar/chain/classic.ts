/** Operations of accounts: as many as are needed to make, fund, change and end them. */
import type { xdr } from '@stellar/stellar-sdk'
import { compareBytes, equalBytes, utf8 } from '../../../node/primitives/bytes.ts'
import { XdrWriter } from '../codec/xdr.ts'
import type { StellarParameters } from '../parameters.ts'
import { type AccountEntry, newAccount, reserveOf, type Signer } from '../storage/entries.ts'
import { accountKey } from '../storage/keys.ts'
import { accountOf, type Changes } from './changes.ts'
import { keyOfAccount, publicKeyOf } from './envelope.ts'
import { OPERATION, operationResult, type OperationResult, untried } from './results.ts'

const MAX_I64 = (1n << 63n) - 1n
const MAX_SIGNERS = 20
const MAX_WEIGHT = 255
const MAX_DOMAIN_BYTES = 32
/** Flags that an account of an issuer has; others are unknown. */
const KNOWN_FLAGS = 0xf
/** XDR's kinds of keys of signers that this chain knows: ed25519, and what a hash is of. */
const SIGNER_KINDS: ReadonlySet<string> = new Set([
  ...['signerKeyTypeEd25519', 'signerKeyTypeHashX'],
])

/** What an operation works on. */
interface Context {
  readonly changes: Changes
  readonly parameters: StellarParameters
  /** The account that it is of. */
  readonly account: AccountEntry
}

export function applyClassic(
  body: xdr.OperationBody,
  source: Uint8Array,
  changes: Changes,
  parameters: StellarParameters,
): OperationResult {
  const account = accountOf(changes.entries, source)
  if (account === undefined) return untried('noAccount')
  const context = { changes, parameters, account }
  switch (body.type) {
    case 'createAccount':
      return create(context, keyOfAccount(body.value.destination), body.value.startingBalance)
    case 'payment': {
      const { destination, asset, amount } = body.value
      if (asset.type !== 'assetTypeNative') return untried('notSupported')
      return pay(context, publicKeyOf(destination), amount)
    }
    case 'setOptions':
      return setOptions(context, body.value)
    case 'accountMerge':
      return merge(context, publicKeyOf(body.value))
    case 'bumpSequence':
      return bump(context, body.value.bumpTo)
    default:
      return untried('notSupported')
  }
}

/** What an account can spend. */
function spendable({ account, parameters }: Context): bigint {
  return account.balance - reserveOf(account, parameters.baseReserve)
}

function create(context: Context, destination: Uint8Array, balance: bigint): OperationResult {
  const { changes, account, parameters } = context
  const result = (code: number): OperationResult => operationResult(OPERATION.createAccount, code)
  if (accountOf(changes.entries, destination) !== undefined) return result(-4)
  const made = newAccount(destination, balance, changes.sequence)
  if (balance < reserveOf(made, parameters.baseReserve)) return result(-3)
  if (spendable(context) < balance) return result(-2)
  changes.setAccount({ ...account, balance: account.balance - balance })
  changes.setAccount(made)
  return result(0)
}

function pay(context: Context, destination: Uint8Array, amount: bigint): OperationResult {
  const { changes, account } = context
  const result = (code: number): OperationResult => operationResult(OPERATION.payment, code)
  if (amount <= 0n) return result(-1)
  if (accountOf(changes.entries, destination) === undefined) return result(-5)
  if (spendable(context) < amount) return result(-2)
  changes.setAccount({ ...account, balance: account.balance - amount })
  // read now: it may be the same account
  const to = accountOf(changes.entries, destination)
  if (to === undefined || to.balance + amount > MAX_I64) return result(-8)
  changes.setAccount({ ...to, balance: to.balance + amount })
  return result(0)
}

function merge({ changes, account }: Context, destination: Uint8Array): OperationResult {
  const { publicKey, balance, sequence, signers } = account
  const result = (code: number): OperationResult => operationResult(OPERATION.accountMerge, code)
  if (equalBytes(publicKey, destination)) return result(-1)
  const to = accountOf(changes.entries, destination)
  if (to === undefined) return result(-2)
  if (signers.length > 0) return result(-4)
  // it could be made anew, and its transactions sent once more
  if (sequence >= BigInt(changes.sequence) << 32n) return result(-5)
  changes.setAccount({ ...to, balance: to.balance + balance })
  changes.set(accountKey(publicKey), undefined)
  const moved = new XdrWriter().u64(balance).done()
  return operationResult(OPERATION.accountMerge, 0, moved)
}

function bump({ changes, account }: Context, to: bigint): OperationResult {
  if (to < 0n) return operationResult(OPERATION.bumpSequence, -1)
  if (to > account.sequence) changes.setAccount({ ...account, sequence: to })
  return operationResult(OPERATION.bumpSequence, 0)
}

function setOptions(context: Context, options: xdr.SetOptionsOp): OperationResult {
  const { changes, account } = context
  const result = (code: number): OperationResult => operationResult(OPERATION.setOptions, code)
  const { masterWeight, lowThreshold, medThreshold, highThreshold } = options
  const given = [masterWeight, lowThreshold, medThreshold, highThreshold]
  if (given.some((one) => one !== null && one > MAX_WEIGHT)) return result(-7)
  const [clear, set] = [options.clearFlags ?? 0, options.setFlags ?? 0]
  if ((clear & set) !== 0) return result(-3)
  if (((clear | set) & ~KNOWN_FLAGS) !== 0) return result(-6)
  const [weight, low, medium, high] = account.thresholds
  const thresholds = [
    ...([masterWeight ?? weight, lowThreshold ?? low] as const),
    ...([medThreshold ?? medium, highThreshold ?? high] as const),
  ] as const
  const domain = options.homeDomain
  const homeDomain = domain === null ? account.homeDomain : utf8(domain.toString())
  if (homeDomain.length > MAX_DOMAIN_BYTES) return result(-9)
  let { signers } = account
  if (options.signer !== null) {
    const { key, weight: given } = options.signer
    if (!SIGNER_KINDS.has(key.type)) return untried('notSupported')
    const changed = withSigner(account, { key: key.toXdr(), weight: given })
    if (typeof changed === 'number') return result(changed)
    signers = changed
  }
  const flags = (account.flags & ~clear) | set
  const next = { ...account, thresholds, homeDomain, flags, signers }
  const isMore = signers.length > account.signers.length
  if (isMore && next.balance < reserveOf(next, context.parameters.baseReserve)) return result(-1)
  changes.setAccount(next)
  return result(0)
}

/** The account's signers with one of them set, or with weight 0 removed; a code where that cannot be. */
function withSigner({ publicKey, signers }: AccountEntry, one: Signer): readonly Signer[] | number {
  if (equalBytes(one.key.subarray(4), publicKey) || one.weight > MAX_WEIGHT) return -8
  const others = signers.filter(({ key }) => !equalBytes(key, one.key))
  if (one.weight === 0) return others
  if (others.length >= MAX_SIGNERS) return -2
  return [...others, one].sort((a, b) => compareBytes(a.key, b.key))
}

/** Whether a transaction can be in the next ledger, and what it answers where it cannot. In this order: shape, time, account, sequence, fee, limits, balance, signatures. */
import type { xdr } from '@stellar/stellar-sdk'
import type { StellarParameters } from '../parameters.ts'
import { type AccountEntry, reserveOf } from '../storage/entries.ts'
import { durabilityOf } from '../storage/keys.ts'
import { fromBase64 } from '../codec/text.ts'
import { accountOf, type Entries } from './changes.ts'
import { boundsOf, type Declared, publicKeyOf, type Transaction } from './envelope.ts'
import { resourceFee } from './fees.ts'
import { transactionResult, TX, untried } from './results.ts'
import { LEVEL, SignatureChecker } from './signatures.ts'

/** A transaction that is refused, with its result. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
  readonly result: Uint8Array

  constructor(code: keyof typeof TX, fee = 0n, operations?: readonly Uint8Array[]) {
    super(code)
    this.result = transactionResult(TX[code], fee, operations)
  }
}

/** What a transaction is held against. */
export interface Admission {
  readonly entries: Entries
  readonly parameters: StellarParameters
  /** Of the ledger that it would be in. */
  readonly sequence: number
  readonly closeTime: number
}

const CONTRACT_OPERATIONS: ReadonlySet<string> = new Set([
  ...['invokeHostFunction', 'extendFootprintTtl', 'restoreFootprint'],
])

/** Operations that it is paid for: its own, and the envelope around it. */
export function paidOperations({ body, outer }: Transaction): number {
  return body.operations.length + (outer === undefined ? 0 : 1)
}

/** The most that it pays for being taken. */
export function bidOf(tx: Transaction): bigint {
  return tx.fee - (tx.declared?.fee ?? 0n)
}

/** @throws Refused */
export function admit(tx: Transaction, at: Admission): void {
  checkShape(tx, at.parameters)
  checkBounds(tx, at)
  const account = accountOf(at.entries, tx.source)
  if (account === undefined) throw new Refused('noAccount')
  checkSequence(tx, account)
  checkFee(tx, at.parameters)
  if (tx.declared !== undefined) checkDeclared(tx, tx.declared, at.parameters)
  const payer = accountOf(at.entries, tx.outer?.source ?? tx.source)
  if (payer === undefined) throw new Refused('noAccount')
  if (payer.balance - tx.fee < reserveOf(payer, at.parameters.baseReserve)) {
    throw new Refused('insufficientBalance')
  }
  checkSignatures(tx, account, payer, at.entries)
}

function checkShape({ body, declared, outer }: Transaction, parameters: StellarParameters): void {
  const { operations, memo } = body
  if (operations.length === 0) throw new Refused('noOperation')
  const isOfContracts = operations.some(({ body: { type } }) => CONTRACT_OPERATIONS.has(type))
  if (!isOfContracts) {
    if (declared !== undefined) throw new Refused('malformed')
    return
  }
  if (declared === undefined || operations.length !== 1) throw new Refused('malformed')
  if (memo.type !== 'memoNone') throw new Refused('contractInvalid')
  if (outer === undefined && body.toXdr().length > parameters.transaction.envelopeBytes) {
    throw new Refused('contractInvalid')
  }
}

function checkBounds({ body }: Transaction, { closeTime, sequence }: Admission): void {
  const { minTime, maxTime, minLedger, maxLedger, isForeign } = boundsOf(body)
  if (isForeign) throw new Refused('notSupported')
  if (minTime > BigInt(closeTime) || minLedger > sequence) throw new Refused('tooEarly')
  const isOver = maxTime !== 0n && maxTime < BigInt(closeTime)
  if (isOver || (maxLedger !== 0 && maxLedger <= sequence)) throw new Refused('tooLate')
}

function checkSequence({ body }: Transaction, { sequence }: AccountEntry): void {
  const { minSequence } = boundsOf(body)
  const isNext =
    minSequence === undefined
      ? body.seqNum === sequence + 1n
      : sequence >= minSequence && sequence < body.seqNum
  if (!isNext) throw new Refused('badSequence')
}

function checkFee(tx: Transaction, { baseFee }: StellarParameters): void {
  const least = BigInt(baseFee) * BigInt(paidOperations(tx))
  if (bidOf(tx) < least) throw new Refused('insufficientFee', least + (tx.declared?.fee ?? 0n))
}

/** What is not refunded of what a transaction declares. */
export function fixedFee(tx: Transaction, declared: Declared, from: StellarParameters): bigint {
  const { footprint, instructions, readBytes, writeBytes } = declared
  const keys = [...footprint.readOnly, ...footprint.readWrite]
  const fromDisk = keys.filter((key) => durabilityOf(key) === undefined).length
  return resourceFee(from.fees, {
    ...{ instructions, readBytes, writeBytes, envelopeBytes: tx.envelope.length },
    readEntries: fromDisk + footprint.restored.size,
    writeEntries: footprint.readWrite.length,
  })
}

function checkDeclared(tx: Transaction, declared: Declared, parameters: StellarParameters): void {
  const { transaction: most, contract } = parameters
  const { footprint, instructions, readBytes, writeBytes, isMisshapen } = declared
  const keys = [...footprint.readOnly, ...footprint.readWrite]
  const fromDisk = keys.filter((key) => durabilityOf(key) === undefined).length
  // the type and address before it, and the durability behind it, are not the contract's
  const isKeyTooLong = keys.some((key) => fromBase64(key).length > contract.keyBytes + 44)
  const isTooMuch =
    instructions > most.instructions ||
    readBytes > most.readBytes ||
    writeBytes > most.writeBytes ||
    keys.length > most.footprint ||
    footprint.readWrite.length > most.writeEntries ||
    fromDisk + footprint.restored.size > most.readEntries
  const fixed = fixedFee(tx, declared, parameters)
  if (isMisshapen || isKeyTooLong || isTooMuch || declared.fee < fixed) {
    throw new Refused('contractInvalid')
  }
  const [operation] = tx.body.operations
  const isExtending = operation?.body.type === 'extendFootprintTtl'
  const isRestoring = operation?.body.type === 'restoreFootprint'
  const isMixed =
    (isExtending && footprint.readWrite.length > 0) ||
    (isRestoring && footprint.readOnly.length > 0)
  if (isMixed) throw new Refused('contractInvalid')
}

function checkSignatures(
  tx: Transaction,
  account: AccountEntry,
  payer: AccountEntry,
  entries: Entries,
): void {
  if (tx.outer !== undefined) {
    const outer = new SignatureChecker(tx.outer)
    if (!outer.agrees(payer, LEVEL.low)) throw new Refused('badAuth')
    if (!outer.areAllUsed) throw new Refused('badAuthExtra')
  }
  const checker = new SignatureChecker(tx)
  if (!checker.agrees(account, LEVEL.low)) throw new Refused('badAuth')
  const results = tx.body.operations.map((operation) => {
    const source = operation.sourceAccount ? publicKeyOf(operation.sourceAccount) : tx.source
    const of = accountOf(entries, source)
    // an account may be made by an operation before
    if (of === undefined) return undefined
    return checker.agrees(of, levelOf(operation.body)) ? undefined : untried('badAuth').xdr
  })
  if (results.some((one) => one !== undefined)) {
    throw new Refused(
      'failed',
      0n,
      results.map((one) => one ?? untried('badAuth').xdr),
    )
  }
  if (!checker.areAllUsed) throw new Refused('badAuthExtra')
}

/** What an operation needs of its account's signers. */
export function levelOf(body: xdr.OperationBody): number {
  switch (body.type) {
    case 'accountMerge':
      return LEVEL.high
    case 'setOptions': {
      const { masterWeight, lowThreshold, medThreshold, highThreshold, signer } = body.value
      const all = [masterWeight, lowThreshold, medThreshold, highThreshold, signer]
      return all.some((one) => one !== null) ? LEVEL.high : LEVEL.medium
    }
    case 'bumpSequence':
    case 'extendFootprintTtl':
    case 'restoreFootprint':
      return LEVEL.low
    default:
      return LEVEL.medium
  }
}

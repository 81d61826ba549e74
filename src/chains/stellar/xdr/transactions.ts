/** Transactions as bytes: made, signed, offered more for, and read again. */
import {
  Account,
  type FeeBumpTransaction,
  SorobanDataBuilder,
  StrKey,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import { toHex } from '../../../node/primitives/bytes.ts'
import type { AccountKey } from '../key.ts'
import { INSTRUCTION_MARGIN_PERCENT, MIN_FEE, RESOURCE_MARGIN_PERCENT } from '../limits.ts'
import type { Call } from './operations.ts'
import { bytesIn, contractText, orUndefined } from './values.ts'

/** An operation, and what simulation said that it takes. */
export interface Prepared {
  readonly call: Call
  /** What it touches and uses; undefined for an operation without contracts. */
  readonly resources?: Resources | undefined
}

/** As simulation answers, base64. */
export interface Resources {
  /** `SorobanTransactionData`. */
  readonly data: string
  /** Stroops. */
  readonly fee: bigint
  /** `SorobanAuthorizationEntry`, each. */
  readonly auth: readonly string[]
}

/** A transaction that its account signed. */
export interface Signed {
  /** Its hash, hexadecimal, by which it is known whatever is offered for it. */
  readonly hash: string
  readonly inner: Transaction
  /** Stroops of its resources. */
  readonly resourceFee: bigint
}

/** Nobody's account, for questions. */
const NOBODY: string = StrKey.encodeEd25519PublicKey(new Uint8Array(32))

/** Base64 of a transaction to be simulated. @param source who would send it; @default nobody, for what needs nobody’s agreement */
export function questionOf(call: Call, source: string = NOBODY): string {
  const account = new Account(source, '0')
  const builder = new TransactionBuilder(account, { fee: String(MIN_FEE), networkPassphrase: '-' })
  return builder.addOperation(call).setTimeout(0).build().toEnvelope().toXdr('base64')
}

export interface SigningInit {
  readonly passphrase: string
  readonly source: AccountKey
  /** That it is to have. */
  readonly sequence: bigint
  /** Last second at which it may be applied. */
  readonly maxTime: bigint
  /** Stroops for being taken. */
  readonly fee: bigint
}

/** Whether what simulation named can be declared. @param most stroops */
export function isDeclarable({ data, fee, auth }: Resources, most: bigint): boolean {
  if (fee > most) return false
  const parsed = orUndefined(() => [
    xdr.SorobanTransactionData.fromXdr(data, 'base64'),
    ...auth.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one, 'base64')),
  ])
  return parsed !== undefined
}

/** Stroops of what simulation named, and a margin; what of it is not used comes back. */
export function resourceFeeOf({ fee }: Resources): bigint {
  return fee + (fee * RESOURCE_MARGIN_PERCENT) / 100n
}

/** The transaction of an operation, signed. */
export function signTransaction(prepared: Prepared, init: SigningInit): Signed {
  const { passphrase, source, sequence, maxTime, fee } = init
  const { resources } = prepared
  const account = new Account(source.address, String(sequence - 1n))
  const builder = new TransactionBuilder(account, {
    fee: String(fee),
    networkPassphrase: passphrase,
    timebounds: { minTime: 0, maxTime: String(maxTime) },
  })
  builder.addOperation(agreed(prepared))
  if (resources !== undefined) builder.setSorobanData(dataOf(resources))
  const inner = builder.build()
  addSignature(inner, source)
  const resourceFee = resources === undefined ? 0n : resourceFeeOf(resources)
  return { hash: toHex(inner.hash()), inner, resourceFee }
}

/** Base64 of a transaction that pays for itself. */
export function envelopeText({ inner }: Signed): string {
  return inner.toEnvelope().toXdr('base64')
}

/** Base64 of the same with an account around it that pays, so many stroops for each of two. */
export function feeBumpText(
  { inner }: Signed,
  passphrase: string,
  payer: AccountKey,
  fee: bigint,
): string {
  const bump = TransactionBuilder.buildFeeBumpTransaction(
    ...([payer.address, String(fee)] as const),
    ...([inner, passphrase] as const),
  )
  addSignature(bump, payer)
  return bump.toEnvelope().toXdr('base64')
}

function addSignature(transaction: Transaction | FeeBumpTransaction, { signer }: AccountKey): void {
  const signature = new xdr.DecoratedSignature({
    hint: new xdr.SignatureHint(signer.publicKey.slice(28)),
    signature: new xdr.Signature(signer.sign(transaction.hash())),
  })
  transaction.addDecoratedSignature(signature)
}

/** The operation with what addresses agree to. */
function agreed({ call, resources }: Prepared): Call {
  const { body, sourceAccount } = call
  if (body.type !== 'invokeHostFunction' || resources === undefined) return call
  const auth = resources.auth.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one, 'base64'))
  const { hostFunction } = body.invokeHostFunctionOp
  const op = new xdr.InvokeHostFunctionOp({ hostFunction, auth })
  return new xdr.Operation({ sourceAccount, body: xdr.OperationBody.invokeHostFunction(op) })
}

function dataOf(resources: Resources): xdr.SorobanTransactionData {
  const builder = new SorobanDataBuilder(resources.data)
  const built = builder.build()
  const { instructions, diskReadBytes, writeBytes } = built.resources
  const more = Math.floor((instructions * INSTRUCTION_MARGIN_PERCENT) / 100)
  return builder
    .setResources(instructions + more, diskReadBytes, writeBytes)
    .setResourceFee(resourceFeeOf(resources))
    .build()
}

/** What came of a transaction, or why it was not taken. */
export interface Result {
  /** `txSuccess`, `txBadSeq`; of the inner one where an account around it pays. */
  readonly code: string
  /** Of its operation, where it has come to that: `invokeHostFunctionTrapped`. */
  readonly operation?: string | undefined
  /** Stroops; where it offered too little, what would have been enough. */
  readonly fee: bigint
}

/** The result in base64; undefined where it is none. */
export function resultIn(base64: string): Result | undefined {
  return orUndefined(() => {
    const { result, feeCharged: fee } = xdr.TransactionResult.fromXdr(base64, 'base64')
    const isInner =
      result.type === 'txFeeBumpInnerSuccess' || result.type === 'txFeeBumpInnerFailed'
    const own = isInner ? result.innerResultPair.result.result : result
    const operations = 'results' in own ? own.results : []
    return { code: own.type, operation: operationCode(operations[0]), fee }
  })
}

function operationCode(result: xdr.OperationResult | undefined): string | undefined {
  if (result?.type !== 'opInner') return result?.type
  return result.tr.value.type
}

/** A call of a contract by the one operation of a transaction. */
export interface Called {
  /** `C...`. */
  readonly contract: string
  readonly method: string
  /** Those that are bytes; the others are left out. */
  readonly args: readonly Uint8Array[]
}

/** The call that a transaction in base64 makes; undefined when it makes none, or more. */
export function callIn(base64: string): Called | undefined {
  return orUndefined(() => {
    const operations = operationsIn(xdr.TransactionEnvelope.fromXdr(base64, 'base64'))
    const [operation, ...others] = operations
    if (operation?.body.type !== 'invokeHostFunction' || others.length > 0) return undefined
    const { hostFunction } = operation.body.invokeHostFunctionOp
    if (hostFunction.type !== 'hostFunctionTypeInvokeContract') return undefined
    const { contractAddress, functionName, args } = hostFunction.invokeContract
    if (contractAddress.type !== 'scAddressTypeContract') return undefined
    return {
      contract: contractText(contractAddress.contractId.toBytes()),
      method: functionName.toString(),
      args: args.flatMap((arg) => bytesIn(arg) ?? []),
    }
  })
}

function operationsIn(envelope: xdr.TransactionEnvelope): readonly xdr.Operation[] {
  switch (envelope.type) {
    case 'envelopeTypeTxV0':
      return envelope.v0.tx.operations
    case 'envelopeTypeTx':
      return envelope.v1.tx.operations
    case 'envelopeTypeTxFeeBump':
      return envelope.feeBump.tx.innerTx.value.tx.operations
  }
}

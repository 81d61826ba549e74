/** Refusals of transactions and failures of actions, as they stand in answers. */

/** A transaction that is not accepted; `error` is NEAR's `InvalidTxError`. */
export class TransactionRefused extends Error {
  override readonly name: string = 'TransactionRefused'
  readonly error: unknown

  constructor(error: unknown) {
    super(JSON.stringify(error))
    this.error = error
  }
}

/** An action that fails, and with it its receipt; `kind` is NEAR's `ActionErrorKind`. */
export class ActionFailed extends Error {
  override readonly name: string = 'ActionFailed'
  readonly kind: unknown

  constructor(kind: unknown) {
    super(JSON.stringify(kind))
    this.kind = kind
  }
}

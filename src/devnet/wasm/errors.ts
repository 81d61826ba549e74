/** A module that a chain does not take: never an error of ours, always an answer to whoever sent it. */

/** Which rule of the chain a module breaks, in the words of NEAR's `PrepareError`. */
export type WasmRejection =
  | 'Deserialization'
  | 'Instantiate'
  | 'Memory'
  | 'TooManyFunctions'
  | 'TooManyLocals'
  | 'TooManyTables'
  | 'TooManyTableElements'
  | 'TooManyTypes'
  | 'FunctionBodyTooLarge'

/** Thrown by the rewriter and caught by whoever prepares a contract. */
export class WasmRejected extends Error {
  override readonly name: string = 'WasmRejected'
  readonly rejection: WasmRejection

  constructor(rejection: WasmRejection, message: string) {
    super(message)
    this.rejection = rejection
  }
}

/** The bytes are no module that this chain knows. */
export function malformed(message: string): WasmRejected {
  return new WasmRejected('Deserialization', message)
}

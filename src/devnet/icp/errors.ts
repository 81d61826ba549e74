/** How messages fail, in the words and numbers of the chain. */

/** Why a message is rejected: 1 the system, for good; 2 the system, for now; 3 no such destination; 4 the canister says so; 5 it failed. */
export type RejectCode = 1 | 2 | 3 | 4 | 5 | 6

/** A message that is answered with a rejection. */
export class Rejected extends Error {
  override readonly name: string = 'Rejected'
  readonly code: RejectCode
  /** `IC` and four digits. */
  readonly errorCode: string

  constructor(code: RejectCode, errorCode: string, message: string) {
    super(message)
    this.code = code
    this.errorCode = errorCode
  }
}

/** Execution that ends where it must not: what it wrote is undone. */
export class Trap extends Error {
  override readonly name: string = 'Trap'
  readonly errorCode: string

  constructor(errorCode: string, message: string) {
    super(message)
    this.errorCode = errorCode
  }
}

/** A function of the system that is used as it must not be. */
export function violated(message: string): Trap {
  return new Trap('IC0504', `Canister violated contract: ${message}`)
}

/** What the rejection of a trapped message says. */
export function rejectedBy(canister: string, trap: Trap): Rejected {
  return new Rejected(5, trap.errorCode, `Error from Canister ${canister}: ${trap.message}`)
}

export function outOfCycles(canister: string, needed: bigint): Rejected {
  const message = `Canister ${canister} is out of cycles: please top up the canister with at least ${needed} additional cycles`
  return new Rejected(2, 'IC0207', message)
}

export function notFound(canister: string): Rejected {
  return new Rejected(3, 'IC0301', `Canister ${canister} not found`)
}

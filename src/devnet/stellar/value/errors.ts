/** Errors of the host: a type and a code, which contracts see and transactions end with. */
import type { Val } from './word.ts'

/** In the order of XDR's `ScErrorType`. */
export const ERROR_TYPES = [
  'Contract',
  'WasmVm',
  'Context',
  'Storage',
  'Object',
  'Crypto',
  'Events',
  'Budget',
  'Value',
  'Auth',
] as const
/** In the order of XDR's `ScErrorCode`. */
export const ERROR_CODES = [
  'ArithDomain',
  'IndexBounds',
  'InvalidInput',
  'MissingValue',
  'ExistingValue',
  'ExceededLimit',
  'InvalidAction',
  'InternalError',
  'UnexpectedType',
  'UnexpectedSize',
] as const

export type ErrorType = (typeof ERROR_TYPES)[number]
export type ErrorCode = (typeof ERROR_CODES)[number]

/** `Error(Contract, #5)`, `Error(Storage, MissingValue)`: what clients look for. */
export function errorText(type: number, code: number): string {
  if (type === 0) return `Error(Contract, #${code})`
  return `Error(${ERROR_TYPES[type] ?? type}, ${ERROR_CODES[code] ?? code})`
}

export class HostError extends Error {
  override readonly name: string = 'HostError'
  readonly type: number
  readonly code: number
  readonly detail: string
  readonly args: readonly Val[]
  /** Whether it is among the diagnostic events. */
  isLogged = false

  constructor(type: number, code: number, detail: string, args: readonly Val[] = []) {
    super(`${errorText(type, code)}: ${detail}`)
    this.type = type
    this.code = code
    this.detail = detail
    this.args = args
  }

  is(type: ErrorType, code: ErrorCode): boolean {
    return ERROR_TYPES[this.type] === type && ERROR_CODES[this.code] === code
  }

  /** Whether a caller may go on after it: not where limits of the transaction are passed, and not after faults of the host. */
  get isRecoverable(): boolean {
    if (this.type === 0) return true
    const code = ERROR_CODES[this.code]
    const type = ERROR_TYPES[this.type]
    const isLimit = code === 'ExceededLimit' && (type === 'Storage' || type === 'Budget')
    return code !== 'InternalError' && !isLimit
  }
}

export function hostError(
  type: ErrorType,
  code: ErrorCode,
  detail: string,
  args: readonly Val[] = [],
): HostError {
  return new HostError(ERROR_TYPES.indexOf(type), ERROR_CODES.indexOf(code), detail, args)
}

/** An error of a contract's own. */
export function contractError(code: number, detail: string): HostError {
  return new HostError(0, code, detail)
}

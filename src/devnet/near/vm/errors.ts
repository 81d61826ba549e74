/** How a contract's call fails, in NEAR's words: what an outcome says, and the text of a view's error, which clients parse. */

/** A failed call. Never an error of ours, always an answer. */
export class VmError extends Error {
  override readonly name: string = 'VmError'
  /** `FunctionCallError` as it stands in an outcome. */
  readonly outcome: unknown
  /** What Rust prints of it, as views show it. */
  readonly debug: string

  constructor(outcome: unknown, debug: string) {
    super(debug)
    this.outcome = outcome
    this.debug = debug
  }
}

function host(display: string, debug: string): VmError {
  return new VmError({ ExecutionError: display }, `HostError(${debug})`)
}

/** A limit that `what` is above. */
function exceeded(text: string, debug: string): VmError {
  return host(text, debug)
}

export const FAILURES = {
  gas: (): VmError => host('Exceeded the prepaid gas.', 'GasExceeded'),
  gasLimit: (): VmError =>
    host('Exceeded the maximum amount of gas allowed to burn per contract.', 'GasLimitExceeded'),
  panic: (message: string): VmError =>
    host(`Smart contract panicked: ${message}`, `GuestPanic { panic_msg: ${rustText(message)} }`),
  memory: (): VmError => host('Accessed memory outside the bounds.', 'MemoryAccessViolation'),
  overflow: (): VmError => host('Integer overflow.', 'IntegerOverflow'),
  register: (id: bigint): VmError =>
    host(`Accessed invalid register id: ${id}`, `InvalidRegisterId { register_id: ${id} }`),
  utf8: (): VmError => host('String encoding is bad UTF-8 sequence.', 'BadUTF8'),
  utf16: (): VmError => host('String encoding is bad UTF-16 sequence.', 'BadUTF16'),
  balance: (): VmError => host('Exceeded the account balance.', 'BalanceExceeded'),
  view: (method: string): VmError =>
    host(`${method} is not allowed in view calls`, `ProhibitedInView { method_name: "${method}" }`),
  promiseIndex: (index: bigint): VmError =>
    host(
      `${index} does not correspond to existing promises`,
      `InvalidPromiseIndex { promise_idx: ${index} }`,
    ),
  resultIndex: (index: bigint): VmError =>
    host(
      `Accessed invalid promise result index: ${index}`,
      `InvalidPromiseResultIndex { result_idx: ${index} }`,
    ),
  jointAction: (): VmError =>
    host('Actions can only be appended to non-joint promise.', 'CannotAppendActionToJointPromise'),
  jointReturn: (): VmError =>
    host('Returning joint promise is currently prohibited.', 'CannotReturnJointPromise'),
  accountId: (): VmError => host('Invalid account ID', 'InvalidAccountId'),
  methodName: (): VmError => host('VM Logic returned an invalid method name', 'InvalidMethodName'),
  emptyMethodName: (): VmError => host('Tried to call an empty method name.', 'EmptyMethodName'),
  publicKey: (): VmError => host('VM Logic provided an invalid public key', 'InvalidPublicKey'),
  codeHash: (): VmError =>
    host('VM Logic provided a malformed code hash', 'ContractCodeHashMalformed'),
  deprecated: (method: string): VmError =>
    host(
      `Attempted to call deprecated host function ${method}`,
      `Deprecated { method_name: "${method}" }`,
    ),
  ed25519Input: (message: string): VmError =>
    host(
      `ED25519 signature verification error: ${message}`,
      `Ed25519VerifyInvalidInput { msg: "${message}" }`,
    ),
  ecrecoverInput: (message: string): VmError =>
    host(`ECDSA recover error: ${message}`, `ECRecoverError { msg: "${message}" }`),
  notEmulated: (method: string): VmError =>
    host(
      `${method} is not emulated by this local chain`,
      `NotEmulated { method_name: "${method}" }`,
    ),
  logs: (limit: number): VmError =>
    exceeded(
      `The number of logs will exceed the limit ${limit}`,
      `NumberOfLogsExceeded { limit: ${limit} }`,
    ),
  logLength: (length: number, limit: number): VmError =>
    exceeded(
      `The length of a log message ${length} exceeds the limit ${limit}`,
      `TotalLogLengthExceeded { length: ${length}, limit: ${limit} }`,
    ),
  keyLength: (length: number, limit: number): VmError =>
    exceeded(
      `The length of a storage key ${length} exceeds the limit ${limit}`,
      `KeyLengthExceeded { length: ${length}, limit: ${limit} }`,
    ),
  valueLength: (length: number, limit: number): VmError =>
    exceeded(
      `The length of a storage value ${length} exceeds the limit ${limit}`,
      `ValueLengthExceeded { length: ${length}, limit: ${limit} }`,
    ),
  returnLength: (length: number, limit: number): VmError =>
    exceeded(
      `The length of a returned value ${length} exceeds the limit ${limit}`,
      `ReturnedValueLengthExceeded { length: ${length}, limit: ${limit} }`,
    ),
  contractSize: (size: number, limit: number): VmError =>
    exceeded(
      `The size of a contract code in DeployContract action ${size} exceeds the limit ${limit}`,
      `ContractSizeExceeded { size: ${size}, limit: ${limit} }`,
    ),
  promises: (count: number, limit: number): VmError =>
    exceeded(
      `The number of promises within a function call ${count} exceeds the limit ${limit}`,
      `NumberPromisesExceeded { number_of_promises: ${count}, limit: ${limit} }`,
    ),
  inputs: (count: number, limit: number): VmError =>
    exceeded(
      `The number of input data dependencies ${count} exceeds the limit ${limit}`,
      `NumberInputDataDependenciesExceeded { number_of_input_data_dependencies: ${count}, limit: ${limit} }`,
    ),
} as const

/** A text as Rust's `{:?}` prints it. */
function rustText(text: string): string {
  const escaped = JSON.stringify(text).replaceAll('\\b', '\\u{8}').replaceAll('\\f', '\\u{c}')
  return escaped.replace(/\\u([0-9a-f]{4})/g, (_, digits: string) => {
    return `\\u{${Number.parseInt(digits, 16).toString(16)}}`
  })
}

/** The module cannot be used. */
export function prepareError(kind: string): VmError {
  return new VmError(
    { CompilationError: { PrepareError: kind } },
    `CompilationError(PrepareError(${kind}))`,
  )
}

export function noCode(accountId: string): VmError {
  return new VmError(
    { CompilationError: { CodeDoesNotExist: { account_id: accountId } } },
    `CompilationError(CodeDoesNotExist { account_id: "${accountId}" })`,
  )
}

export function noMethod(
  kind: 'MethodEmptyName' | 'MethodNotFound' | 'MethodInvalidSignature',
): VmError {
  return new VmError({ MethodResolveError: kind }, `MethodResolveError(${kind})`)
}

export function linkError(): VmError {
  const message = 'unknown or invalid import'
  return new VmError(
    { ExecutionError: `Link Error: ${message}` },
    `LinkError { msg: "${message}" }`,
  )
}

/** Traps by what V8 says of them. */
const TRAPS: readonly (readonly [RegExp, string, string])[] = [
  [/unreachable/, 'Unreachable', 'An `unreachable` opcode was executed.'],
  [
    /divide|remainder|unrepresentable|float/,
    'IllegalArithmetic',
    'An arithmetic exception, e.g. divided by zero.',
  ],
  [/memory access|segment/, 'MemoryOutOfBounds', 'Memory out of bounds trap.'],
  [/signature/, 'IncorrectCallIndirectSignature', 'Call indirect incorrect signature trap.'],
  [/null function/, 'IndirectCallToNull', 'Indirect call to null'],
  [/table/, 'MemoryOutOfBounds', 'Memory out of bounds trap.'],
]

/** A trap of the contract. */
export function trapError(message: string): VmError {
  const [, kind, text] = TRAPS.find(([pattern]) => pattern.test(message)) ?? [
    undefined,
    'GenericTrap',
    'Generic trap.',
  ]
  return new VmError({ ExecutionError: `WebAssembly trap: ${text}` }, `WasmTrap(${kind})`)
}

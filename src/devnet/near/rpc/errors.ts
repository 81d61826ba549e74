/** Errors of NEAR's JSON-RPC, in the form that its clients tell apart. */

/** An answer that is an error; `status` is HTTP's. */
export class RpcError extends Error {
  override readonly name: string = 'RpcError'
  readonly body: object
  readonly status: number

  constructor(body: object, status: number) {
    super(JSON.stringify(body))
    this.body = body
    this.status = status
  }
}

/** What a method found. */
export function failure(name: string, info: object, data: unknown, status = 200): RpcError {
  const cause = { name, info }
  return new RpcError(
    { name: 'HANDLER_ERROR', cause, code: -32_000, message: 'Server error', data },
    status,
  )
}

/** Parameters that are none. */
export function parseError(message: string): RpcError {
  const cause = { name: 'PARSE_ERROR', info: { error_message: message } }
  return new RpcError(
    {
      name: 'REQUEST_VALIDATION_ERROR',
      cause,
      code: -32_700,
      message: 'Parse error',
      data: message,
    },
    400,
  )
}

export function methodNotFound(method: string): RpcError {
  const cause = { name: 'METHOD_NOT_FOUND', info: { method_name: method } }
  return new RpcError(
    {
      name: 'REQUEST_VALIDATION_ERROR',
      cause,
      code: -32_601,
      message: 'Method not found',
      data: method,
    },
    400,
  )
}

/** A bug of ours. */
export function internalError(message: string): RpcError {
  const cause = { name: 'INTERNAL_ERROR', info: { error_message: message } }
  return new RpcError(
    { name: 'INTERNAL_ERROR', cause, code: -32_000, message: 'Server error', data: message },
    500,
  )
}

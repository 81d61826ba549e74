/** Requests that are refused, by the numbers of JSON-RPC. */
export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
} as const

export class RpcRefused extends Error {
  override readonly name: string = 'RpcRefused'
  readonly code: number

  constructor(code: keyof typeof RPC, message: string) {
    super(message)
    this.code = RPC[code]
  }
}

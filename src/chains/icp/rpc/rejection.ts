/** What the chain rejects a request with, before any canister has its say. */
import { isMerogateError, type MerogateError } from '../../../node/errors.ts'
import type { Blame } from '../../shared/endpoints.ts'
import { type RpcErrorAnswer, rpcError } from '../../shared/json-rpc.ts'
import { icpError } from '../errors.ts'

/** Code of a rejection that may not be one the next time. */
const SYS_TRANSIENT = 2

/** Error codes of a canister that does not run, and what it is then. */
const STOPPED: ReadonlyMap<string, string> = new Map([
  ['IC0207', 'frozen for lack of cycles: anybody may send it some'],
  ['IC0508', 'stopped by who controls it'],
  ['IC0509', 'being stopped by who controls it'],
])

/** The error of a canister that does not run; undefined for any other code. */
export function stoppedError(
  errorCode: string | undefined,
  details: Readonly<Record<string, string>>,
): MerogateError | undefined {
  const why = errorCode === undefined ? undefined : STOPPED.get(errorCode)
  if (errorCode === undefined || why === undefined) return undefined
  const message = `the canister does not run, it is ${why} (${errorCode})`
  return icpError('ICP_STOPPED', message, { ...details, errorCode })
}

/** A rejection that nobody certifies: an endpoint's word. */
export function rejectionError(
  endpoint: string,
  method: string,
  answer: RpcErrorAnswer & { readonly data: string | undefined },
): MerogateError {
  return (
    stoppedError(answer.data, { endpoint, method }) ?? rpcError('icp', endpoint, method, answer)
  )
}

/** Whether an endpoint answered that a request was not taken. */
export function isRejection(error: unknown): error is MerogateError {
  return isMerogateError(error, 'CHAIN_RPC') || isMerogateError(error, 'ICP_STOPPED')
}

/** Whose fault an endpoint's error is. Nobody certifies it: another endpoint may fare better. */
export function blame(error: MerogateError): Blame {
  return error.details['code'] === SYS_TRANSIENT ? 'busy' : 'endpoint'
}

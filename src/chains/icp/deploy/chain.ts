/** What deploying asks of a network of the Internet Computer: calls by whoever deploys, and what the network certifies of a canister. */
import { isMerogateError, type MerogateError } from '../../../node/errors.ts'
import { EMPTY, toHex } from '../../../node/primitives/bytes.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { chainError } from '../../shared/errors.ts'
import { decodeCbor } from '../certificate/cbor.ts'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { principalText } from '../principal.ts'
import { ask } from '../rpc/asked.ts'
import { type CallsInit, callCanister } from '../rpc/calls.ts'
import {
  decodeAnswer,
  encodeTaken,
  MANAGEMENT,
  type ManagementMethod,
  type Method,
} from './candid.ts'

/** A canister as the network certifies it. */
export interface Certified {
  /** SHA-256 of its module, hexadecimal; undefined where it has none. */
  readonly codeHash: string | undefined
  /** Who may change it, as principals are written. None: nobody. */
  readonly controllers: readonly string[]
}

/** Calls a method and decodes its answer. @throws CHAIN_DEPLOY (chain), CHAIN_RPC, ANCHOR_UNREACHABLE (transport) */
export async function callMethod<T>(
  init: CallsInit,
  to: { readonly canister: Uint8Array; readonly effective?: Uint8Array },
  method: Method,
  values: readonly unknown[],
  signal?: AbortSignal,
): Promise<T> {
  const call = { ...to, method: method.name, arg: encodeTaken(method, values) }
  const end = await callCanister(init, call, { signal })
  if (end.state === 'replied') return decodeAnswer<T>(method, end.reply)
  const about = principalText(to.effective ?? to.canister)
  const why =
    end.state === 'rejected'
      ? end.message
      : end.state === 'expired'
        ? 'nobody took it in'
        : 'nobody knows any more what became of it'
  throw deployError(`${method.name} of ${about} failed: ${why}: repeating is safe`, about)
}

/** Calls the management canister about a canister. @throws as {@link callMethod} */
export async function manage<T>(
  init: CallsInit,
  canister: Uint8Array,
  method: ManagementMethod,
  value: object,
  signal?: AbortSignal,
): Promise<T> {
  const to = { canister: EMPTY, effective: canister }
  return callMethod<T>(init, to, MANAGEMENT[method], [value], signal)
}

/** Asks a method; the answer is an endpoint's word alone. */
export async function queryMethod<T>(
  rpc: Endpoints,
  canister: Uint8Array,
  method: Method,
  values: readonly unknown[] = [],
  signal?: AbortSignal,
): Promise<T> {
  const question = { canister, method: method.name, arg: encodeTaken(method, values) }
  return decodeAnswer<T>(method, await rpc.run((at) => ask(at, 'query', question), signal))
}

/** What the network certifies of a canister; undefined where there is none. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function readCanister(
  rpc: Endpoints,
  canister: Uint8Array,
  signal?: AbortSignal,
): Promise<Certified | undefined> {
  return rpc.run((endpoint) => certifiedAt(endpoint, canister), signal)
}

/** The same, as one endpoint shows it. */
export async function certifiedAt(
  endpoint: Endpoint,
  canister: Uint8Array,
): Promise<Certified | undefined> {
  const path = (name: string): readonly [string, Uint8Array, string] => ['canister', canister, name]
  const paths = [path('module_hash'), path('controllers')]
  try {
    const shown = await ask(endpoint, 'read_state', { canister, paths })
    const controllers = shown.find(...path('controllers'))
    if (controllers === undefined) return undefined
    const hash = shown.find(...path('module_hash'))
    return {
      codeHash: hash && toHex(hash),
      controllers: controllersOf(controllers, (why) => badAnswer(endpoint.name, why)),
    }
  } catch (error) {
    // no subnet has an id of that sort
    if (isMerogateError(error, 'CHAIN_RPC') && error.details['code'] === 400) return undefined
    throw error
  }
}

function controllersOf(
  bytes: Uint8Array,
  wrong: (why: string) => MerogateError,
): readonly string[] {
  const list = decodeCbor(bytes, 'a list of controllers', wrong)
  if (!Array.isArray(list)) throw wrong('controllers of another shape')
  return list.map((one: unknown) => {
    if (one instanceof Uint8Array) return principalText(one)
    throw wrong('a controller of another shape')
  })
}

/** A section of a canister's module that everybody may read, as the network certifies it; undefined where there is none. */
export async function readMetadata(
  rpc: Endpoints,
  canister: Uint8Array,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = ['canister', canister, 'metadata', name] as const
  const found = await rpc.run(async (endpoint) => {
    return (await ask(endpoint, 'read_state', { canister, paths: [path] })).find(...path)
  }, signal)
  return found && new TextDecoder().decode(found)
}

/** The chain's time, ns since 1970, as the subnet of a canister certifies it. */
export async function readChainTime(
  rpc: Endpoints,
  canister: Uint8Array,
  signal?: AbortSignal,
): Promise<bigint> {
  const question = { canister, paths: [['time']] }
  return (await rpc.run((at) => ask(at, 'read_state', question), signal)).time
}

export function deployError(message: string, canister?: string, cause?: unknown): MerogateError {
  const details = canister === undefined ? {} : { canister }
  return chainError('icp', 'CHAIN_DEPLOY', message, details, { cause })
}

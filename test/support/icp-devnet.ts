/** A local Internet Computer with an agent, and what is done to its canisters. */
import {
  type ActorMethod,
  Actor,
  Certificate,
  HttpAgent,
  type Identity,
  isV2ResponseBody,
  isV3ResponseBody,
  lookupResultToBuffer,
  pollForResponse,
  type RequestId,
} from '@dfinity/agent'
import { IDL } from '@dfinity/candid'
import { Ed25519KeyIdentity } from '@dfinity/identity'
import { Principal } from '@dfinity/principal'
import { type IcpDevnet, type IcpDevnetInit, startIcpDevnet } from '../../src/devnet/icp/index.ts'
import {
  CANISTER,
  CHUNK_HASH,
  CHUNK_HASHES,
  INSTALL,
  INSTALL_CHUNKED,
  PROVISIONAL,
  STATUS,
  TOP_UP,
  UPDATE_SETTINGS,
  UPLOAD_CHUNK,
} from '../../src/devnet/icp/management/candid.ts'
import { EMPTY } from '../../src/node/primitives/bytes.ts'

/** Methods of an actor, by name. */
export type Methods = Record<string, ActorMethod<unknown[], unknown>>

const MANAGEMENT = Principal.managementCanister()
/** Takes every signature for good: where certificates are not the point. */
export const BELIEVE = (): boolean => true
const ANY_CANISTER = Principal.fromText('rwlgt-iiaaa-aaaaa-aaaaa-cai')

/** Arguments say which canister they are about. */
interface Targeted {
  readonly canister_id?: Principal
  readonly target_canister?: Principal
}

function targetOf({ canister_id: id, target_canister: target }: Targeted): Principal {
  return id ?? target ?? ANY_CANISTER
}

/** The management canister, as far as tests need it. */
const management: IDL.InterfaceFactory = () =>
  IDL.Service({
    provisional_create_canister_with_cycles: IDL.Func([PROVISIONAL], [CANISTER]),
    provisional_top_up_canister: IDL.Func([TOP_UP], []),
    install_code: IDL.Func([INSTALL], []),
    install_chunked_code: IDL.Func([INSTALL_CHUNKED], []),
    upload_chunk: IDL.Func([UPLOAD_CHUNK], [CHUNK_HASH]),
    stored_chunks: IDL.Func([CANISTER], [CHUNK_HASHES]),
    clear_chunk_store: IDL.Func([CANISTER], []),
    uninstall_code: IDL.Func([CANISTER], []),
    update_settings: IDL.Func([UPDATE_SETTINGS], []),
    start_canister: IDL.Func([CANISTER], []),
    stop_canister: IDL.Func([CANISTER], []),
    delete_canister: IDL.Func([CANISTER], []),
    canister_status: IDL.Func([CANISTER], [STATUS]),
  })

export type InstallMode = 'install' | 'reinstall' | 'upgrade'

/** What is done to canisters of any chain that makes them for nothing. */
export interface IcpHands {
  readonly agent: HttpAgent
  readonly management: Methods
  /** A canister with the module, and its methods. */
  install(wasm: Uint8Array, options?: InstallOptions): Promise<Principal>
  put(canister: Principal, wasm: Uint8Array, mode: InstallMode, arg?: Uint8Array): Promise<void>
  update(canister: Principal, method: string, arg?: Uint8Array): Promise<Uint8Array>
  query(canister: Principal, method: string, arg?: Uint8Array): Promise<Uint8Array>
}

export interface IcpWorld extends IcpHands, AsyncDisposable {
  readonly chain: IcpDevnet
}

export interface InstallOptions {
  readonly arg?: Uint8Array
  readonly cycles?: bigint
}

/** `isVerifying`: certificates of calls are verified, which takes longer than anything else. */
export async function openWorld(
  { isVerifying = false, ...init }: IcpDevnetInit & { isVerifying?: boolean } = {},
  identity: Identity = Ed25519KeyIdentity.generate(),
): Promise<IcpWorld> {
  const chain = await startIcpDevnet({ port: 0, ...init })
  const stop = (): Promise<void> => chain.stop()
  const hands = await openHands(chain, isVerifying, identity)
  return { chain, ...hands, [Symbol.asyncDispose]: stop }
}

/** The same at a chain that somebody else runs. */
export async function openHands(
  { url, rootKey }: Pick<IcpDevnet, 'url' | 'rootKey'>,
  isVerifying: boolean,
  identity: Identity = Ed25519KeyIdentity.generate(),
): Promise<IcpHands> {
  const agent = await HttpAgent.create({ host: url, identity, rootKey, retryTimes: 0 })
  const ic = Actor.createActor<Methods>(management, {
    ...{ agent, ...(isVerifying ? {} : { blsVerify: BELIEVE }) },
    canisterId: MANAGEMENT,
    callTransform: (_method, [arg]) => ({
      effectiveCanisterId: targetOf(arg as Targeted),
    }),
  })
  const call = (name: string, arg: object): Promise<unknown> => {
    const method = ic[name]
    if (method === undefined) throw new RangeError(`there is no ${name}`)
    return method(arg)
  }
  const put: IcpWorld['put'] = async (canister_id, wasm_module, mode, arg = EMPTY) => {
    const value = mode === 'upgrade' ? [] : null
    await call('install_code', { mode: { [mode]: value }, canister_id, wasm_module, arg })
  }
  return {
    ...{ agent, management: ic, put },
    async install(wasm, { arg, cycles } = {}) {
      const made = await call('provisional_create_canister_with_cycles', {
        amount: cycles === undefined ? [] : [cycles],
        ...{ settings: [], specified_id: [] },
      })
      const { canister_id: id } = made as { canister_id: Principal }
      await put(id, wasm, 'install', arg)
      return id
    },
    async update(canister, methodName, arg = EMPTY) {
      const certificates = { rootKey, isVerifying }
      return updateWith(agent, certificates, canister, methodName, arg)
    },
    async query(canister, methodName, arg = EMPTY) {
      const answer = await agent.query(canister, { methodName, arg })
      if (answer.status === 'replied') return new Uint8Array(answer.reply.arg)
      throw new Error(`${answer.reject_code} ${answer.error_code}: ${answer.reject_message}`)
    },
  }
}

/** A call with bytes for its argument and answer. @throws Error with codes and message of a rejection */
export async function updateWith(
  agent: HttpAgent,
  { rootKey, isVerifying }: { rootKey: Uint8Array; isVerifying: boolean },
  canisterId: Principal,
  methodName: string,
  arg: Uint8Array = EMPTY,
): Promise<Uint8Array> {
  const fields = { methodName, arg, effectiveCanisterId: canisterId }
  const { requestId, response } = await agent.call(canisterId, fields)
  const { body } = response
  if (isV2ResponseBody(body)) {
    throw new Error(`${body.reject_code} ${body.error_code}: ${body.reject_message}`)
  }
  if (!isV3ResponseBody(body)) {
    return (await pollForResponse(agent, canisterId, requestId)).reply
  }
  const { certificate: bytes } = body
  const certificate = await Certificate.create({
    ...{ certificate: bytes, rootKey, agent },
    ...{ canisterId, ...(isVerifying ? {} : { blsVerify: BELIEVE }) },
  })
  return replyOf(certificate, requestId)
}

/** What a certificate says of a call. */
export function replyOf(certificate: Certificate, requestId: RequestId): Uint8Array {
  const look = (name: string): Uint8Array | undefined =>
    lookupResultToBuffer(certificate.lookup_path(['request_status', requestId, name]))
  const text = (name: string): string => Buffer.from(look(name) ?? []).toString('utf8')
  const reply = look('reply')
  if (reply !== undefined) return reply
  const code = look('reject_code')?.[0]
  throw new Error(`${code} ${text('error_code')}: ${text('reject_message')}`)
}

/** Until so many messages wait: requests are on their way. */
export async function waitFor(chain: IcpDevnet, messages: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await chain.waiting()) >= messages) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`expected ${messages} messages to wait, ${await chain.waiting()} do`)
}

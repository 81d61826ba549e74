/** The management canister: what it does for canisters and, as far as they may ask, for people. */
import { concat, equalBytes, fromHex, toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { Canister } from '../canister/canister.ts'
import type { Chain } from '../chain/chain.ts'
import { uninstall } from '../chain/charging.ts'
import { answerStops, finishStopping, NO_VALUES, respond } from '../chain/contexts.ts'
import type { Message } from '../chain/state.ts'
import {
  BLOB,
  blobOf,
  decodeArgument,
  encodeValue,
  type Opt,
  principalOf,
} from '../codec/candid.ts'
import { Rejected } from '../errors.ts'
import { FEES, LIMITS } from '../parameters.ts'
import * as candid from './candid.ts'
import { installCode } from './install.ts'
import { queryManagement } from './logs.ts'
import { applySettings } from './settings.ts'
import { canisterStatus } from './status.ts'
import { checkController } from './target.ts'

/** Cycles of a canister that is made for nothing, when nothing else is said. */
const PROVISIONAL_CYCLES = 100_000_000_000_000n

type CallMessage = Extract<Message, { readonly type: 'call' }>

/** One call of a method. */
interface Call {
  readonly chain: Chain
  readonly message: CallMessage
  readonly arg: Uint8Array
  readonly caller: Uint8Array
  /** Cycles that came with it and are not taken. */
  available: bigint
}

/** Answers with bytes, or later. @throws Rejected */
type Method = (call: Call) => Uint8Array | undefined

/** Executes a call of the management canister and answers it. @throws Rejected */
export function callManagement(chain: Chain, message: CallMessage): void {
  const { method, arg, caller, origin, cycles } = message
  const run = METHODS[method]
  if (run === undefined || !Object.hasOwn(METHODS, method)) {
    throw new Rejected(5, 'IC0536', `Management canister has no method '${method}'`)
  }
  const call = { chain, message, arg, caller, available: cycles }
  const bytes = run(call)
  if (bytes !== undefined) respond(chain, origin, { type: 'reply', bytes }, call.available)
}

/** The canister that an argument names, for its controllers alone. @throws Rejected */
function controlled({ chain, arg, caller, message }: Call): Canister {
  const { canister_id: id } = decodeArgument<candid.CanisterArg>(candid.CANISTER, arg)
  const canister = chain.canister(id.toUint8Array())
  checkController(canister, caller, message.method)
  return canister
}

function settingsOf(canister: Canister, [settings]: Opt<candid.SettingsArg>): void {
  if (settings !== undefined) canister.settings = applySettings(canister.settings, settings)
}

/** Makes a canister, or nothing where its settings are not good. @throws Rejected */
export function createWith(
  chain: Chain,
  controller: Uint8Array,
  cycles: bigint,
  settings: Opt<candid.SettingsArg>,
  wanted?: Uint8Array,
): Canister {
  const canister = chain.create([controller], cycles, wanted)
  try {
    settingsOf(canister, settings)
  } catch (error) {
    chain.state.canisters.delete(canister.text)
    throw error
  }
  return canister
}

const METHODS: Readonly<Record<string, Method>> = {
  provisional_create_canister_with_cycles: ({ chain, arg, caller }) => {
    const wanted = decodeArgument<candid.ProvisionalArg>(candid.PROVISIONAL, arg)
    const [amount = PROVISIONAL_CYCLES] = wanted.amount
    const id = wanted.specified_id[0]?.toUint8Array()
    const canister = createWith(chain, caller, amount, wanted.settings, id)
    return encodeValue(candid.CANISTER, { canister_id: principalOf(canister.id) })
  },

  provisional_top_up_canister: ({ chain, arg }) => {
    const { canister_id: id, amount } = decodeArgument<candid.TopUpArg>(candid.TOP_UP, arg)
    chain.canister(id.toUint8Array()).cycles += amount
    return NO_VALUES
  },

  create_canister: (call) => {
    const { chain, arg, caller, available } = call
    const { settings } = decodeArgument<candid.CreateArg>(candid.CREATE, arg)
    const fee = FEES.createCanister
    if (available < fee) {
      const reason = `Creating a canister requires a fee of ${fee} that is deducted from the canister's initial balance but only ${available} cycles were received with the create_canister request.`
      throw new Rejected(4, 'IC0406', reason)
    }
    const canister = createWith(chain, caller, available - fee, settings)
    call.available = 0n
    return encodeValue(candid.CANISTER, { canister_id: principalOf(canister.id) })
  },

  install_code: (call) => {
    const arg = decodeArgument<candid.InstallArg>(candid.INSTALL, call.arg)
    const canister = controlled(call)
    installCode(call.chain, {
      ...{ canister, mode: arg.mode, caller: call.caller },
      ...{ wasm: blobOf(arg.wasm_module), arg: blobOf(arg.arg) },
    })
    return NO_VALUES
  },

  install_chunked_code: (call) => {
    const { chain, caller, message } = call
    const arg = decodeArgument<candid.InstallChunkedArg>(candid.INSTALL_CHUNKED, call.arg)
    const canister = chain.canister(arg.target_canister.toUint8Array())
    checkController(canister, caller, message.method)
    const [storeId] = arg.store_canister
    const store = storeId === undefined ? canister : chain.canister(storeId.toUint8Array())
    if (!equalBytes(store.id, caller)) checkController(store, caller, message.method)
    const chunks = arg.chunk_hashes_list.map(({ hash }) => {
      const chunk = store.chunks.get(toHex(blobOf(hash)))
      if (chunk !== undefined) return chunk
      const reason = `Error from Wasm chunk store: Chunk hash ${toHex(blobOf(hash))} was not found.`
      throw new Rejected(5, 'IC0402', reason)
    })
    const wasm = concat(...chunks)
    if (!equalBytes(sha256(wasm), blobOf(arg.wasm_module_hash))) {
      const reason = `Error from Wasm chunk store: Wasm module hash is not that of the chunks.`
      throw new Rejected(5, 'IC0402', reason)
    }
    installCode(chain, { canister, mode: arg.mode, wasm, arg: blobOf(arg.arg), caller })
    return NO_VALUES
  },

  upload_chunk: (call) => {
    const arg = decodeArgument<candid.UploadChunkArg>(candid.UPLOAD_CHUNK, call.arg)
    const { chain, caller, message } = call
    const canister = chain.canister(arg.canister_id.toUint8Array())
    if (!equalBytes(canister.id, caller)) checkController(canister, caller, message.method)
    const chunk = blobOf(arg.chunk)
    if (chunk.length > LIMITS.chunk) {
      const reason = `Wasm chunk size ${chunk.length} exceeds the maximum chunk size of ${LIMITS.chunk}.`
      throw new Rejected(5, 'IC0402', `Error from Wasm chunk store: ${reason}`)
    }
    const hash = sha256(chunk)
    const chunks = new Map(canister.chunks).set(toHex(hash), chunk)
    if (chunks.size > LIMITS.chunks) {
      const reason = `Wasm chunk store has already reached maximum capacity of ${LIMITS.chunks} chunks.`
      throw new Rejected(5, 'IC0402', `Error from Wasm chunk store: ${reason}`)
    }
    canister.chunks = chunks
    return encodeValue(candid.CHUNK_HASH, { hash })
  },

  stored_chunks: (call) => {
    const hashes = [...controlled(call).chunks.keys()].map((hash) => ({ hash: fromHex(hash) }))
    return encodeValue(candid.CHUNK_HASHES, hashes)
  },

  clear_chunk_store: (call) => {
    controlled(call).chunks = new Map()
    return NO_VALUES
  },

  uninstall_code: (call) => {
    uninstall(call.chain, controlled(call))
    return NO_VALUES
  },

  start_canister: (call) => {
    const canister = controlled(call)
    if (canister.status === 'stopping') {
      answerStops(call.chain, canister.text, () => ({
        ...{ type: 'reject', code: 4, errorCode: 'IC0406' },
        message: `Canister ${canister.text} has been started again`,
      }))
    }
    canister.status = 'running'
    canister.version++
    return NO_VALUES
  },

  stop_canister: (call) => {
    const { chain, message, available } = call
    const canister = controlled(call)
    if (canister.status === 'stopped') return NO_VALUES
    if (canister.status === 'running') {
      canister.status = 'stopping'
      canister.version++
    }
    chain.state.stopping.push({
      ...{ canister: canister.text, origin: message.origin, cycles: available },
      since: chain.now(),
    })
    finishStopping(chain, canister)
    return undefined
  },

  delete_canister: (call) => {
    const { chain } = call
    const canister = controlled(call)
    if (canister.status !== 'stopped') {
      const reason = `Canister ${canister.text} must be stopped before it is deleted.`
      throw new Rejected(5, 'IC0510', reason)
    }
    chain.state.canisters.delete(canister.text)
    chain.executor.forget(canister.text)
    return NO_VALUES
  },

  update_settings: (call) => {
    const { settings } = decodeArgument<candid.UpdateSettingsArg>(candid.UPDATE_SETTINGS, call.arg)
    const canister = controlled(call)
    settingsOf(canister, [settings])
    canister.version++
    return NO_VALUES
  },

  canister_status: (call) => {
    const { canister_id: id } = decodeArgument<candid.CanisterArg>(candid.CANISTER, call.arg)
    const isSelf = equalBytes(id.toUint8Array(), call.caller)
    return canisterStatus(isSelf ? call.chain.canister(call.caller) : controlled(call))
  },

  deposit_cycles: (call) => {
    const { canister_id: id } = decodeArgument<candid.CanisterArg>(candid.CANISTER, call.arg)
    call.chain.canister(id.toUint8Array()).cycles += call.available
    call.available = 0n
    return NO_VALUES
  },

  fetch_canister_logs: ({ chain, message }) => queryManagement(chain, message),

  raw_rand: ({ chain }) => encodeValue(BLOB, chain.random()),
}

/** Putting a module into a canister, and looking at what is there afterwards. */
import { fromHex, toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { CallsInit } from '../rpc/calls.ts'
import { MAX_CHUNK_BYTES, MAX_MODULE_BYTES } from '../limits.ts'
import { Principal } from '@dfinity/principal'
import { deployError, manage, readCanister, readMetadata } from './chain.ts'
import type { Module } from './modules.ts'

export interface Installation {
  readonly canister: Uint8Array
  readonly module: Module
  readonly mode: 'install' | 'upgrade'
  /** Candid. */
  readonly arg: Uint8Array
}

/** Installs, in one message or in chunks. Repeated after it was interrupted, it sends what is missing. @throws CHAIN_DEPLOY (chain) */
export async function install(
  init: CallsInit,
  { canister, module: { bytes, codeHash }, mode: name, arg }: Installation,
  signal?: AbortSignal,
): Promise<void> {
  const mode = name === 'upgrade' ? { upgrade: [] } : { install: null }
  const id = Principal.fromUint8Array(canister)
  if (bytes.length <= MAX_MODULE_BYTES) {
    const value = { mode, canister_id: id, wasm_module: bytes, arg }
    await manage(init, canister, 'install_code', value, signal)
    return
  }
  const about = { canister_id: id }
  const stored = await manage<StoredChunk[]>(init, canister, 'stored_chunks', about, signal)
  const known = new Set(stored.map(({ hash }) => toHex(Uint8Array.from(hash))))
  const hashes: string[] = []
  for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + MAX_CHUNK_BYTES)
    const hash = toHex(sha256(chunk))
    hashes.push(hash)
    if (!known.has(hash)) {
      await manage(init, canister, 'upload_chunk', { ...about, chunk }, signal)
    }
  }
  const chunks = hashes.map((hash) => ({ hash: fromHex(hash) }))
  const value = {
    ...{ mode, arg, target_canister: id, store_canister: [] },
    chunk_hashes_list: chunks,
    wasm_module_hash: fromHex(codeHash),
  }
  await manage(init, canister, 'install_chunked_code', value, signal)
  // they are paid for as long as they are there
  await manage(init, canister, 'clear_chunk_store', about, signal)
}

interface StoredChunk {
  readonly hash: Uint8Array | readonly number[]
}

/** Whether the network certifies that a canister has a module and offers its interface. @throws CHAIN_DEPLOY (chain) */
export async function checkInstalled(
  { rpc }: CallsInit,
  name: string,
  canister: Uint8Array,
  module: Module,
  signal?: AbortSignal,
): Promise<void> {
  const id = Principal.fromUint8Array(canister).toText()
  const found = await readCanister(rpc, canister, signal)
  if (found?.codeHash !== module.codeHash) {
    const got = found?.codeHash === undefined ? 'none' : `one of SHA-256 ${found.codeHash}`
    throw deployError(`expected the module of ${name} in ${id}, got ${got}`, id)
  }
  if ((await readMetadata(rpc, canister, 'candid:service', signal)) !== module.candid) {
    throw deployError(`expected the interface of ${name} in ${id}, got another`, id)
  }
}

/** Storage, contracts and their lifetimes (module `l`), and calls (`d`). */
import { hostError } from '../../value/errors.ts'
import { findKey, withKey, withoutKey } from '../../value/order.ts'
import { TAG, tagOf, type Val } from '../../value/word.ts'
import type { Executable } from '../../storage/entries.ts'
import { codeKey, dataKey, DURABILITY, instanceKey } from '../../storage/keys.ts'
import { type Address } from '../../value/address.ts'
import type { Host } from '../host.ts'
import { contractIdOf, createContract, updateExecutable, uploadCode } from '../lifecycle.ts'
import {
  ANY_ADDRESS,
  BYTES,
  CONTRACT,
  EXEC_TAG,
  fn,
  GIVE_ADDRESS,
  GIVE_BOOL,
  GIVE_BYTES,
  GIVE_EXEC_TAG,
  GIVE_VALUE,
  type HostFunctions,
  NOTHING,
  SCOPE,
  sized,
  STORAGE,
  STRING,
  SYMBOL,
  U32,
  VALUE,
  VEC,
} from './define.ts'

const INSTANCE = 2
/** Protocols by what they brought. */
const PARTS = 21
const CONSTRUCTORS = 22
const WITHIN = 26
const REFERENCES = 28

function durabilityOf(storage: number): number {
  return storage === 1 ? DURABILITY.persistent : DURABILITY.temporary
}

function keyOf(host: Host, key: Val, storage: number): string {
  const encoded = host.toXdr(key)
  if (encoded.length > host.info.parameters.contract.keyBytes) {
    throw hostError('Storage', 'ExceededLimit', 'the key of an entry is too long')
  }
  return dataKey(host.contract, encoded, durabilityOf(storage))
}

function put(host: Host, key: Val, value: Val, storage: number): void {
  if (tagOf(key) === TAG.execTag) checkReference(host, value, storage)
  if (storage === INSTANCE) {
    const instance = host.instanceMap()
    instance.map = withKey(host.objects, instance.map, key, value)
    instance.isChanged = true
    return
  }
  const at = keyOf(host, key, storage)
  host.storage.read(at)
  host.storage.put(at, {
    kind: 'data',
    contract: host.contract,
    key: host.toXdr(key),
    durability: durabilityOf(storage),
    value: host.toXdr(value),
  })
}

/** Under a tag of an executable is the hash of a module, for good. */
function checkReference(host: Host, value: Val, storage: number): void {
  if (storage !== 1) {
    const detail = 'executable reference entries may only use persistent storage'
    throw hostError('Storage', 'InvalidInput', detail)
  }
  const hash = tagOf(value) === TAG.bytes ? host.objects.bytes(value) : undefined
  if (hash?.length !== 32) {
    const detail = 'executable reference value must be a 32-byte Wasm hash'
    throw hostError('Storage', 'InvalidInput', detail)
  }
  checkCode(host, hash)
}

function checkCode(host: Host, hash: Uint8Array): void {
  if (!host.hasCode(hash)) throw hostError('Storage', 'MissingValue', 'Wasm does not exist')
}

function get(host: Host, key: Val, storage: number): Val {
  if (storage === INSTANCE) {
    const { value } = findKey(host.objects, host.instanceMap().map, key)
    if (value !== undefined) return value
    throw hostError('Storage', 'MissingValue', 'key is missing from instance storage', [key])
  }
  const slot = host.storage.read(keyOf(host, key, storage))
  if (slot === undefined) {
    const detail = 'trying to get non-existing value for contract data key'
    throw hostError('Storage', 'MissingValue', detail, [key])
  }
  if (slot.entry.kind !== 'data') throw hostError('Storage', 'InternalError', 'no data')
  return host.decoded(slot.entry.value)
}

function remove(host: Host, key: Val, storage: number): void {
  if (tagOf(key) === TAG.execTag) {
    const detail = 'executable reference entries cannot be deleted'
    throw hostError('Storage', 'InvalidAction', detail)
  }
  if (storage === INSTANCE) {
    const instance = host.instanceMap()
    instance.map = withoutKey(host.objects, instance.map, key)
    instance.isChanged = true
    return
  }
  host.storage.remove(keyOf(host, key, storage))
}

function extensibleKey(host: Host, key: Val, storage: number): string {
  if (storage !== INSTANCE) return keyOf(host, key, storage)
  const detail = 'instance storage cannot be extended through this function'
  throw hostError('Storage', 'InvalidAction', detail)
}

/** Keys of what a contract runs. */
function codeKeysOf(host: Host, contract: Address): readonly string[] {
  const { executable } = host.instanceOf(contract)
  const hash = host.codeOf(executable)
  const code = hash === undefined ? [] : [codeKey(hash)]
  return executable.kind === 'reference' ? [host.referenceKey(executable), ...code] : code
}

function extendAll(host: Host, keys: readonly string[], threshold: number, to: number): void {
  for (const key of keys) host.storage.extend(key, threshold, to)
}

function extendBoth(host: Host, contract: Address, threshold: number, to: number): void {
  extendAll(host, [instanceKey(contract), ...codeKeysOf(host, contract)], threshold, to)
}

function create(
  host: Host,
  deployer: Address,
  executable: Executable,
  salt: Uint8Array,
  args: readonly Val[],
): Address {
  const preimage = { kind: 'address', address: deployer, salt: sized(salt, 32, 'salt') } as const
  const encoded = args.map((one) => host.toXdr(one))
  return createContract(host, { preimage, executable, args: encoded }, args)
}

function wasm(hash: Uint8Array): Executable {
  return { kind: 'wasm', hash: sized(hash, 32, 'hash') }
}

export const LEDGER_FUNCTIONS: HostFunctions = {
  _: fn('put_contract_data', [VALUE, VALUE, STORAGE], NOTHING, put),
  0: fn('has_contract_data', [VALUE, STORAGE], GIVE_BOOL, (host, key, storage) =>
    storage === INSTANCE
      ? findKey(host.objects, host.instanceMap().map, key).value !== undefined
      : host.storage.has(keyOf(host, key, storage)),
  ),
  1: fn('get_contract_data', [VALUE, STORAGE], GIVE_VALUE, get),
  2: fn('del_contract_data', [VALUE, STORAGE], NOTHING, remove),
  3: fn(
    'create_contract',
    [ANY_ADDRESS, BYTES, BYTES],
    GIVE_ADDRESS,
    (host, deployer, hash, salt) => create(host, deployer, wasm(hash), salt, []),
  ),
  4: fn('create_asset_contract', [BYTES], GIVE_ADDRESS, (host, asset) => {
    const preimage = { kind: 'asset', asset } as const
    return createContract(host, { preimage, executable: { kind: 'asset' }, args: [] }, [])
  }),
  5: fn('upload_wasm', [BYTES], GIVE_BYTES, uploadCode),
  6: fn('update_current_contract_wasm', [BYTES], NOTHING, (host, hash) =>
    updateExecutable(host, wasm(hash)),
  ),
  7: fn(
    'extend_contract_data_ttl',
    [VALUE, STORAGE, U32, U32],
    NOTHING,
    (host, key, storage, threshold, to) =>
      host.storage.extend(extensibleKey(host, key, storage), threshold, to),
  ),
  8: fn(
    'extend_current_contract_instance_and_code_ttl',
    [U32, U32],
    NOTHING,
    (host, threshold, to) => extendBoth(host, host.contract, threshold, to),
  ),
  9: fn('extend_contract_instance_and_code_ttl', [CONTRACT, U32, U32], NOTHING, extendBoth),
  a: fn('get_contract_id', [ANY_ADDRESS, BYTES], GIVE_ADDRESS, (host, address, salt) =>
    contractIdOf(host, { kind: 'address', address, salt: sized(salt, 32, 'salt') }),
  ),
  b: fn('get_asset_contract_id', [BYTES], GIVE_ADDRESS, (host, asset) =>
    contractIdOf(host, { kind: 'asset', asset }),
  ),
  c: fn(
    'extend_contract_instance_ttl',
    [CONTRACT, U32, U32],
    NOTHING,
    (host, contract, threshold, to) => host.storage.extend(instanceKey(contract), threshold, to),
    PARTS,
  ),
  d: fn(
    'extend_contract_code_ttl',
    [CONTRACT, U32, U32],
    NOTHING,
    (host, contract, threshold, to) => extendAll(host, codeKeysOf(host, contract), threshold, to),
    PARTS,
  ),
  e: fn(
    'create_contract_with_constructor',
    [ANY_ADDRESS, BYTES, BYTES, VEC],
    GIVE_ADDRESS,
    (host, deployer, hash, salt, args) => create(host, deployer, wasm(hash), salt, args),
    CONSTRUCTORS,
  ),
  f: fn(
    'extend_contract_data_ttl_v2',
    [VALUE, STORAGE, U32, U32, U32],
    NOTHING,
    (host, key, storage, to, least, most) =>
      host.storage.extendWithin(extensibleKey(host, key, storage), to, least, most),
    WITHIN,
  ),
  g: fn(
    'extend_contract_instance_and_code_ttl_v2',
    [CONTRACT, SCOPE, U32, U32, U32],
    NOTHING,
    (host, contract, scope, to, least, most) => {
      const instance = scope === 2 ? [] : [instanceKey(contract)]
      const code = scope === 1 ? [] : codeKeysOf(host, contract)
      for (const key of [...instance, ...code]) host.storage.extendWithin(key, to, least, most)
    },
    WITHIN,
  ),
  h: fn('create_executable_tag', [STRING], GIVE_EXEC_TAG, (_, tag) => tag, REFERENCES),
  i: fn(
    'create_external_ref_contract',
    [ANY_ADDRESS, CONTRACT, EXEC_TAG, BYTES, VEC],
    GIVE_ADDRESS,
    (host, deployer, owner, tag, salt, args) =>
      create(host, deployer, { kind: 'reference', owner, tag }, salt, args),
    REFERENCES,
  ),
  j: fn(
    'update_current_contract_executable_ref',
    [CONTRACT, EXEC_TAG],
    NOTHING,
    (host, owner, tag) => updateExecutable(host, { kind: 'reference', owner, tag }),
    REFERENCES,
  ),
}

export const CALL_FUNCTIONS: HostFunctions = {
  _: fn('call', [CONTRACT, SYMBOL, VEC], GIVE_VALUE, (host, ...call) => host.call(...call)),
  0: fn('try_call', [CONTRACT, SYMBOL, VEC], GIVE_VALUE, (host, ...call) => host.tryCall(...call)),
}

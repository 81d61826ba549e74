/** What a contract keeps in its own entry: one map, read when it is first needed. */
import { COST } from '../budget/costs.ts'
import { XdrReader, XdrWriter } from '../codec/xdr.ts'
import { type Executable, type Instance, instanceValue, readInstance } from '../storage/entries.ts'
import { DURABILITY, INSTANCE_KEY, instanceKey } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { Address } from '../value/address.ts'
import { hostError } from '../value/errors.ts'
import type { MapEntries, Objects } from '../value/objects.ts'
import { readScVal, writeScVal } from '../value/scval.ts'
import type { Val } from '../value/word.ts'
import type { InstanceMap } from './frame.ts'

/** As much of the host as is needed here. */
interface Keeper {
  readonly objects: Objects
  readonly storage: Storage
}

export function loadInstanceMap(objects: Objects, { storage }: Instance): InstanceMap {
  if (storage === undefined) return { map: [], isChanged: false }
  objects.meter.charge(COST.valDeser, storage.length)
  const r = new XdrReader(storage)
  const map: (readonly [Val, Val])[] = []
  for (let left = r.count(); left > 0; left--) {
    const key = readScVal(objects, r)
    map.push([key, readScVal(objects, r)])
  }
  return { map, isChanged: false }
}

export function storeInstanceMap({ objects, storage }: Keeper, of: Address, map: MapEntries): void {
  const w = new XdrWriter().u32(map.length)
  for (const [key, value] of map) {
    writeScVal(objects, w, key)
    writeScVal(objects, w, value)
  }
  storeInstance({ objects, storage }, of, { storage: w.done() })
}

/** Writes a contract's own entry, or parts of it. */
export function storeInstance(
  { objects, storage }: Keeper,
  of: Address,
  parts: { readonly executable?: Executable; readonly storage?: Uint8Array },
): void {
  const key = instanceKey(of)
  const entry = storage.get(key)?.entry
  const old = entry?.kind === 'data' ? readInstance(entry.value) : undefined
  const executable = parts.executable ?? old?.executable
  if (executable === undefined) {
    throw hostError('Context', 'InternalError', 'a contract without executable')
  }
  const value = instanceValue({ executable, storage: parts.storage ?? old?.storage })
  objects.meter.charge(COST.valSer, value.length)
  const { persistent } = DURABILITY
  storage.put(key, { kind: 'data', contract: of, key: INSTANCE_KEY, durability: persistent, value })
}

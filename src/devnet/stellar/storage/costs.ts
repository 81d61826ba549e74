/**
 * What looking at storage costs. The host of the network keeps footprint and entries in sorted lists that are copied by each change, and looks
 * through them by halves: nothing of that happens here, but it is paid for.
 */
import { COST, type Meter } from '../budget/costs.ts'
import { fromBase64 } from '../codec/text.ts'
import { SCV } from '../value/scval.ts'
import { ENTRY, entryTypeOf } from './keys.ts'

/** Bytes of an item of each list. */
export const ITEM = { footprint: 17, entries: 52 } as const
/** Bytes of a key, and of a counted reference to it. */
const KEY = 168
const LIST = 24
/** Bytes that are compared of two keys: addresses, and what tells plain values apart, or of lists each value. */
const COMPARED = { address: 48, plain: 8, item: 16 }
/** Bytes of a value in a list. */
const VALUE = 96

/** Values in the list that a key of an entry of a contract is; none where it is no list. */
function itemsOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  const isOfAccount = view.getUint32(4) === 0
  const at = 4 + (isOfAccount ? 40 : 36)
  return view.getUint32(at) === SCV.vec ? view.getUint32(at + 8) : 0
}

export class StorageCosts {
  readonly #meter: Meter
  /** How many keys were met, and how many values are in the lists that they are. */
  #keys = 0
  #items = 0

  constructor(meter: Meter) {
    this.#meter = meter
  }

  #copy(bytes: number): void {
    this.#meter.charge(COST.memCpy, bytes)
  }

  /** Compares keys, which are as large as those that were met so far. */
  #compare(times: number): void {
    if (times <= 0) return
    const items = Math.round(this.#items / Math.max(1, this.#keys))
    this.#meter.charge(COST.memCmp, COMPARED.address, times)
    if (items === 0) this.#meter.charge(COST.memCmp, COMPARED.plain, times)
    else {
      this.#meter.charge(COST.memCpy, VALUE * items, times)
      this.#meter.charge(COST.memCmp, COMPARED.item, times * items)
    }
  }

  /** A key that is among the others from now on. */
  meet(key: string): void {
    this.#keys++
    if (entryTypeOf(key) === ENTRY.data) this.#items += itemsOf(fromBase64(key))
  }

  /** Looks an item up among so many. */
  find(item: number, count: number): void {
    const halves = count === 0 ? 0 : Math.floor(Math.log2(count)) + 1
    this.#copy(item * (halves + 1))
    this.#compare(halves)
    this.#copy(item)
  }

  /** Makes values of an entry's bytes. */
  decode(bytes: number): void {
    this.#meter.charge(COST.valDeser, bytes)
  }

  /** Puts an item into a list, which has so many then. */
  insert(item: number, count: number): void {
    this.#copy(item)
    this.find(item, count)
    this.#copy(LIST)
    this.#meter.charge(COST.memAlloc, item * count)
    this.#copy(item * count)
    this.#copy(item * count)
    this.#compare(count - 1)
  }

  /** Copies the list of entries, to come back to it. */
  copyEntries(count: number): void {
    this.#copy(LIST)
    this.#meter.charge(COST.memAlloc, ITEM.entries * count)
    this.#copy(ITEM.entries * count)
  }

  /** Makes both lists of what an invocation comes with: sizes of keys, and of the entries that there are. */
  begin(sizes: readonly { readonly key: number; readonly entry: number }[]): void {
    for (const [i, { entry }] of sizes.entries()) {
      for (const item of [ITEM.footprint, ITEM.entries]) {
        this.#copy(KEY)
        this.#meter.charge(COST.memAlloc, KEY)
        this.insert(item, i + 1)
      }
      if (entry === 0) continue
      this.#meter.charge(COST.memAlloc, entry)
      this.#copy(entry)
    }
    this.copyEntries(sizes.length)
  }

  /** Writes down what became of each key; `entry`: size of what is written. */
  end(sizes: readonly { readonly key: number; readonly entry: number }[]): void {
    for (const { key, entry } of sizes) {
      this.find(ITEM.entries, sizes.length)
      this.find(ITEM.entries, sizes.length)
      this.#meter.charge(COST.valSer, key)
      this.#meter.charge(COST.sha256, key)
      if (entry > 0) this.#meter.charge(COST.valSer, entry)
    }
  }
}

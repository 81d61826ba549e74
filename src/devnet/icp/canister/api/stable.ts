/** Functions on stable memory. */
import { Trap } from '../../errors.ts'
import { DIRTY_PAGE_INSTRUCTIONS, LIMITS } from '../../parameters.ts'
import { type ApiFunctions, type Machine, toNumber, type Word } from './machine.ts'

/** Pages that the old functions can address: 4 GiB. */
const OLD_PAGES = 65_536

export function stableFunctions(machine: Machine): ApiFunctions {
  const grow = (pages: Word, most: number): number => {
    const { stable } = machine
    const { size } = stable
    if (size + toNumber(pages) > most) return -1
    stable.grow(toNumber(pages))
    return size
  }
  const within = (offset: number, length: number): void => {
    if (machine.stable.holds(offset, length)) return
    throw new Trap('IC0502', 'Canister trapped: stable memory out of bounds')
  }
  const read = (target: Word, offset: Word, length: Word): void => {
    within(toNumber(offset), toNumber(length))
    machine.burn(toNumber(length))
    machine.write(target, machine.stable.read(toNumber(offset), toNumber(length)))
  }
  const write = (offset: Word, source: Word, length: Word): void => {
    within(toNumber(offset), toNumber(length))
    const bytes = machine.read(source, length)
    if (bytes.length === 0) return
    machine.burn(machine.stable.write(toNumber(offset), bytes) * DIRTY_PAGE_INSTRUCTIONS)
  }
  /** The old functions trap where there is more than they can address. */
  const old = (): void => {
    if (machine.stable.size <= OLD_PAGES) return
    throw new Trap(
      'IC0502',
      'Canister trapped: 32 bit stable memory api used on a memory larger than 4GB',
    )
  }
  return {
    stable_size: () => {
      old()
      return machine.stable.size
    },
    stable_grow: (pages: number) => {
      old()
      return grow(pages, OLD_PAGES)
    },
    stable_read: read,
    stable_write: write,
    stable64_size: () => BigInt(machine.stable.size),
    stable64_grow: (pages: bigint) => BigInt(grow(pages, LIMITS.stablePages)),
    stable64_read: read,
    stable64_write: write,
  }
}

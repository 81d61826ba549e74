/** What only a local network can do, by name over whatever reaches its chain. */
import type { LedgerMode } from './parameters.ts'

/** Ledgers, time, state and coins by hand. */
export interface StellarControls {
  /** Number of the last ledger. */
  sequence(): Promise<number>
  /** When the next ledger would close now, seconds since the Unix epoch. */
  now(): Promise<number>
  setLedgers(mode: LedgerMode): Promise<void>
  /** Closes ledgers, with what waits. @default one */
  close(ledgers?: number): Promise<void>
  /** How many transactions wait. */
  waiting(): Promise<number>
  /** Moves time on, for the ledgers to come. */
  moveTime(seconds: number): Promise<void>
  /**
   * Holds time: from now on all ledgers close in this second since the Unix epoch, until time is moved, or released by undefined; then it goes on from
   * there. @throws DEVNET_REQUEST (protocol) where that second is over
   */
  holdTime(second: number | undefined): Promise<void>
  /** Leaves out ledgers, and five seconds for each, in one step, however many they are; the last of them closes empty. */
  moveLedgers(ledgers: number): Promise<void>
  /** Keeps everything as it is. @returns what {@link revert} takes */
  snapshot(): Promise<number>
  /** Goes back to a snapshot, time included, which stays; those made after it are gone. @throws DEVNET_REQUEST (protocol) */
  revert(snapshot: number): Promise<void>
  /** Gives an account or a contract coins, in a ledger of its own; an account that is not there is made. @throws DEVNET_REQUEST (protocol) */
  fund(address: string, stroops: bigint): Promise<void>
  /** The next so many transactions are told to try again later, whatever they are. */
  refuse(transactions: number): Promise<void>
}

/** `call`: as `rpc/control.ts` has them, which says what each of them answers. */
export function controlsBy(
  call: (method: string, params: object) => Promise<unknown>,
): StellarControls {
  const send = (method: string, params: object = {}): Promise<unknown> => call(method, params)
  return {
    sequence: async () => (await send('sequence')) as number,
    now: async () => (await send('now')) as number,
    async setLedgers(mode) {
      await send('set_mode', { mode })
    },
    async close(ledgers = 1) {
      await send('close', { ledgers })
    },
    waiting: async () => (await send('waiting')) as number,
    async moveTime(seconds) {
      await send('move_time', { seconds })
    },
    async holdTime(second) {
      await send('hold_time', { second })
    },
    async moveLedgers(ledgers) {
      await send('move_ledgers', { ledgers })
    },
    snapshot: async () => (await send('snapshot')) as number,
    async revert(snapshot) {
      await send('revert', { snapshot })
    },
    async fund(address, stroops) {
      await send('fund', { address, stroops })
    },
    async refuse(transactions) {
      await send('refuse', { transactions })
    },
  }
}

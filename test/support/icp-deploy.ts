/** What tests look at on a local Internet Computer: its canisters and what was spent on them, asked as anybody may ask. */
import { createPrivateKey } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { Principal } from '@dfinity/principal'
import { IDL } from '@dfinity/candid'
import { CYCLES_LEDGER } from '../../src/chains/icp/constants.ts'
import { type Certified, readCanister } from '../../src/chains/icp/deploy/chain.ts'
import { type Module, moduleOf } from '../../src/chains/icp/deploy/modules.ts'
import { bytesOf, readBalance } from '../../src/chains/icp/deploy/plan.ts'
import { callCanister, type CallsInit } from '../../src/chains/icp/rpc/calls.ts'
import { icpRpc } from '../../src/chains/icp/rpc/rpc.ts'
import { senderOf } from '../../src/chains/icp/rpc/sender.ts'
import type { IcpDevnet } from '../../src/devnet/icp/index.ts'
import { concat, EMPTY, fromUtf8, utf8 } from '../../src/node/primitives/bytes.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'

export interface LookedChain extends AsyncDisposable {
  readonly calls: CallsInit
  canister(id: string): Promise<Certified | undefined>
  /** Cycles of the account in the ledger. */
  balance(): Promise<bigint>
  /** An empty canister of the account. */
  makeEmpty(): Promise<string>
}

/** Calls are signed by the account that the chain has. Whether certificates are good is not the point here. */
export function lookAt({ url, rootKey, account }: IcpDevnet): LookedChain {
  const clock = systemClock
  const sender = senderOf(createPrivateKey(account.pem))
  const rpc = icpRpc({
    ...{ urls: [url], rootKey, sender, clock, logger: silentLogger },
    verify: () => true,
  })
  const calls = { rpc, clock, pollMs: 10 }
  return {
    calls,
    canister: (id) => readCanister(rpc, bytesOf(id)),
    balance: () => readBalance(rpc, account.principal),
    async makeEmpty() {
      const arg = new Uint8Array(
        IDL.encode([PROVISIONAL], [{ amount: [], settings: [], specified_id: [] }]),
      )
      const method = 'provisional_create_canister_with_cycles'
      const effective = bytesOf(CYCLES_LEDGER)
      const end = await callCanister(calls, { canister: EMPTY, effective, method, arg })
      if (end.state !== 'replied') throw new Error(`expected a canister, got ${end.state}`)
      const [made] = IDL.decode([MADE], Uint8Array.from(end.reply))
      return (made as unknown as { canister_id: Principal }).canister_id.toText()
    },
    async [Symbol.asyncDispose]() {
      rpc.stop()
    },
  }
}

const PROVISIONAL = IDL.Record({
  amount: IDL.Opt(IDL.Nat),
  settings: IDL.Opt(IDL.Record({})),
  specified_id: IDL.Opt(IDL.Principal),
})
const MADE = IDL.Record({ canister_id: IDL.Principal })

/** The same module with another interface, or one that is the same but for its hash: as of another release. @param more that it carries */
export function otherRelease(
  { bytes }: Module,
  candid?: (text: string) => string,
  more: string = 'another',
): Module {
  const wasm = new Uint8Array(gunzipSync(bytes))
  const parts: Uint8Array[] = [wasm.subarray(0, 8)]
  for (let at = 8; at < wasm.length;) {
    const [size, start] = number(wasm, at + 1)
    const end = start + size
    const [length, from] = number(wasm, start)
    const isCustom = wasm[at] === 0
    const name = isCustom ? fromUtf8(wasm.subarray(from, from + length)) : ''
    if (name.endsWith('candid:service') && candid !== undefined) {
      parts.push(custom(name, candid(fromUtf8(wasm.subarray(from + length, end)))))
    } else parts.push(wasm.subarray(at, end))
    at = end
  }
  return moduleOf(concat(...parts, custom('release', more)))
}

function custom(name: string, text: string): Uint8Array {
  const body = concat(leb128(utf8(name).length), utf8(name), utf8(text))
  return concat(Uint8Array.of(0), leb128(body.length), body)
}

function leb128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Uint8Array.of(...bytes, rest)
}

/** A number of seven bits a byte, and where it ends. */
function number(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0
  for (let i = at; ; i++) {
    const byte = bytes[i] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (i - at))
    if (byte < 0x80) return [value, i + 1]
  }
}

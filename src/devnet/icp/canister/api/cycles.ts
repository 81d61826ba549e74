/** Functions on cycles: what a canister has, what comes with a call, and what things cost. */
import { callCost, freezingThreshold, httpRequestCost, totalOf } from '../../cycles.ts'
import { FEES } from '../../parameters.ts'
import { type ApiFunctions, join128, type Machine, unsigned, type Word } from './machine.ts'

const U64_MAX = 0xffff_ffff_ffff_ffffn
/** Answers of the functions for the cost of signing: there is no such key, nor curve. */
const UNKNOWN_CURVE = 1
const UNKNOWN_KEY = 2
/** Number of curves: secp256k1; BIP 340 and ed25519; BLS12-381. */
const CURVES = { ecdsa: 1, schnorr: 2, vetkd: 1 } as const
/** Keys that a development network has. */
const KEYS: readonly string[] = ['dfx_test_key', 'test_key_1', 'key_1']

export function cyclesFunctions(machine: Machine): ApiFunctions {
  const accept = (wanted: bigint): bigint => {
    const { frame } = machine
    const amount = wanted < frame.available ? wanted : frame.available
    frame.available -= amount
    frame.balance += amount
    return amount
  }
  const burn = (wanted: bigint): bigint => {
    const { frame } = machine
    const liquid = frame.balance - freezingThreshold(frame.canister)
    const most = liquid > 0n ? liquid : 0n
    const amount = wanted < most ? wanted : most
    frame.balance -= amount
    return amount
  }
  const liquid = (): bigint => {
    const rest = machine.frame.balance - freezingThreshold(machine.frame.canister)
    return rest > 0n ? rest : 0n
  }
  const small = (amount: bigint): bigint => (amount < U64_MAX ? amount : U64_MAX)
  const signing =
    (curves: number) =>
    (name: Word, length: Word, curve: number, target: Word): number => {
      const key = machine.readText(name, length)
      if (curve >>> 0 >= curves) return UNKNOWN_CURVE
      if (!KEYS.includes(key)) return UNKNOWN_KEY
      machine.write128(target, FEES.signature)
      return 0
    }
  return {
    msg_cycles_available: () => small(machine.frame.available),
    msg_cycles_available128: (to: Word) => machine.write128(to, machine.frame.available),
    msg_cycles_refunded: () => small(machine.frame.refunded),
    msg_cycles_refunded128: (to: Word) => machine.write128(to, machine.frame.refunded),
    msg_cycles_accept: (most: bigint) => accept(unsigned(most)),
    msg_cycles_accept128: (high: bigint, low: bigint, to: Word) =>
      machine.write128(to, accept(join128(high, low))),
    cycles_burn128: (high: bigint, low: bigint, to: Word) =>
      machine.write128(to, burn(join128(high, low))),
    canister_cycle_balance: () => small(machine.frame.balance),
    canister_cycle_balance128: (to: Word) => machine.write128(to, machine.frame.balance),
    canister_liquid_cycle_balance128: (to: Word) => machine.write128(to, liquid()),
    cost_call: (nameBytes: bigint, argBytes: bigint, to: Word) => {
      const bytes = unsigned(nameBytes) + unsigned(argBytes)
      const cost = callCost(bytes, machine.system.messageLimit, machine.isWide)
      machine.write128(to, totalOf(cost))
    },
    cost_create_canister: (to: Word) => machine.write128(to, FEES.createCanister),
    cost_http_request: (requestBytes: bigint, responseBytes: bigint, to: Word) =>
      machine.write128(to, httpRequestCost(unsigned(requestBytes), unsigned(responseBytes))),
    cost_sign_with_ecdsa: signing(CURVES.ecdsa),
    cost_sign_with_schnorr: signing(CURVES.schnorr),
    cost_vetkd_derive_key: signing(CURVES.vetkd),
  }
}

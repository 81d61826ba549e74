/** Canisters in WebAssembly text, for what no real one does. Answers are eight bytes, the lowest first. */
import { wat } from './wat.ts'

/** Imports of the functions of the system, as far as they are used below. */
const IMPORTS: Readonly<Record<string, string>> = {
  msg_reply: '',
  msg_reply_data_append: '(param i32 i32)',
  msg_reject: '(param i32 i32)',
  msg_arg_data_size: '(result i32)',
  msg_arg_data_copy: '(param i32 i32 i32)',
  msg_caller_size: '(result i32)',
  msg_caller_copy: '(param i32 i32 i32)',
  msg_reject_code: '(result i32)',
  msg_cycles_accept: '(param i64) (result i64)',
  msg_cycles_refunded: '(result i64)',
  msg_deadline: '(result i64)',
  accept_message: '',
  canister_cycle_balance: '(result i64)',
  canister_self_size: '(result i32)',
  canister_self_copy: '(param i32 i32 i32)',
  call_new: '(param i32 i32 i32 i32 i32 i32 i32 i32)',
  call_on_cleanup: '(param i32 i32)',
  call_data_append: '(param i32 i32)',
  call_cycles_add: '(param i64)',
  call_with_best_effort_response: '(param i32)',
  call_perform: '(result i32)',
  stable64_grow: '(param i64) (result i64)',
  stable64_read: '(param i64 i64 i64)',
  stable64_write: '(param i64 i64 i64)',
  certified_data_set: '(param i32 i32)',
  data_certificate_present: '(result i32)',
  data_certificate_size: '(result i32)',
  data_certificate_copy: '(param i32 i32 i32)',
  time: '(result i64)',
  global_timer_set: '(param i64) (result i64)',
  performance_counter: '(param i32) (result i64)',
  cost_call: '(param i64 i64 i32)',
  debug_print: '(param i32 i32)',
  trap: '(param i32 i32)',
}

/** A canister with one page of memory and `$answer`, which replies with a number. */
export function canister(body: string): Uint8Array {
  const used = Object.entries(IMPORTS).filter(
    ([name]) => body.includes(`$${name})`) || body.includes(`$${name} `),
  )
  const names = new Set([...used.map(([name]) => name), 'msg_reply', 'msg_reply_data_append'])
  const imports = [...names].map(
    (name) => `(import "ic0" "${name}" (func $${name} ${IMPORTS[name]}))`,
  )
  return wat(`(module
    ${imports.join('\n')}
    (memory 1)
    (func $answer (param $value i64)
      (i64.store (i32.const 0) (local.get $value))
      (call $msg_reply_data_append (i32.const 0) (i32.const 8))
      (call $msg_reply))
    ${body})`)
}

/** The number that a canister answered. */
export function numberOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
}

/**
 * Counts in a global, in memory and in stable memory: an answer is all three, each times a thousand more. `bad` counts, grows memory and
 * traps; `peek` counts in a query.
 */
export const COUNTER: Uint8Array = canister(`
  (global $g (mut i64) (i64.const 0))
  (func $bump
    (global.set $g (i64.add (global.get $g) (i64.const 1)))
    (i64.store (i32.const 16) (i64.add (i64.load (i32.const 16)) (i64.const 1)))
    (call $stable64_read (i64.const 24) (i64.const 0) (i64.const 8))
    (i64.store (i32.const 24) (i64.add (i64.load (i32.const 24)) (i64.const 1)))
    (call $stable64_write (i64.const 0) (i64.const 24) (i64.const 8)))
  (func $out
    (call $answer (i64.add (global.get $g) (i64.add
      (i64.mul (i64.load (i32.const 16)) (i64.const 1000))
      (i64.mul (i64.load (i32.const 24)) (i64.const 1000000))))))
  (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
  (func (export "canister_update ok") (call $bump) (call $out))
  (func (export "canister_update bad")
    (call $bump) (drop (memory.grow (i32.const 10))) (call $trap (i32.const 0) (i32.const 0)))
  (func (export "canister_query peek") (call $bump) (call $out))
  (func (export "canister_query loop") (loop (br 0)))
  (func (export "canister_update silent") (call $bump))`)

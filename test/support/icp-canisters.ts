/** Canisters in WebAssembly text, for what no real one does. Answers are a `nat64` of Candid: eight bytes behind a head. */
import { concat, EMPTY, utf8 } from '../../src/node/primitives/bytes.ts'
import { wat } from './wat.ts'

/** Imports of the functions of the system, as far as they are used below. */
const IMPORTS: Readonly<Record<string, string>> = {
  msg_reply: '',
  msg_reply_data_append: '(param i32 i32)',
  msg_arg_data_size: '(result i32)',
  msg_arg_data_copy: '(param i32 i32 i32)',
  msg_caller_size: '(result i32)',
  msg_method_name_copy: '(param i32 i32 i32)',
  msg_reject_code: '(result i32)',
  msg_cycles_accept: '(param i64) (result i64)',
  msg_deadline: '(result i64)',
  accept_message: '',
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

/** A canister with one page of memory and `$answer`, which replies with a `nat64`. Bytes from 1024 on are its own, and of `extra`. */
export function canister(body: string): Uint8Array {
  const names = Object.keys(IMPORTS).filter((name) => new RegExp(`\\$${name}\\b`).test(body))
  const all = new Set([...names, 'msg_reply', 'msg_reply_data_append'])
  const imports = [...all].map(
    (name) => `(import "ic0" "${name}" (func $${name} ${IMPORTS[name]}))`,
  )
  return wat(`(module
    ${imports.join('\n')}
    (memory 1)
    (data (i32.const 1024) "DIDL\\00\\01\\78")
    (func $answer (param $value i64)
      (i64.store (i32.const 1031) (local.get $value))
      (call $msg_reply_data_append (i32.const 1024) (i32.const 15))
      (call $msg_reply))
    ${body})`)
}

/** The number that a canister answered. */
export function numberOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8).getBigUint64(0, true)
}

/**
 * Counts in a global, in memory and in stable memory: an answer is all three, each times a thousand more. `bad` counts, grows memory and
 * traps; `peek` counts in a query; `silent` answers nothing.
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
  (func (export "canister_update silent") (call $bump))
  (func (export "canister_update accept")
    (call $answer (call $msg_cycles_accept (i64.const 400000000000))))
  (func (export "canister_update deadline") (call $answer (call $msg_deadline)))
  (func (export "canister_update cost")
    (call $cost_call (i64.const 0) (i64.const 0) (i32.const 32))
    (call $answer (i64.load (i32.const 32))))
  (func (export "canister_query name") (call $msg_method_name_copy (i32.const 0) (i32.const 0) (i32.const 1)))`)

/**
 * Calls what its argument says (see {@link callOf}) and answers with the answer, or with 1000 and the code of the rejection. `call_trap` traps
 * in the callback and cleans up; `state` tells how often a call was begun, and thousands of how often it was cleaned up after.
 */
export const PROXY: Uint8Array = canister(`
  (table funcref (elem $on_reply $on_reject $on_trap $on_cleanup))
  (global $begun (mut i64) (i64.const 0))
  (global $cleaned (mut i64) (i64.const 0))
  (func $on_reply (param i32) (local $n i32)
    (local.set $n (call $msg_arg_data_size))
    (call $msg_arg_data_copy (i32.const 8192) (i32.const 0) (local.get $n))
    (call $msg_reply_data_append (i32.const 8192) (local.get $n))
    (call $msg_reply))
  (func $on_reject (param i32)
    (call $answer (i64.add (i64.const 1000) (i64.extend_i32_u (call $msg_reject_code)))))
  (func $on_trap (param i32)
    (global.set $begun (i64.const 77)) (call $trap (i32.const 0) (i32.const 0)))
  (func $on_cleanup (param i32) (global.set $cleaned (i64.add (global.get $cleaned) (i64.const 1))))
  (func $begin (param $reply i32) (local $callee i32) (local $method i32) (local $end i32)
    (global.set $begun (i64.add (global.get $begun) (i64.const 1)))
    (local.set $end (i32.add (i32.const 2048) (call $msg_arg_data_size)))
    (call $msg_arg_data_copy (i32.const 2048) (i32.const 0) (call $msg_arg_data_size))
    (local.set $callee (i32.load8_u (i32.const 2048)))
    (local.set $method (i32.add (i32.const 2049) (local.get $callee)))
    (call $call_new (i32.const 2049) (local.get $callee)
      (i32.add (local.get $method) (i32.const 1)) (i32.load8_u (local.get $method))
      (local.get $reply) (i32.const 0) (i32.const 1) (i32.const 0))
    (call $call_on_cleanup (i32.const 3) (i32.const 0))
    (local.set $callee (i32.add (i32.add (local.get $method) (i32.const 1)) (i32.load8_u (local.get $method))))
    (call $call_data_append (local.get $callee) (i32.sub (local.get $end) (local.get $callee))))
  (func $perform
    (if (call $call_perform) (then (call $answer (i64.const 2000)))))
  (func (export "canister_update call") (call $begin (i32.const 0)) (call $perform))
  (func (export "canister_composite_query ask") (call $begin (i32.const 0)) (call $perform))
  (func (export "canister_update call_trap") (call $begin (i32.const 2)) (call $perform))
  (func (export "canister_update call_cycles")
    (call $begin (i32.const 0))
    (call $call_cycles_add (i64.const 1000000000000))
    (call $perform))
  (func (export "canister_update call_short")
    (call $begin (i32.const 0))
    (call $call_with_best_effort_response (i32.const 10))
    (call $perform))
  (func (export "canister_query state")
    (call $answer (i64.add (global.get $begun) (i64.mul (global.get $cleaned) (i64.const 1000)))))`)

/** Argument of {@link PROXY}. */
export function callOf(callee: Uint8Array, method: string, arg: Uint8Array = EMPTY): Uint8Array {
  const name = utf8(method)
  return concat(Uint8Array.of(callee.length), callee, Uint8Array.of(name.length), name, arg)
}

/** Takes messages of those who are somebody. `open` is answered. */
export const DOORKEEPER: Uint8Array = canister(`
  (func (export "canister_inspect_message")
    (if (i32.gt_u (call $msg_caller_size) (i32.const 1)) (then (call $accept_message))))
  (func (export "canister_update open") (call $answer (i64.const 1)))`)

/** Fires when it was told to (`set`, eight bytes), and counts. */
export const TIMER: Uint8Array = canister(`
  (global $fired (mut i64) (i64.const 0))
  (func (export "canister_update set")
    (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 8))
    (call $answer (call $global_timer_set (i64.load (i32.const 0)))))
  (func (export "canister_global_timer") (global.set $fired (i64.add (global.get $fired) (i64.const 1))))
  (func (export "canister_query fired") (call $answer (global.get $fired)))
  (func (export "canister_query now") (call $answer (call $time)))`)

/** Certifies four bytes; `certificate` answers with the certificate of them, `isThere` whether there is one. */
export const CERTIFIER: Uint8Array = canister(`
  (data (i32.const 64) "true")
  (func (export "canister_init") (call $certified_data_set (i32.const 64) (i32.const 4)))
  (func (export "canister_query isThere")
    (call $answer (i64.extend_i32_u (call $data_certificate_present))))
  (func (export "canister_query certificate") (local $n i32)
    (local.set $n (call $data_certificate_size))
    (call $data_certificate_copy (i32.const 4096) (i32.const 0) (local.get $n))
    (call $msg_reply_data_append (i32.const 4096) (local.get $n))
    (call $msg_reply))`)

/**
 * Issues delegations as Internet Identity does: `prepare` has the hash of a tree of signatures certified, `get` answers with the certificate of it
 * and the tree, each behind its length of four bytes. The tree comes with its hash, of whoever prepares: hashing takes more than is worth here.
 */
export const ISSUER: Uint8Array = canister(`
  (global $length (mut i32) (i32.const 0))
  (func (export "canister_update prepare")
    (global.set $length (i32.sub (call $msg_arg_data_size) (i32.const 32)))
    (call $msg_arg_data_copy (i32.const 2048) (i32.const 0) (call $msg_arg_data_size))
    (call $certified_data_set (i32.const 2048) (i32.const 32))
    (call $answer (i64.const 0)))
  (func (export "canister_query get") (local $n i32)
    (local.set $n (call $data_certificate_size))
    (i32.store (i32.const 32768) (local.get $n))
    (call $data_certificate_copy (i32.const 32772) (i32.const 0) (local.get $n))
    (call $msg_reply_data_append (i32.const 32768) (i32.add (local.get $n) (i32.const 4)))
    (i32.store (i32.const 32768) (global.get $length))
    (call $msg_reply_data_append (i32.const 32768) (i32.const 4))
    (call $msg_reply_data_append (i32.const 2080) (global.get $length))
    (call $msg_reply))`)

/** Writes its argument to stable memory before an upgrade and counts what is there after it; traps where the argument is nothing. */
export const UPGRADER: Uint8Array = canister(`
  (global $kept (mut i64) (i64.const 0))
  (func (export "canister_init") (drop (call $stable64_grow (i64.const 1))))
  (func (export "canister_pre_upgrade")
    (i64.store (i32.const 0) (i64.add (global.get $kept) (i64.const 1)))
    (call $stable64_write (i64.const 0) (i64.const 0) (i64.const 8)))
  (func (export "canister_post_upgrade")
    (if (i32.eqz (call $msg_arg_data_size)) (then (call $trap (i32.const 0) (i32.const 0))))
    (call $stable64_read (i64.const 0) (i64.const 0) (i64.const 8))
    (global.set $kept (i64.load (i32.const 0))))
  (func (export "canister_query kept") (call $answer (global.get $kept)))`)

/** Spins as often as its argument says, and answers with the instructions that it took before it answered. */
export const SPINNER: Uint8Array = canister(`
  (func (export "canister_update spin") (local $n i64)
    (call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 8))
    (local.set $n (i64.load (i32.const 0)))
    (loop $again
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $again (i64.gt_s (local.get $n) (i64.const 0))))
    (call $answer (call $performance_counter (i32.const 0))))
  (func (export "canister_update print")
    (call $debug_print (i32.const 1024) (i32.const 4)) (call $answer (i64.const 0)))
  (func (export "canister_update grow")
    (drop (memory.grow (i32.const 16))) (drop (call $stable64_grow (i64.const 16)))
    (call $answer (i64.const 0)))`)

/** Eight bytes, the lowest first. */
export function u64(value: bigint): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, value, true)
  return out
}

/** Contracts for the local Stellar network, written in WebAssembly text. */
import { concat, utf8 } from '../../src/node/primitives/bytes.ts'
import { wat } from './wat.ts'

/** Module of a contract: with the section that says what it was built for. */
export function stellarWat(text: string, protocol = 28): Uint8Array {
  const name = utf8('contractenvmetav0')
  const content = new Uint8Array(12)
  new DataView(content.buffer).setUint32(4, protocol)
  const body = concat(Uint8Array.of(name.length), name, content)
  return concat(wat(text), Uint8Array.of(0, body.length), body)
}

/** Functions of the host, by the names that they have here. */
const HOST: Readonly<Record<string, readonly [string, string, number]>> = {
  put: ['l', '_', 3],
  has: ['l', '0', 2],
  get: ['l', '1', 2],
  del: ['l', '2', 2],
  upload: ['l', '5', 1],
  extend: ['l', '7', 4],
  extend_self: ['l', '8', 2],
  create: ['l', 'e', 4],
  event: ['x', '1', 2],
  sequence: ['x', '3', 0],
  fail: ['x', '5', 1],
  self: ['x', '7', 0],
  auth: ['a', '0', 1],
  agree: ['a', '3', 1],
  call: ['d', '_', 3],
  try: ['d', '0', 3],
  ed25519: ['c', '0', 3],
  sha256: ['c', '_', 1],
  secp256k1: ['c', '2', 3],
  secp256r1: ['c', '3', 3],
  random: ['p', '0', 1],
  vec: ['v', '_', 0],
  push: ['v', '6', 2],
  bytes: ['b', '4', 0],
  append: ['b', 'e', 2],
  vec_get: ['v', '1', 2],
  map_put: ['m', '0', 3],
  map: ['m', '_', 0],
}

/** Imports of functions of the host. */
export function importStellar(...names: readonly string[]): string {
  return names
    .map((name) => {
      const [module, field, arity] = HOST[name] ?? ['', '', 0]
      const params = arity === 0 ? '' : `(param${' i64'.repeat(arity)})`
      return `(import "${module}" "${field}" (func $${name} ${params} (result i64)))`
    })
    .join('\n')
}

/** An exported function of so many arguments. */
export function stellarFunction(name: string, arity: number, body: string): string {
  const params = arity === 0 ? '' : `(param${' i64'.repeat(arity)})`
  return `(func (export "${name}") ${params} (result i64) ${body})`
}

const arg = (i: number): string => `(local.get ${i})`
/** A u32 as the number that it is. */
const u32 = (i: number): string => `(i64.shr_u (local.get ${i}) (i64.const 32))`
const VOID = '(i64.const 2)'

/** Keeps what it is given: `kind` is 0 temporary, 1 persistent, 2 instance. */
export const KEEPER: Uint8Array = stellarWat(`(module
  ${importStellar(...Object.keys(HOST))}
  (memory (export "memory") 1)
  ${stellarFunction('put', 3, `(call $put ${arg(0)} ${arg(1)} ${u32(2)})`)}
  ${stellarFunction('get', 2, `(call $get ${arg(0)} ${u32(1)})`)}
  ${stellarFunction('has', 2, `(call $has ${arg(0)} ${u32(1)})`)}
  ${stellarFunction('del', 2, `(call $del ${arg(0)} ${u32(1)})`)}
  ${stellarFunction('extend', 4, `(call $extend ${arg(0)} ${u32(1)} ${arg(2)} ${arg(3)})`)}
  ${stellarFunction('extend_self', 2, `(call $extend_self ${arg(0)} ${arg(1)})`)}
  ${stellarFunction('event', 2, `(call $event (call $push (call $vec) ${arg(0)}) ${arg(1)})`)}
  ${stellarFunction('sequence', 0, '(call $sequence)')}
  ${stellarFunction('fail', 1, `(call $fail (i64.or (i64.shl ${u32(0)} (i64.const 32)) (i64.const 3)))`)}
  ${stellarFunction('put_fail', 2, `(drop (call $put ${arg(0)} ${arg(1)} (i64.const 1))) (unreachable)`)}
  ${stellarFunction('auth_fail', 1, `(drop (call $auth ${arg(0)})) (unreachable)`)}
  ${stellarFunction('auth', 1, `(call $auth ${arg(0)})`)}
  ${stellarFunction('call', 3, `(call $call ${arg(0)} ${arg(1)} ${arg(2)})`)}
  ${stellarFunction('agree', 4, `(drop (call $agree ${arg(0)})) (call $call ${arg(1)} ${arg(2)} ${arg(3)})`)}
  ${stellarFunction('twice', 4, `(drop (call $call ${arg(0)} ${arg(1)} ${arg(2)})) (call $call ${arg(0)} ${arg(3)} ${arg(2)})`)}
  ${stellarFunction('try', 3, `(call $try ${arg(0)} ${arg(1)} ${arg(2)})`)}
  ${stellarFunction('try_put', 4, `(drop (call $try ${arg(0)} ${arg(1)} ${arg(2)})) (call $put ${arg(3)} ${arg(3)} (i64.const 1))`)}
  ${stellarFunction('ed25519', 3, `(call $ed25519 ${arg(0)} ${arg(1)} ${arg(2)})`)}
  ${stellarFunction('secp256k1', 3, `(call $secp256k1 ${arg(0)} ${arg(1)} ${arg(2)})`)}
  ${stellarFunction('secp256r1', 3, `(call $secp256r1 ${arg(0)} ${arg(1)} ${arg(2)})`)}
  ${stellarFunction('random', 1, `(call $random ${arg(0)})`)}
  ${stellarFunction('echo', 1, arg(0))}
  ${stellarFunction('loop', 0, `(loop (br 0)) ${VOID}`)}
  (func $deep (param i64) (result i64) (call $deep (local.get 0)))
  ${stellarFunction('deep', 0, `(call $deep ${VOID})`)}
  ${stellarFunction('grow', 1, `(drop (memory.grow (i32.wrap_i64 ${u32(0)}))) (call $sequence)`)}
  ${stellarFunction(
    'many',
    2,
    `(local i64)
    (loop
      (drop (call $put (i64.or (i64.shl (local.get 2) (i64.const 32)) (i64.const 4)) ${arg(1)} (i64.const 1)))
      (local.set 2 (i64.add (local.get 2) (i64.const 1)))
      (br_if 0 (i64.lt_u (local.get 2) ${u32(0)})))
    ${VOID}`,
  )}
  ${stellarFunction(
    'many_events',
    2,
    `(local i64)
    (loop
      (drop (call $event (call $push (call $vec) ${arg(1)}) ${arg(1)}))
      (local.set 2 (i64.add (local.get 2) (i64.const 1)))
      (br_if 0 (i64.lt_u (local.get 2) ${u32(0)})))
    ${VOID}`,
  )}
)`)

/** Keeps what its constructor got under itself. */
export const CONSTRUCTED: Uint8Array = stellarWat(`(module
  ${importStellar('put', 'get')}
  (memory (export "memory") 1)
  ${stellarFunction('__constructor', 1, `(call $put (i64.const 4) ${arg(0)} (i64.const 2))`)}
  ${stellarFunction('get', 0, '(call $get (i64.const 4) (i64.const 2))')}
)`)

/**
 * Shuts off what the machine itself offers: time, chance, threads, files and sockets that no port stands before would make two runs of one seed
 * differ. Inside of a simulation each throws, and is remembered, since whoever called may swallow the error. To be imported before anything else: it
 * takes what it shuts off in the whole process, and many modules take theirs when they are loaded.
 */
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import threads from 'node:worker_threads'
import zlib from 'node:zlib'

/** Whether a run is under way. */
let isShut = false

/** Done at once and in this thread: the same bytes, without the threads. */
const realGunzip = zlib.gunzip
Object.defineProperty(zlib, 'gunzip', {
  value(bytes: Uint8Array, options: zlib.ZlibOptions, done: zlib.CompressCallback): void {
    if (!isShut) return realGunzip(bytes, options, done)
    try {
      process.nextTick(done, null, zlib.gunzipSync(bytes, options))
    } catch (error) {
      process.nextTick(done, error)
    }
  },
})

type Owner = Record<string, unknown>

/** What was reached for, and how often. */
const reached = new Map<string, number>()

/** Ends a turn of the event loop. For the simulator itself. */
export const realImmediate: typeof setImmediate = globalThis.setImmediate
const realHrtime = process.hrtime.bigint

/** The machine's own time, ms; for telling how long a run took. */
export function realMs(): number {
  return Number(realHrtime() / 1_000n) / 1_000
}

/** Synchronous calls that give the same bytes each time, and harmless ones, are left open. */
const NATIVES: readonly (readonly [name: string, owner: object, members: readonly string[]])[] = [
  ['', globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket']],
  ['', globalThis, ['Date']],
  ['Date', Date, ['now']],
  ['Math', Math, ['random']],
  ['performance', performance, ['now']],
  ['process', process, ['hrtime']],
  ['process.hrtime', process.hrtime, ['bigint']],
  ['AbortSignal', AbortSignal, ['timeout']],
  ['WebAssembly', webAssembly(), ['compile', 'instantiate']],
  ['crypto', crypto, ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID']],
  ['crypto', crypto, ['generateKeyPair', 'generateKeyPairSync', 'generateKey', 'generateKeySync']],
  ['crypto', crypto, ['pbkdf2', 'scrypt', 'hkdf']],
  ['webcrypto', prototypeOf(crypto.webcrypto), ['getRandomValues', 'randomUUID']],
  ['crypto.subtle', prototypeOf(crypto.subtle), methods(crypto.subtle)],
  [
    'zlib',
    zlib,
    Object.keys(zlib).filter(
      (name) => /^(deflate|inflate|gzip|unzip)/.test(name) && !name.endsWith('Sync'),
    ),
  ],
  ['fs', fs, Object.keys(fs).filter((name) => /^[a-z]/.test(name) && name !== 'promises')],
  ['fs.promises', fs.promises, methods(fs.promises)],
  ['net', net, ['connect', 'createConnection', 'createServer']],
  ['dgram', dgram, ['createSocket']],
  ['dns', dns, ['lookup', 'resolve']],
  ['http', http, ['request', 'get', 'createServer']],
  ['https', https, ['request', 'get', 'createServer']],
  ['child_process', childProcess, ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync']],
  ['worker_threads', threads, ['Worker']],
]

/** The types here know no WebAssembly. */
function webAssembly(): object {
  return (globalThis as unknown as { WebAssembly: object }).WebAssembly
}

function prototypeOf(owner: object): object {
  return Object.getPrototypeOf(owner) as object // none of these is Object.prototype's
}

function methods(owner: object): string[] {
  const at = [owner, prototypeOf(owner)]
  return at
    .flatMap((one) => Object.getOwnPropertyNames(one))
    .filter((name) => name !== 'constructor' && typeof (owner as Owner)[name] === 'function')
}

function guard(name: string, owner: object, member: string): void {
  const real = (owner as Owner)[member]
  if (typeof real !== 'function') return
  const check = (args: readonly unknown[]): void => {
    // a date of a given time is no look at the clock
    if (!isShut || (name === 'Date' && args.length > 0)) return
    reached.set(name, (reached.get(name) ?? 0) + 1)
    throw new TypeError(`${name} was reached for inside of a simulation`)
  }
  const value = new Proxy(real, {
    apply(target, self, args: unknown[]): unknown {
      check(args)
      return Reflect.apply(target as (...args: unknown[]) => unknown, self, args)
    },
    construct(target, args: unknown[]): object {
      check(args)
      return Reflect.construct(target, args) as object
    },
  })
  Object.defineProperty(owner, member, { value, configurable: true, writable: true })
}

for (const [name, owner, members] of NATIVES) {
  for (const member of members) guard(name === '' ? member : `${name}.${member}`, owner, member)
}
syncBuiltinESMExports()

/** Runs work with everything native shut. @returns what was reached for all the same */
export async function shutNatives(work: () => Promise<void>): Promise<readonly string[]> {
  reached.clear()
  isShut = true
  try {
    await work()
  } finally {
    isShut = false
  }
  return [...reached].map(([name, times]) => `${name} ${times} times`)
}

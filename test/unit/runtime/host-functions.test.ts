import { generateKeyPairSync, sign } from 'node:crypto'
import { expect } from 'chai'
import { concat, EMPTY, fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import {
  MAX_BLOB_BYTES,
  MAX_BLOB_CHUNK_BYTES,
  MAX_BLOB_HANDLES,
} from '../../../src/node/runtime/limits.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import type { GuestBlobs } from '../../../src/node/runtime/wasm/blob-handles.ts'
import { Replica, sha256 } from '../../support/guest.ts'
import { loadWat, wat, WatData } from '../../support/wat.ts'
import { call, hostErrorOf, repeat, watGuest as guest } from '../../support/wat-guest.ts'

const ROOT = new Uint8Array(32).fill(9)

describe('host functions', () => {
  for (const generation of ['G1', 'G2'] as const) {
    it(`pass input, identity and results in ${generation}`, async () => {
      const data = new WatData()
      const to = data.room(64)
      const room = data.descriptor(to, 32)
      const result = data.struct(0, to, 32)
      const isG1 = generation === 'G1'
      const read = isG1 ? `i64.const ${to} i64.const 32` : `i64.const ${room}`
      const give = isG1 ? `i64.const 0 i64.const ${to} i64.const 32` : `i64.const ${result}`
      for (const [name, want] of [
        ['input', new Uint8Array(32).fill(1)],
        ['context_id', sha256('context')],
        ['executor_id', sha256('executor a')],
      ] as const) {
        const replica = await guest(
          [name, 'read_register', 'value_return', 'register_len'],
          data,
          `(call $${name} (i64.const 5))
           (if (i64.ne (call $register_len (i64.const 5)) (i64.const 32)) (then unreachable))
           (if (i64.ne (call $register_len (i64.const 6)) (i64.const -1)) (then unreachable))
           i64.const 5 ${read} call $read_register
           (if (i32.ne (i32.const 1)) (then unreachable))
           ${give} call $value_return`,
          { generation },
        )
        const outcome = call(replica, new Uint8Array(32).fill(1))
        expect(toHex(outcome.output ?? EMPTY)).to.equal(toHex(want))
      }
    })

    it(`store, log, emit and commit in ${generation}`, async () => {
      const data = new WatData()
      const isG1 = generation === 'G1'
      const key = data.bytes(new Uint8Array(32).fill(7))
      const value = data.bytes('value')
      const root = data.bytes(ROOT)
      const kind = data.bytes('Kind')
      const at = {
        key: data.descriptor(key, 32),
        value: data.descriptor(value, 5),
        root: data.descriptor(root, 32),
      }
      const event = data.struct(kind, 4, value, 5)
      const arg = (pointer: number, length: number, descriptor: number): string =>
        isG1 ? `(i64.const ${pointer}) (i64.const ${length})` : `(i64.const ${descriptor})`
      const eventArgs = isG1
        ? `(i64.const ${kind}) (i64.const 4) (i64.const ${value}) (i64.const 5)`
        : `(i64.const ${event})`
      const keyArg = arg(key, 32, at.key)
      const valueArg = arg(value, 5, at.value)
      const replica = await guest(
        [
          'storage_write',
          'storage_read',
          'storage_remove',
          'log_utf8',
          'emit',
          'commit',
          'time_now',
          'random_bytes',
        ],
        data,
        `(if (call $storage_read ${keyArg} (i64.const 0)) (then unreachable))
         (if (call $storage_remove ${keyArg} (i64.const 0)) (then unreachable))
         (if (call $storage_write ${keyArg} ${valueArg} (i64.const 0)) (then unreachable))
         (if (i32.eqz (call $storage_write ${keyArg} ${valueArg} (i64.const 0))) (then unreachable))
         (if (i32.eqz (call $storage_read ${keyArg} (i64.const 0))) (then unreachable))
         (call $log_utf8 ${valueArg})
         (call $emit ${eventArgs})
         (call $time_now ${arg(2048 * 16, 8, data.descriptor(2048 * 16, 8))})
         (call $random_bytes ${arg(2048 * 16, 9, data.descriptor(2048 * 16, 9))})
         (call $commit ${arg(root, 32, at.root)} ${valueArg})`,
        { generation },
      )
      const outcome = call(replica)
      expect(toHex(outcome.root ?? EMPTY)).to.equal(toHex(ROOT))
      expect(fromUtf8(outcome.artifact)).to.equal('value')
      expect(outcome.logs).to.deep.equal(['value'])
      expect(outcome.events.map((one) => [one.kind, fromUtf8(one.data)])).to.deep.equal([
        ['Kind', 'value'],
      ])
      expect(
        outcome.writes.map((row) => [toHex(row.key), row.value && fromUtf8(row.value)]),
      ).to.deep.equal([['07'.repeat(32), 'value']])
      expect(outcome.lastNs > 0n).to.equal(true)
    })

    it(`report panics with their place in ${generation}`, async () => {
      const data = new WatData()
      const message = data.bytes('oh no')
      const file = data.bytes('lib.rs')
      const location = data.bytes(
        concat(descriptorBytes(file, 6), Uint8Array.of(7, 0, 0, 0, 9, 0, 0, 0)),
      )
      const args =
        generation === 'G1'
          ? `(i64.const ${message}) (i64.const 5) (i64.const ${file}) (i64.const 6) (i32.const 7) (i32.const 9)`
          : `(i64.const ${data.descriptor(message, 5)}) (i64.const ${location})`
      const replica = await guest(['panic_utf8'], data, `(call $panic_utf8 ${args})`, {
        generation,
      })
      try {
        call(replica)
        expect.fail('it panics')
      } catch (error) {
        if (!isMerogateError(error, 'RUNTIME_PANIC')) throw error
        expect(error.message).to.equal('guest panicked: oh no at lib.rs:7:9')
        expect(error.kind).to.equal('guest')
        expect(error.details).to.deep.equal({
          type: 'HostError',
          data: {
            type: 'Panic',
            data: {
              context: 'Guest',
              message: 'oh no',
              location: { file: 'lib.rs', line: 7, column: 9 },
            },
          },
        })
      }
    })
  }

  it('lets unknown functions throw only when they are called', async () => {
    const module = await loadWat(
      wat(`(module (import "env" "js_crdt_map_new" (func $n (param i64) (result i32)))
        (memory (export "memory") 1) (func (export "ok")) (func (export "f") (drop (call $n (i64.const 0)))))`),
    )
    const replica = new Replica({
      module,
      name: 'a',
      wallNs: () => 1n,
      random: (n) => new Uint8Array(n),
    })
    expect(replica.callBytes('ok', EMPTY).root).to.equal(undefined)
    expect(hostErrorOf(() => call(replica))).to.equal('RUNTIME_LINK')
  })

  it('verify signatures', async () => {
    const pair = generateKeyPairSync('ed25519')
    const key = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    const message = utf8('hello')
    const signature = sign(null, message, pair.privateKey)
    for (const [want, ...parts] of [
      [1, signature, key, message],
      [0, signature, key, utf8('hullo')],
    ] as const) {
      const data = new WatData()
      const args = parts.map((part) => `(i64.const ${data.buffer(part)})`).join(' ')
      const replica = await guest(
        ['ed25519_verify'],
        data,
        `(if (i32.ne (call $ed25519_verify ${args}) (i32.const ${want})) (then unreachable))`,
      )
      expect(call(replica).root).to.equal(undefined)
    }
    const data = new WatData()
    const args = [signature.subarray(1), key, message]
      .map((part) => `(i64.const ${data.buffer(part)})`)
      .join(' ')
    const replica = await guest(['ed25519_verify'], data, `(drop (call $ed25519_verify ${args}))`)
    expect(hostErrorOf(() => call(replica))).to.equal('InvalidMemoryAccess')
  })

  it('keep private rows apart, also when nothing is committed', async () => {
    const data = new WatData()
    const key = data.buffer(new Uint8Array(32).fill(7))
    const value = data.buffer('secret')
    const replica = await guest(
      ['private_storage_read', 'private_storage_write', 'private_storage_remove', 'storage_read'],
      data,
      `(if (call $private_storage_read (i64.const ${key}) (i64.const 0))
         (then (drop (call $private_storage_remove (i64.const ${key}) (i64.const 0))))
         (else (drop (call $private_storage_write (i64.const ${key}) (i64.const ${value})))))
       (if (call $storage_read (i64.const ${key}) (i64.const 0)) (then unreachable))`,
    )
    const first = call(replica)
    expect(first.writes).to.deep.equal([])
    expect(first.privateWrites.map((row) => row.value && fromUtf8(row.value))).to.deep.equal([
      'secret',
    ])
    expect(call(replica).privateWrites.map((row) => row.value)).to.deep.equal([undefined])
  })

  it('keep an ordered index, and undo what a failed call did to it', async () => {
    const data = new WatData()
    const [a, b, c, low, high] = ['ka', 'kb', 'kc', 'k', 'l'].map((key) => data.buffer(key)) as [
      number,
      number,
      number,
      number,
      number,
    ]
    const set = (key: number): string =>
      `(drop (call $storage_index_set (i64.const ${key}) (i64.const ${key})))`
    const replica = await guest(
      [
        'storage_index_set',
        'storage_index_remove',
        'storage_index_scan',
        'storage_index_last',
        'storage_index_remove_prefix',
        'register_len',
      ],
      data,
      `${set(b)} ${set(a)} ${set(c)} (drop (call $storage_index_remove (i64.const ${b})))
       (if (i32.eqz (call $storage_index_scan (i64.const ${low}) (i64.const ${high}) (i64.const 0) (i64.const 0) (i64.const 1))) (then unreachable))
       (if (i64.ne (call $register_len (i64.const 1)) (i64.const ${4 + 2 * (4 + 2 + 4 + 2)})) (then unreachable))
       (if (i32.eqz (call $storage_index_scan (i64.const ${low}) (i64.const ${high}) (i64.const 1) (i64.const 2) (i64.const 1))) (then unreachable))
       (if (i64.ne (call $register_len (i64.const 1)) (i64.const ${4 + 4 + 2 + 4 + 2})) (then unreachable))
       (if (i32.eqz (call $storage_index_last (i64.const ${low}) (i64.const ${high}) (i64.const 1))) (then unreachable))`,
      {
        more: `(func (export "clear_then_fail") (drop (call $storage_index_remove_prefix (i64.const ${low}))) unreachable)
               (func (export "clear") (drop (call $storage_index_remove_prefix (i64.const ${low}))))`,
      },
    )
    const first = await replica.prepared('f', EMPTY)
    expect(
      (first.indexWrites ?? []).map((row) => [fromUtf8(row.key), row.value !== undefined]),
    ).to.have.deep.members([
      ['kb', false],
      ['ka', true],
      ['kc', true],
    ])
    expect(hostErrorOf(() => replica.callBytes('clear_then_fail', EMPTY))).to.equal('RUNTIME_TRAP')
    const cleared = replica.callBytes('clear', EMPTY).indexWrites ?? []
    expect(cleared.map((row) => [fromUtf8(row.key), row.value])).to.have.deep.members([
      ['ka', undefined],
      ['kc', undefined],
    ])
  })

  it('ask for members, contexts and proposals without touching them', async () => {
    const data = new WatData()
    const key = data.buffer(new Uint8Array(32).fill(3))
    const text = data.buffer('near')
    const room = data.descriptor(data.room(32), 32)
    const replica = await guest(
      [
        'context_add_member',
        'context_remove_member',
        'context_create',
        'context_delete',
        'context_is_member',
        'context_members',
        'context_resolve_alias',
        'send_proposal',
        'approve_proposal',
        'register_len',
      ],
      data,
      `(call $context_add_member (i64.const ${key})) (call $context_remove_member (i64.const ${key}))
       (call $context_create (i64.const ${text}) (i64.const ${key}) (i64.const ${text}) (i64.const 0))
       (call $context_create (i64.const ${text}) (i64.const ${key}) (i64.const ${text}) (i64.const ${text}))
       (call $context_delete (i64.const ${key}))
       (if (call $context_is_member (i64.const ${key})) (then unreachable))
       (call $context_members (i64.const 1))
       (if (i64.ne (call $register_len (i64.const 1)) (i64.const 4)) (then unreachable))
       (if (call $context_resolve_alias (i64.const ${text}) (i64.const 1)) (then unreachable))
       (call $send_proposal (i64.const ${text}) (i64.const ${room}))
       (call $approve_proposal (i64.const ${room}))`,
    )
    const requests = call(replica).requests ?? []
    expect(requests.map((one) => one.kind)).to.deep.equal([
      ...[
        'addMember',
        'removeMember',
        'createContext',
        'createContext',
        'deleteContext',
        'propose',
        'approve',
      ],
    ])
    expect(requests[3]).to.include({ alias: 'near', protocol: 'near' })
    const [proposal, approval] = requests.slice(5)
    expect(proposal).to.have.deep.property('proposal', new Uint8Array(32).fill(0x5a))
    expect(approval).to.have.deep.property('proposal', new Uint8Array(32).fill(0x5a))
  })

  describe('blobs', () => {
    const stored = utf8('stored bytes')
    const blobs: GuestBlobs = {
      has: (blob) => blob[0] === 1,
      read: (blob, offset, length) =>
        blob[0] === 1 ? stored.subarray(offset, offset + length) : undefined,
    }
    const imports = [
      'blob_create',
      'blob_write',
      'blob_open',
      'blob_read',
      'blob_close',
      'blob_announce_to_context',
    ]

    it('are made, read and announced', async () => {
      const data = new WatData()
      const id = data.buffer(new Uint8Array(32).fill(1))
      const absent = data.buffer(new Uint8Array(32).fill(2))
      const bytes = data.buffer('made here')
      const made = data.descriptor(data.room(32), 32)
      const to = data.descriptor(data.room(64), 8)
      const context = data.buffer(sha256('context'))
      const replica = await guest(
        imports,
        data,
        `(local.set $fd (call $blob_create))
         (if (i64.ne (local.get $fd) (i64.const 1)) (then unreachable))
         (if (i64.ne (call $blob_write (local.get $fd) (i64.const ${bytes})) (i64.const 9)) (then unreachable))
         (drop (call $blob_close (local.get $fd) (i64.const ${made})))
         (local.set $fd (call $blob_open (i64.const ${made})))
         (if (i64.ne (call $blob_read (local.get $fd) (i64.const ${to})) (i64.const 8)) (then unreachable))
         (if (i64.ne (call $blob_read (local.get $fd) (i64.const ${to})) (i64.const 1)) (then unreachable))
         (if (i64.ne (call $blob_read (local.get $fd) (i64.const ${to})) (i64.const 0)) (then unreachable))
         (local.set $fd (call $blob_open (i64.const ${id})))
         (if (i64.ne (call $blob_read (local.get $fd) (i64.const ${to})) (i64.const 8)) (then unreachable))
         (local.set $fd (call $blob_open (i64.const ${absent})))
         (if (i64.ne (call $blob_read (local.get $fd) (i64.const ${to})) (i64.const 0)) (then unreachable))
         (if (i32.eqz (call $blob_announce_to_context (i64.const ${made}) (i64.const ${context}))) (then unreachable))
         (if (call $blob_announce_to_context (i64.const ${made}) (i64.const ${id})) (then unreachable))`,
        { blobs, locals: '(local $fd i64)' },
      )
      const outcome = call(replica)
      expect((outcome.blobContents ?? []).map(fromUtf8)).to.deep.equal(['made here'])
      expect(outcome.blobs.map(toHex)).to.deep.equal([toHex(sha256(sha256('made here')))])
      expect((outcome.requests ?? []).map((one) => one.kind)).to.deep.equal(['announceBlob'])
    })

    it('need a store', async () => {
      const replica = await guest(imports, new WatData(), '(drop (call $blob_create))')
      expect(hostErrorOf(() => call(replica))).to.equal('BlobsNotSupported')
    })

    for (const [want, body, count] of [
      [
        'InvalidBlobHandle',
        (at: number) => `(drop (call $blob_write (i64.const 5) (i64.const ${at})))`,
        1,
      ],
      [
        'InvalidBlobHandle',
        (at: number) => `(drop (call $blob_close (i64.const 1) (i64.const ${at})))`,
        1,
      ],
      ['TooManyBlobHandles', () => '(drop (call $blob_create))', MAX_BLOB_HANDLES + 1],
      ['none', () => '(drop (call $blob_create))', MAX_BLOB_HANDLES],
    ] as const) {
      it(`end with ${want} after ${count} calls`, async () => {
        const data = new WatData()
        const at = data.descriptor(data.room(32), 32)
        const replica = await guest(imports, data, repeat(count, body(at)), {
          blobs,
          locals: '(local $i i32)',
        })
        expect(hostErrorOf(() => call(replica))).to.equal(want)
      })
    }

    it('are bounded in size', async () => {
      const write = async (length: number, count: number): Promise<unknown> => {
        const data = new WatData()
        const bytes = data.descriptor(0, length)
        const replica = await guest(
          imports,
          data,
          `(drop (memory.grow (i32.const 200))) (local.set $fd (call $blob_create))
           ${repeat(count, `(drop (call $blob_write (local.get $fd) (i64.const ${bytes})))`)}`,
          { blobs, locals: '(local $i i32) (local $fd i64)' },
        )
        return hostErrorOf(() => call(replica))
      }
      expect(await write(MAX_BLOB_CHUNK_BYTES, 1)).to.equal('none')
      expect(await write(MAX_BLOB_CHUNK_BYTES + 1, 1)).to.equal('BlobWriteTooLarge')
      const piece = MAX_BLOB_BYTES / 8
      expect(await write(piece, 8)).to.equal('none')
      expect(await write(piece, 9)).to.equal('TotalBlobMemoryExceeded')
    })
  })

  describe('refuse', () => {
    for (const [what, want, imports, body] of [
      [
        'an address outside of memory',
        'InvalidMemoryAccess',
        ['log_utf8'],
        () => '(call $log_utf8 (i64.const 200000))',
      ],
      [
        'an address of 64 bits',
        'InvalidMemoryAccess',
        ['log_utf8'],
        () => '(call $log_utf8 (i64.const -8))',
      ],
      [
        'a buffer that ends outside',
        'InvalidMemoryAccess',
        ['log_utf8'],
        (data) => `(call $log_utf8 (i64.const ${data.descriptor(131_000, 100)}))`,
      ],
      [
        'a pointer of more than 32 bits',
        'InvalidMemoryAccess',
        ['log_utf8'],
        (data) => `(call $log_utf8 (i64.const ${data.descriptor(2 ** 32, 1)}))`,
      ],
      [
        'a length of more than 32 bits',
        'InvalidMemoryAccess',
        ['log_utf8'],
        (data) => `(call $log_utf8 (i64.const ${data.descriptor(0, 2 ** 32)}))`,
      ],
      [
        'text that is not UTF-8',
        'BadUTF8',
        ['log_utf8'],
        (data) => `(call $log_utf8 (i64.const ${data.buffer(Uint8Array.of(0xff))}))`,
      ],
      [
        'a register that is not set',
        'InvalidRegisterId',
        ['read_register'],
        (data) => `(drop (call $read_register (i64.const 1) (i64.const ${data.buffer('x')})))`,
      ],
      [
        'a second commit',
        'InvalidMemoryAccess',
        ['commit'],
        (data) => {
          const c = `(call $commit (i64.const ${data.buffer(ROOT)}) (i64.const ${data.buffer('x')}))`
          return c + c
        },
      ],
      [
        'a root of other length',
        'InvalidMemoryAccess',
        ['commit'],
        (data) => `(call $commit (i64.const ${data.buffer('x')}) (i64.const ${data.buffer('x')}))`,
      ],
      [
        'a commit without actions',
        'RUNTIME_ARTIFACT_INVALID',
        ['commit'],
        (data) => `(call $commit (i64.const ${data.buffer(ROOT)}) (i64.const ${data.buffer('')}))`,
      ],
      [
        'time into other than 8 bytes',
        'InvalidMemoryAccess',
        ['time_now'],
        (data) => `(call $time_now (i64.const ${data.buffer('1234567')}))`,
      ],
      [
        'the same alias twice',
        'AliasAlreadyExists',
        ['context_create'],
        (data) => {
          const c = `(call $context_create (i64.const ${data.buffer('near')}) (i64.const ${data.buffer(ROOT)}) (i64.const ${data.buffer('')}) (i64.const ${data.buffer('a')}))`
          return c + c
        },
      ],
    ] as readonly (readonly [string, string, string[], (data: WatData) => string])[]) {
      it(what, async () => {
        const data = new WatData()
        const replica = await guest(imports, data, body(data))
        expect(hostErrorOf(() => call(replica))).to.equal(want)
      })
    }
  })

  it('hash keys that are no digests, so that no two meet', async () => {
    const data = new WatData()
    const write = (key: string): string =>
      `(drop (call $storage_write (i64.const ${data.buffer(key)}) (i64.const ${data.buffer(key)}) (i64.const 0)))`
    const commit = `(call $commit (i64.const ${data.buffer(ROOT)}) (i64.const ${data.buffer('x')}))`
    const body = `${write('k')} ${write('k\0')} ${write('k'.repeat(33))} ${commit}`
    const replica = await guest(['storage_write', 'commit'], data, body)
    const { writes } = call(replica)
    expect(writes.map((row) => row.key.length)).to.deep.equal([32, 32, 32])
    expect(new Set(writes.map((row) => toHex(row.key))).size).to.equal(3)
  })
})

function descriptorBytes(at: number, length: number): Uint8Array {
  const out = new Uint8Array(16)
  const view = new DataView(out.buffer)
  view.setUint32(0, at, true)
  view.setUint32(8, length, true)
  return out
}

import { expect } from 'chai'
import {
  MAX_ALIAS_BYTES,
  MAX_ARTIFACT_BYTES,
  MAX_CROSS_CALL_METHOD_BYTES,
  MAX_CROSS_CALL_PARAMS_BYTES,
  MAX_CROSS_CALLS,
  MAX_EVENT_DATA_BYTES,
  MAX_EVENT_HANDLER_BYTES,
  MAX_EVENT_KIND_BYTES,
  MAX_EVENTS,
  MAX_INDEX_BYTES,
  MAX_INPUT_BYTES,
  MAX_KEY_BYTES,
  MAX_LOG_BYTES,
  MAX_LOGS,
  MAX_METHOD_NAME_BYTES,
  MAX_OUTPUT_BYTES,
  MAX_PANIC_BYTES,
  MAX_PROPOSAL_BYTES,
  MAX_REGISTERS,
  MAX_REQUESTS,
  MAX_VALUE_BYTES,
  MAX_WRITES,
  MAX_WRITTEN_BYTES,
} from '../../../src/node/runtime/limits.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { concat, EMPTY, utf8 } from '../../../src/node/primitives/bytes.ts'
import { OrderedIndex } from '../../../src/node/runtime/wasm/rows.ts'
import { thrownCode } from '../../support/error-code.ts'
import { WatData, words } from '../../support/wat.ts'
import { call, hostErrorOf, repeat, watGuest } from '../../support/wat-guest.ts'

const ROOT = new Uint8Array(32).fill(9)

describe('limits of host functions, at the bound and one past it', () => {
  /** Runs `body` with a descriptor of `length` bytes at address 0 as `$AT`. */
  const sized = async (
    imports: string[],
    length: number,
    body: (at: number, data: WatData) => string,
  ): Promise<unknown> => {
    const data = new WatData()
    const at = data.descriptor(0, length)
    const text = `(drop (memory.grow (i32.const 600))) ${body(at, data)}`
    const replica = await watGuest(imports, data, text, { locals: '(local $i i32)' })
    return hostErrorOf(() => call(replica))
  }
  const event = (data: WatData, kind: number, bytes: number): number =>
    data.struct(0, kind, 0, bytes)

  for (const [what, want, limit, imports, body] of [
    [
      'a log line',
      'LogLengthOverflow',
      MAX_LOG_BYTES,
      ['log_utf8'],
      (at) => `(call $log_utf8 (i64.const ${at}))`,
    ],
    [
      'a return value',
      'ReturnValueSizeOverflow',
      MAX_OUTPUT_BYTES,
      ['value_return'],
      (_at, data, length) => `(call $value_return (i64.const ${data.struct(0, 0, length)}))`,
    ],
    [
      'an artefact',
      'ArtifactSizeOverflow',
      MAX_ARTIFACT_BYTES,
      ['commit'],
      (at, data) => `(call $commit (i64.const ${data.buffer(ROOT)}) (i64.const ${at}))`,
    ],
    [
      'a key',
      'KeyLengthOverflow',
      MAX_KEY_BYTES,
      ['storage_read'],
      (at) => `(drop (call $storage_read (i64.const ${at}) (i64.const 0)))`,
    ],
    [
      'a written key',
      'KeyLengthOverflow',
      MAX_KEY_BYTES,
      ['storage_write'],
      (at, data) =>
        `(drop (call $storage_write (i64.const ${at}) (i64.const ${data.buffer('v')}) (i64.const 0)))`,
    ],
    [
      'a value',
      'ValueLengthOverflow',
      MAX_VALUE_BYTES,
      ['storage_write'],
      (at, data) =>
        `(drop (call $storage_write (i64.const ${data.buffer('k')}) (i64.const ${at}) (i64.const 0)))`,
    ],
    [
      'a kind of event',
      'EventKindSizeOverflow',
      MAX_EVENT_KIND_BYTES,
      ['emit'],
      (_at, data, length) => `(call $emit (i64.const ${event(data, length, 1)}))`,
    ],
    [
      'data of an event',
      'EventDataSizeOverflow',
      MAX_EVENT_DATA_BYTES,
      ['emit'],
      (_at, data, length) => `(call $emit (i64.const ${event(data, 1, length)}))`,
    ],
    [
      'a handler',
      'EventHandlerSizeOverflow',
      MAX_EVENT_HANDLER_BYTES,
      ['emit_with_handler'],
      (at, data) => `(call $emit_with_handler (i64.const ${event(data, 1, 1)}) (i64.const ${at}))`,
    ],
    [
      'a method called elsewhere',
      'XCallFunctionSizeOverflow',
      MAX_CROSS_CALL_METHOD_BYTES,
      ['xcall'],
      (_at, data, length) => `(call $xcall (i64.const ${data.struct(0, 32, 0, length, 0, 1)}))`,
    ],
    [
      'parameters of a call elsewhere',
      'XCallParamsSizeOverflow',
      MAX_CROSS_CALL_PARAMS_BYTES,
      ['xcall'],
      (_at, data, length) => `(call $xcall (i64.const ${data.struct(0, 32, 0, 1, 0, length)}))`,
    ],
    [
      'a proposal',
      'ProposalSizeOverflow',
      MAX_PROPOSAL_BYTES,
      ['send_proposal'],
      (at, data) =>
        `(call $send_proposal (i64.const ${at}) (i64.const ${data.buffer(new Uint8Array(32))}))`,
    ],
    [
      'an alias',
      'AliasTooLong',
      MAX_ALIAS_BYTES,
      ['context_create'],
      (at, data) =>
        `(call $context_create (i64.const ${data.buffer('near')}) (i64.const ${data.buffer(ROOT)}) (i64.const ${data.buffer('')}) (i64.const ${at}))`,
    ],
  ] as readonly (readonly [
    string,
    string,
    number,
    string[],
    (at: number, data: WatData, length: number) => string,
  ])[]) {
    it(`hold for ${what}`, async () => {
      expect(await sized(imports, limit, (at, data) => body(at, data, limit))).to.equal('none')
      expect(await sized(imports, limit + 1, (at, data) => body(at, data, limit + 1))).to.equal(
        want,
      )
    })
  }

  for (const [what, want, limit, imports, body] of [
    [
      'log lines',
      'LogsOverflow',
      MAX_LOGS,
      ['log_utf8'],
      (data) => `(call $log_utf8 (i64.const ${data.buffer('x')}))`,
    ],
    [
      'events',
      'EventsOverflow',
      MAX_EVENTS,
      ['emit'],
      (data) => `(call $emit (i64.const ${event(data, 1, 1)}))`,
    ],
    [
      'calls elsewhere',
      'XCallsOverflow',
      MAX_CROSS_CALLS,
      ['xcall'],
      (data) => `(call $xcall (i64.const ${data.struct(0, 32, 0, 1, 0, 1)}))`,
    ],
    [
      'registers',
      'InvalidMemoryAccess',
      MAX_REGISTERS,
      ['input'],
      () => '(call $input (i64.extend_i32_u (local.get $i)))',
    ],
    [
      'requests',
      'RequestsOverflow',
      MAX_REQUESTS,
      ['context_add_member'],
      (data) => `(call $context_add_member (i64.const ${data.buffer(ROOT)}))`,
    ],
    [
      'writes',
      'StorageWriteCountExceeded',
      MAX_WRITES,
      ['storage_write'],
      (data) =>
        `(drop (call $storage_write (i64.const ${data.buffer('k')}) (i64.const ${data.buffer('v')}) (i64.const 0)))`,
    ],
  ] as readonly (readonly [string, string, number, string[], (data: WatData) => string])[]) {
    it(`hold for the number of ${what}`, async () => {
      expect(await sized(imports, 0, (_at, data) => repeat(limit, body(data)))).to.equal('none')
      expect(await sized(imports, 0, (_at, data) => repeat(limit + 1, body(data)))).to.equal(want)
    })
  }

  it('hold for all written bytes together', async () => {
    const write = (count: number): Promise<unknown> =>
      sized(['storage_write'], 8 << 20, (at, data) =>
        repeat(
          count,
          `(drop (call $storage_write (i64.const ${data.buffer('')}) (i64.const ${at}) (i64.const 0)))`,
        ),
      )
    expect(await write(MAX_WRITTEN_BYTES / (8 << 20))).to.equal('none')
    expect(await write(MAX_WRITTEN_BYTES / (8 << 20) + 1)).to.equal('StorageWriteBytesExceeded')
  })

  it('hold for the input of a call and the name of a method', async () => {
    const replica = await watGuest([], new WatData(), '')
    const input = (length: number): string =>
      thrownCode(() => replica.callBytes('f', new Uint8Array(length)))
    expect([input(MAX_INPUT_BYTES), input(MAX_INPUT_BYTES + 1)]).to.deep.equal([
      'none',
      'RUNTIME_LIMIT',
    ])
    const method = (name: string): string => thrownCode(() => replica.callBytes(name, EMPTY))
    expect(method('m'.repeat(MAX_METHOD_NAME_BYTES))).to.equal('RUNTIME_METHOD_NOT_FOUND')
    for (const name of ['m'.repeat(MAX_METHOD_NAME_BYTES + 1), '', 'a-b', 'ä', 'a b']) {
      expect(method(name), name).to.equal('RUNTIME_METHOD_NAME')
    }
  })

  it('hold for the rows of an ordered index', () => {
    const index = new OrderedIndex()
    index.set('a', new Uint8Array(MAX_INDEX_BYTES - 1))
    expect(thrownCode(() => index.set('b', EMPTY))).to.equal('RUNTIME_HOST')
    index.remove('a')
    expect(thrownCode(() => index.set('b', EMPTY))).to.equal('none')
  })

  it('leave out the rest of a panic that says too much, in whichever character it ends', async () => {
    const panicOf = async (text: string): Promise<string> => {
      const data = new WatData()
      const file = data.bytes(text)
      const place = concat(words(file, utf8(text).length), Uint8Array.of(7, 0, 0, 0, 9, 0, 0, 0))
      const args = `(i64.const ${data.buffer(text)}) (i64.const ${data.bytes(place)})`
      const replica = await watGuest(['panic_utf8'], data, `(call $panic_utf8 ${args})`)
      try {
        call(replica)
      } catch (error) {
        if (isMerogateError(error, 'RUNTIME_PANIC')) return error.message
      }
      return 'no panic'
    }
    const most = 'x'.repeat(MAX_PANIC_BYTES)
    expect(await panicOf(most)).to.equal(`guest panicked: ${most} at ${most}:7:9`)
    const rest = 'x'.repeat(MAX_PANIC_BYTES - 1)
    expect(await panicOf(`${rest}é and more`)).to.equal(
      `guest panicked: ${rest}\ufffd at ${rest}\ufffd:7:9`,
    )
  })
})

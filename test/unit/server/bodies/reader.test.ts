import { expect } from 'chai'
import { fromUtf8, utf8 } from '../../../../src/node/primitives/bytes.ts'
import { type JsonReader, jsonReader } from '../../../../src/server/bodies/reader.ts'
import type { Sender } from '../../../../src/server/bodies/turns.ts'
import { JsonText } from '../../../../src/server/json.ts'
import {
  MAX_BATCH,
  MAX_INLINE_JSON_BYTES,
  MAX_JSON_DEPTH,
  MAX_JSON_ELEMENTS,
  MAX_READ_AHEAD_BYTES,
  MAX_READ_AHEAD_BYTES_PER_SENDER,
} from '../../../../src/server/limits.ts'
import { rejectionCode } from '../../../support/error-code.ts'

/** A request whose arguments are what `argsJson` says. */
function request(argsJson: string, more = ''): string {
  return `{"id":18446744073709551615,"params":{"argsJson":${argsJson},"method":"set"}${more}}`
}

/** Arguments that are long enough to be read elsewhere. */
function large(argument = '""'): string {
  return `[${argument}, "${'x'.repeat(MAX_INLINE_JSON_BYTES)}"]`
}

/** What a reader made of a text, with the arguments as their text again. */
function shown(body: unknown): string {
  return JSON.stringify(body, (_key, value: unknown) =>
    value instanceof JsonText ? `text ${fromUtf8(value.bytes)}` : value,
  )
}

describe('reading JSON', () => {
  let reader: JsonReader
  beforeEach(() => {
    reader = jsonReader()
  })
  afterEach(() => reader.stop())

  const read = (text: string): Promise<unknown> => reader.read(utf8(text))

  it('parses what is small where it is', async () => {
    const text = request('[1.0,{"a":18446744073709551615}]')
    expect(JSON.stringify(await read(text))).to.equal(text)
  })

  it('gives back the arguments of a large request as compact text, digit by digit', async () => {
    const args = large('{ "a" : 18446744073709551615, "b": 1.0 }')
    const compact = args.replaceAll(' ', '')
    const expected = request(JSON.stringify(`text ${compact}`))
    expect(shown(await read(request(args)))).to.equal(expected)
  })

  it('does so for each request of a batch', async () => {
    const args = `"${'x'.repeat(MAX_INLINE_JSON_BYTES / 10)}"`
    const body = await read(`[${Array(MAX_BATCH).fill(request(args)).join(',')}]`)
    const one = request(JSON.stringify(`text ${args}`))
    expect(shown(body)).to.equal(`[${Array(MAX_BATCH).fill(one).join(',')}]`)
  })

  it('lets others have their turn while a large text is read', async () => {
    // 12 MB: some hundred milliseconds of work, which used to be one turn
    const text = request(`[${Array(450_000).fill('[[1.5e3]]').join(',')}]`)
    const bytes = utf8(text.replaceAll('[[1.5e3]]', '[1.50]      '))
    let turns = 0
    let isOver = false
    const count = (): void => {
      turns++
      if (!isOver) setImmediate(count)
    }
    const body = reader.read(bytes).finally(() => (isOver = true))
    setImmediate(count)
    await body
    expect(turns).to.be.greaterThan(50)
  })

  it('refuses what is too much, too deep, or no JSON, large or not', async () => {
    const nested = '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)
    const tooMany = Array.from({ length: MAX_BATCH + 1 }, () => request(`"${'x'.repeat(2000)}"`))
    const elements = (count: number): string => `[${Array(count).fill('1').join(',')}]`
    for (const [text, code] of [
      [request(elements(MAX_JSON_ELEMENTS + 1)), 'SERVER_JSON_TOO_MANY'],
      [request(large(nested)), 'SERVER_BAD_JSON'],
      [request(large().slice(0, -1)), 'SERVER_BAD_JSON'],
      [request('""', `,"more":${large()}`), 'SERVER_BODY_TOO_LARGE'],
      [`[${tooMany.join()}]`, 'SERVER_BODY_TOO_LARGE'],
    ] as const) {
      expect(await rejectionCode(read(text)), text.slice(0, 80)).to.equal(code)
    }
    const notText = new Uint8Array(MAX_INLINE_JSON_BYTES + 1).fill(0xff)
    expect(await rejectionCode(reader.read(notText))).to.equal('SERVER_BAD_JSON')
    // none of this has harmed anybody
    expect(shown(await read(request(large())))).to.include('text')
  })

  it('says whether large bytes are JSON', async () => {
    expect(await reader.isJson(utf8(large()))).to.equal(true)
    expect(await reader.isJson(utf8(`${large()}x`))).to.equal(false)
    expect(await reader.isJson(utf8('1'))).to.equal(true)
    expect(await reader.isJson(utf8('x'))).to.equal(false)
    expect(await reader.isJson(Uint8Array.of(0xff))).to.equal(false)
  })

  it('takes no more than its bound at once', async () => {
    const bytes = new Uint8Array(MAX_READ_AHEAD_BYTES / 4).fill(0x20)
    const all = await Promise.all(
      Array.from({ length: 5 }, () => rejectionCode(reader.read(bytes))),
    )
    expect(all.filter((code) => code === 'SERVER_TOO_MANY')).to.have.length(1)
    expect(all[4]).to.equal('SERVER_TOO_MANY')
    expect(await rejectionCode(reader.read(bytes))).to.equal('SERVER_BAD_JSON')
  })

  it('lets senders have their turns, however much one of them sends', async () => {
    const done: string[] = []
    const bytes = utf8(request(large()))
    const send = async (name: string, from: Sender): Promise<void> => {
      await reader.read(bytes, from)
      done.push(name)
    }
    const flood = Array.from({ length: 12 }, (_, n) => send(`flood ${n}`, { address: '192.0.2.1' }))
    const keys = Array.from({ length: 3 }, (_, n) => send(`key a ${n}`, { keyId: 'a' }))
    const one = send('one', { address: '192.0.2.2' })
    const other = send('key b', { keyId: 'b' })
    await Promise.all([...flood, ...keys, one, other])
    // the first of the flood is being read when the others come
    expect(done.slice(0, 7)).to.deep.equal([
      ...['flood 0', 'flood 1', 'key a 0', 'one'],
      ...['flood 2', 'key b', 'flood 3'],
    ])
  })

  it('takes so much of one address and of one key, and that of others besides', async () => {
    const bytes = new Uint8Array(MAX_READ_AHEAD_BYTES_PER_SENDER).fill(0x20)
    const more = new Uint8Array(MAX_INLINE_JSON_BYTES + 1).fill(0x20)
    const [here, key] = [{ address: '192.0.2.1' }, { keyId: 'a' }]
    const waiting = [here, key].map((from) => rejectionCode(reader.read(bytes, from)))
    const from = (sender: Sender): Promise<string> => rejectionCode(reader.read(more, sender))
    expect(await from({ ...here, keyId: 'b' })).to.equal('SERVER_TOO_MANY')
    expect(await from({ address: '192.0.2.2', ...key })).to.equal('SERVER_TOO_MANY')
    const error: unknown = await reader.read(more, here).catch((thrown: unknown) => thrown)
    expect(error).to.have.nested.property('details.retryAfterMs', 1000)
    expect(await from({ address: '192.0.2.2', keyId: 'b' })).to.equal('SERVER_BAD_JSON')
    expect(await from({})).to.equal('SERVER_BAD_JSON')
    expect(await Promise.all(waiting)).to.deep.equal(['SERVER_BAD_JSON', 'SERVER_BAD_JSON'])
    expect(await from(here)).to.equal('SERVER_BAD_JSON')
    // what a guest returned has been done
    expect(await Promise.all([reader.isJson(bytes, key), reader.isJson(bytes, key)])).to.deep.equal(
      [false, false],
    )
  })

  it('tells those who wait when it is stopped, and reads again after that', async () => {
    const waits = rejectionCode(read(request(large())))
    await reader.stop()
    expect(await waits).to.equal('SERVER_READER_LOST')
    expect(shown(await read(request(large())))).to.include('text')
  })
})

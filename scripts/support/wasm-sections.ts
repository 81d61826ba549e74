/** Sections of a WebAssembly module, for what is put into one or taken out after it was compiled. */

/** A section as it stands in the module. */
export interface Section {
  readonly id: number
  /** Of a custom section. */
  readonly name?: string
  readonly body: Buffer
}

const HEADER_BYTES = 8
const CUSTOM = 0

/** A number of LEB128 at a place, and the place after it. */
function readNumber(bytes: Buffer, at: number): readonly [value: number, next: number] {
  let [value, next] = [0, at]
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(next)
    next += 1
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, next]
  }
}

/** Bytes behind their number, as WebAssembly writes it (LEB128). */
export function sized(bytes: Buffer): Buffer {
  const digits: number[] = []
  for (let rest = bytes.length; digits.length === 0 || rest > 0; rest >>>= 7) {
    digits.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
  }
  return Buffer.concat([Buffer.from(digits), bytes])
}

function sectionOf(id: number, content: Buffer): Section {
  if (id !== CUSTOM) return { id, body: content }
  const [length, from] = readNumber(content, 0)
  const name = content.toString('utf8', from, from + length)
  return { id, name, body: content.subarray(from + length) }
}

/** All of them, in their order. */
export function readSections(wasm: Buffer): Section[] {
  const sections: Section[] = []
  for (let at = HEADER_BYTES; at < wasm.length;) {
    const [length, from] = readNumber(wasm, at + 1)
    sections.push(sectionOf(wasm.readUInt8(at), wasm.subarray(from, from + length)))
    at = from + length
  }
  return sections
}

/** The module of some sections. */
export function joinSections(sections: readonly Section[]): Buffer {
  const header = Buffer.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const parts = sections.map(({ id, name, body }) => {
    const label = name === undefined ? Buffer.alloc(0) : sized(Buffer.from(name))
    return Buffer.concat([Buffer.of(id), sized(Buffer.concat([label, body]))])
  })
  return Buffer.concat([header, ...parts])
}

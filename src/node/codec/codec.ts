/**
 * How this package writes bytes: borsh layouts through micro-packed, strict. A decoder consumes every byte and its value re-encodes to
 * the same bytes, because an id is a content hash: two encodings would be two ids.
 */
import * as P from 'micro-packed'
import { MerogateError } from '../errors.ts'
import { equalBytes } from '../primitives/bytes.ts'

/** A layout with typed errors. */
export interface Codec<T> {
  readonly name: string
  /** @throws CODEC_ENCODE (internal): a value of ours that does not fit the layout */
  encode(value: T): Uint8Array
  /** @throws CODEC_TOO_LARGE (limit), CODEC_MALFORMED (protocol) */
  decode(bytes: Uint8Array): T
}

/** A codec over a micro-packed layout. `maxBytes` is checked before anything is read. */
export function codec<T>(name: string, layout: P.CoderType<T>, maxBytes: number): Codec<T> {
  const encode = (value: T): Uint8Array => {
    try {
      return layout.encode(value)
    } catch (cause) {
      throw new MerogateError('CODEC_ENCODE', 'internal', `cannot encode ${name}`, {}, { cause })
    }
  }
  return {
    name,
    encode,
    decode(bytes) {
      if (bytes.length > maxBytes) {
        throw new MerogateError(
          'CODEC_TOO_LARGE',
          'limit',
          `expected at most ${maxBytes} bytes of ${name}, got ${bytes.length}`,
          { max: maxBytes, got: bytes.length },
        )
      }
      let value: T
      try {
        value = layout.decode(bytes)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message.slice(0, 200) : String(cause)
        throw new MerogateError(
          'CODEC_MALFORMED',
          'protocol',
          `expected ${name}, got ${bytes.length} bytes that are not: ${reason}`,
          { length: bytes.length },
          { cause },
        )
      }
      if (!equalBytes(layout.encode(value), bytes)) {
        throw new MerogateError(
          'CODEC_MALFORMED',
          'protocol',
          `expected the one encoding of ${name}, got another`,
          { length: bytes.length },
        )
      }
      return value
    },
  }
}

/** 32 raw bytes. */
export const bytes32: P.CoderType<Uint8Array> = P.bytes(32)
/** u32 length and bytes (borsh `Vec<u8>`). */
export const bytes: P.CoderType<Uint8Array> = P.bytes(P.U32LE)
/** u32 length and UTF-8 (borsh `String`). */
export const string: P.CoderType<string> = P.string(P.U32LE)
/** u32 count and items (borsh `Vec<T>`). */
export function vec<T>(item: P.CoderType<T>): P.CoderType<T[]> {
  return P.array(P.U32LE, item)
}

/** One byte, 0 or 1, then the value (borsh `Option<T>`). */
export function option<T>(inner: P.CoderType<T>): P.CoderType<T | undefined> {
  return P.wrap<T | undefined>({
    encodeStream: (w, value) => {
      P.U8.encodeStream(w, value === undefined ? 0 : 1)
      if (value !== undefined) inner.encodeStream(w, value)
    },
    decodeStream: (r) => {
      const tag = P.U8.decodeStream(r)
      if (tag > 1) throw r.err(`option tag ${tag}`)
      return tag === 1 ? inner.decodeStream(r) : undefined
    },
  })
}

/** Borsh combinators for what strangers send: counts and lengths are checked before anything is read, unions carry their `type`. */
import * as P from 'micro-packed'

/** u32 count, then at most `max` items. */
export function vecUpTo<T>(item: P.CoderType<T>, max: number): P.CoderType<T[]> {
  return P.wrap<T[]>({
    encodeStream: (w, items) => {
      if (items.length > max) throw w.err(`expected at most ${max} items, got ${items.length}`)
      P.U32LE.encodeStream(w, items.length)
      for (const value of items) item.encodeStream(w, value)
    },
    decodeStream: (r) => {
      const count = P.U32LE.decodeStream(r)
      if (count > max) throw r.err(`expected at most ${max} items, got ${count}`)
      const items: T[] = []
      for (let i = 0; i < count; i++) items.push(item.decodeStream(r))
      return items
    },
  })
}

/** u32 length, then at most `max` bytes. */
export function bytesUpTo(max: number): P.CoderType<Uint8Array> {
  return P.wrap<Uint8Array>({
    encodeStream: (w, value) => {
      if (value.length > max) throw w.err(`expected at most ${max} bytes, got ${value.length}`)
      P.U32LE.encodeStream(w, value.length)
      w.bytes(value)
    },
    decodeStream: (r) => {
      const length = P.U32LE.decodeStream(r)
      if (length > max) throw r.err(`expected at most ${max} bytes, got ${length}`)
      return r.bytes(length)
    },
  })
}

/** u32 length, then at most `max` bytes of UTF-8. */
export function stringUpTo(max: number): P.CoderType<string> {
  return P.apply(bytesUpTo(max), {
    encode: (value: Uint8Array) => decoder.decode(value),
    decode: (value: string) => encoder.encode(value),
  })
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** What a variant's layout holds: the variant without its name. */
type Body<T, K> = Omit<Extract<T, { type: K }>, 'type'>

/** Layouts of a union by name: tag byte, and the layout of the rest. */
export type Variants<T extends { type: string }> = {
  readonly [K in T['type']]: readonly [tag: number, body: P.CoderType<Body<T, K>>]
}

/** One tag byte, then the variant's fields (borsh enum). Unknown tags do not decode. */
export function union<T extends { type: string }>(variants: Variants<T>): P.CoderType<T> {
  const byTag = new Map<number, { type: string; body: P.CoderType<object> }>()
  for (const [type, [tag, body]] of Object.entries(variants) as [
    T['type'],
    readonly [number, P.CoderType<object>], // every body is a struct
  ][]) {
    byTag.set(tag, { type, body })
  }
  return P.wrap<T>({
    encodeStream: (w, value) => {
      const [tag, body] = variants[value.type as T['type']] // keys of Variants are exactly the types
      P.U8.encodeStream(w, tag)
      ;(body as P.CoderType<object>).encodeStream(w, value) // a struct reads only its own fields
    },
    decodeStream: (r) => {
      const tag = P.U8.decodeStream(r)
      const variant = byTag.get(tag)
      if (variant === undefined) throw r.err(`unknown tag ${tag}`)
      return { type: variant.type, ...variant.body.decodeStream(r) } as T // name and body are of one variant
    },
  })
}

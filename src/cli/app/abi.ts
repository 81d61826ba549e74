/** A `wasm-abi/1` manifest as far as people need it: methods in words, examples of arguments, the collections of the state. */

/** A method, its types in words. */
export interface MethodText {
  readonly name: string
  readonly params: readonly ParameterText[]
  /** Undefined when nothing is said. */
  readonly returns: string | undefined
}

export interface ParameterText {
  readonly name: string
  readonly type: string
  /** A value of that type. */
  readonly example: unknown
}

/** A field of the state. */
export interface FieldText {
  readonly name: string
  /** Collections inside of each other, as in `unordered_map<string, counter>`. */
  readonly type: string
}

/** What is read of a manifest; all of it empty where it is none. */
export interface AbiText {
  readonly methods: readonly MethodText[]
  readonly events: readonly string[]
  readonly state: readonly FieldText[]
}

type Json = Readonly<Record<string, unknown>>

/** Types within types: a manifest of somebody else may go round in circles. */
const MAX_DEPTH = 8
/** What stands for a type that is not understood, or nested too deep. */
const UNKNOWN = '…'

/** Reads a manifest; what is malformed in it is left out. */
export function readAbi(abi: unknown): AbiText {
  const manifest = objectOf(abi)
  const types = objectOf(manifest['types'])
  const reader = new TypeReader(types)
  const methods = listOf(manifest['methods']).flatMap((method) => {
    const name = textOf(method['name'])
    if (name === undefined) return []
    const params = listOf(method['params']).map((param) => ({
      name: textOf(param['name']) ?? UNKNOWN,
      type: reader.text(param['type']) + (param['nullable'] === true ? ' or null' : ''),
      example: reader.example(param['type'], textOf(param['name'])),
    }))
    return [{ name, params, returns: returnsOf(method, reader) }]
  })
  const root = objectOf(types[textOf(manifest['state_root']) ?? ''])
  const state = listOf(root['fields']).map((field) => ({
    name: textOf(field['name']) ?? UNKNOWN,
    type: reader.text(field['type']),
  }))
  const events = listOf(manifest['events']).flatMap(({ name }) => textOf(name) ?? [])
  return { methods, events, state }
}

function returnsOf(method: Json, reader: TypeReader): string | undefined {
  const { returns } = method
  if (returns === undefined || returns === null) return undefined
  return reader.text(returns) + (method['returns_nullable'] === true ? ' or null' : '')
}

class TypeReader {
  readonly #types: Json

  constructor(types: Json) {
    this.#types = types
  }

  /** A type in words. */
  text(type: unknown, depth = MAX_DEPTH): string {
    const { $ref: name, kind, crdt_type: crdt, inner_type: inner, ...parts } = objectOf(type)
    if (depth === 0) return UNKNOWN
    if (typeof name === 'string') return name
    const of = (...types: unknown[]): string =>
      `<${types.map((one) => this.text(one, depth - 1)).join(', ')}>`
    const collection = textOf(crdt)
    if (kind === 'map') return (collection ?? 'map') + of(parts['key'], parts['value'])
    if (kind === 'list') return (collection ?? 'list') + of(parts['items'])
    if (collection !== undefined) return collection + (inner === undefined ? '' : of(inner))
    if (kind === 'record') return 'object'
    return textOf(kind) ?? textOf(type) ?? UNKNOWN
  }

  /** A value of the type. `name`: of the parameter, which says most about a text. */
  example(type: unknown, name = 'text', depth = MAX_DEPTH): unknown {
    const { kind, $ref: reference, ...parts } = objectOf(type)
    if (depth === 0) return null
    if (typeof reference === 'string') return this.#exampleOf(reference, depth)
    switch (kind ?? type) {
      case 'string':
        return name
      case 'bool':
        return true
      case 'i32':
      case 'i64':
      case 'u32':
      case 'u64':
        return 1
      case 'f32':
      case 'f64':
        return 1.5
      case 'bytes':
        return Array.from({ length: Math.min(Number(parts['size'] ?? 1) || 1, 64) }, () => 0)
      case 'list':
        return [this.example(parts['items'], name, depth - 1)]
      case 'map':
        return { [name]: this.example(parts['value'], 'value', depth - 1) }
      case 'record':
        return this.#record(parts, depth)
      default:
        return null
    }
  }

  #exampleOf(reference: string, depth: number): unknown {
    const type = objectOf(this.#types[reference])
    if (type['kind'] === 'alias') return this.example(type['target'], reference, depth - 1)
    if (type['kind'] !== 'variant') return this.example(type, reference, depth)
    // as serde writes them: a name alone, or an object of one member
    const first = listOf(type['variants']).at(0) ?? {}
    const name = textOf(first['name']) ?? ''
    const { payload } = first
    return payload === undefined || payload === null
      ? name
      : { [name]: this.example(payload, name, depth - 1) }
  }

  #record(type: Json, depth: number): unknown {
    return Object.fromEntries(
      listOf(type['fields']).map((field) => {
        const name = textOf(field['name']) ?? UNKNOWN
        return [name, this.example(field['type'], name, depth - 1)]
      }),
    )
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Arguments by name, as an example of each type. */
export function exampleOf(method: MethodText | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries((method?.params ?? []).map(({ name, example }) => [name, example]))
}

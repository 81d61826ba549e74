/** What an address agrees to: a call or a creation, and those within it. */
import { equalBytes, utf8 } from '../../../node/primitives/bytes.ts'
import { toLatin1 } from '../codec/text.ts'
import { type XdrReader, XdrWriter } from '../codec/xdr.ts'
import { type Creation, readCreation, writeCreation } from '../host/creation.ts'
import { type Address, readAddress, sameAddress, writeAddress } from '../value/address.ts'
import type { Objects } from '../value/objects.ts'
import { compareValues } from '../value/order.ts'
import { readScVal, writeScVal } from '../value/scval.ts'
import type { Val } from '../value/word.ts'

/** What is agreed to. */
export type Action =
  | {
      readonly kind: 'call'
      readonly contract: Address
      readonly method: string
      readonly args: readonly Val[]
    }
  | { readonly kind: 'create'; readonly creation: Creation }

/** An action with those that it may lead to. */
export interface Invocation {
  readonly action: Action
  readonly inner: Invocation[]
  /** Whether it has happened. */
  isUsed: boolean
}

/** XDR's kinds of what is agreed to. */
const CALL = 0
const CREATE = 1
const CREATE_WITH_ARGS = 2
/** Invocations within invocations, at most. */
const MAX_DEPTH = 100

export function sameAction(objects: Objects, a: Action, b: Action): boolean {
  if (a.kind === 'create' && b.kind === 'create') {
    return equalBytes(creationXdr(a.creation), creationXdr(b.creation))
  }
  if (a.kind !== 'call' || b.kind !== 'call') return false
  return (
    sameAddress(a.contract, b.contract) &&
    a.method === b.method &&
    a.args.length === b.args.length &&
    a.args.every((arg, i) => compareValues(objects, arg, b.args[i] ?? arg) === 0)
  )
}

function creationXdr(creation: Creation): Uint8Array {
  return writeCreation(new XdrWriter(), creation).done()
}

/** XDR of `SorobanAuthorizedInvocation`. */
export function writeInvocation(
  objects: Objects,
  w: XdrWriter,
  { action, inner }: Invocation,
): XdrWriter {
  if (action.kind === 'call') {
    writeAddress(w.u32(CALL), action.contract).bytes(utf8(action.method)).u32(action.args.length)
    for (const arg of action.args) writeScVal(objects, w, arg)
  } else {
    writeCreation(w.u32(CREATE_WITH_ARGS), action.creation)
  }
  w.u32(inner.length)
  for (const one of inner) writeInvocation(objects, w, one)
  return w
}

/** @throws HostError, XdrInvalid */
export function readInvocation(objects: Objects, r: XdrReader, depth = 0): Invocation {
  const action = readAction(objects, r)
  const inner: Invocation[] = []
  const count = r.count()
  for (let i = 0; i < count && depth < MAX_DEPTH; i++) {
    inner.push(readInvocation(objects, r, depth + 1))
  }
  return { action, inner, isUsed: false }
}

function readAction(objects: Objects, r: XdrReader): Action {
  const kind = r.u32()
  if (kind === CREATE || kind === CREATE_WITH_ARGS) {
    return { kind: 'create', creation: readCreation(r, kind === CREATE_WITH_ARGS) }
  }
  const contract = readAddress(r)
  const method = toLatin1(r.bytes())
  const args: Val[] = []
  for (let left = r.count(); left > 0; left--) args.push(readScVal(objects, r))
  return { kind: 'call', contract, method, args }
}

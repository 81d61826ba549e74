/** Between what the contracts' views answer and the values of the anchor room. */
import { refusal, type Refusal, refusalNumbered } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { copy } from '../../shared/core/values.ts'
import { args } from './layouts.ts'

/** Arguments of `apply` and `check`. */
export function signedArgs({ envelope, signature }: SignedEnvelope): Uint8Array {
  return args.signed.encode({ envelope, signature })
}

/** The envelope in the arguments of `apply`; undefined for any other bytes. */
export function envelopeIn(given: Uint8Array): Uint8Array | undefined {
  try {
    return copy(args.signed.decode(given).envelope)
  } catch {
    return undefined // anybody may send the contract such a transaction, and name it to us
  }
}

const PANIC = /\bE(\d{1,3}):([A-Za-z]{1,64})(?::(\d{1,20}))?/

/** The contract's refusal in what it panicked with; undefined for any other words. */
export function refusalIn(words: string): Refusal | undefined {
  const [, number, name, expected] = PANIC.exec(words) ?? []
  const found = number === undefined ? undefined : refusalNumbered(Number(number))
  if (found === undefined || found.name !== name) return undefined
  return expected === undefined ? found : refusal(found.name, BigInt(expected))
}

/** Calls that answer a refusal's number rather than fail, since a deposit goes back from there. */
const TELLING: ReadonlySet<string> = new Set(['adopt_group', 'adopt_context'])

/** The refusal that a call answers; undefined for any other answer, and of other calls. */
export function refusalToldBy(
  method: string | undefined,
  value: Uint8Array | undefined,
): Refusal | undefined {
  const [number, ...others] = value ?? []
  const isTold = method !== undefined && TELLING.has(method) && others.length === 0
  return isTold && number !== undefined ? refusalNumbered(number) : undefined
}

/** Between what the contracts' views answer and the values of the anchor room. */
import type { MemberRecord } from '../../../node/anchor/anchor.ts'
import { refusal, type Refusal, refusalNumbered } from '../../../node/anchor/errors.ts'
import type { LatestReleases, ReleasePage } from '../../../node/anchor/packages/registry.ts'
import type { MemberPage, SignedEnvelope, Standing } from '../../../node/anchor/service.ts'
import { PublicKey } from '../../../node/primitives/ids.ts'
import { copy, toMember, toRelease, Unknown } from '../../shared/core/values.ts'
import { type Answers, args } from './layouts.ts'

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

/** The refusal of `check`; undefined for none. @throws RangeError for a number that nobody knows */
export function refusalOf({ number, expected }: Answers['check']): Refusal | undefined {
  if (number === 0) return undefined
  const found = refusalNumbered(number)
  if (found === undefined) throw new RangeError(`expected a refusal, got ${number}`)
  return expected === undefined ? found : refusal(found.name, expected)
}

/** `member(group, identity)`; undefined when it is none. */
export function toMemberOf(
  identity: PublicKey,
  { isKnown, member }: Answers['member'],
): MemberRecord | undefined | Unknown {
  if (!isKnown) return new Unknown('ContextNotFound')
  return member && toMember(identity, member)
}

/** `standing(group, identity)`. */
export function toStanding({ isKnown, ...standing }: Answers['standing']): Standing | Unknown {
  return isKnown ? standing : new Unknown('ContextNotFound')
}

/** `members(group, offset, length)`. */
export function toPage(found: Answers['members']): MemberPage | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { revision, total, items } = found
  return {
    ...{ revision, total },
    items: items.map(({ identity, member }) => toMember(PublicKey.from(copy(identity)), member)),
  }
}

/** `latest(id)`. */
export function toLatest({ stable, preRelease }: Answers['latest']): LatestReleases {
  return {
    stable: stable && toRelease(stable.slot, stable),
    preRelease: preRelease && toRelease(preRelease.slot, preRelease),
  }
}

/** `releases(id, offset, length)`. */
export function toReleasePage(found: Answers['releases']): ReleasePage | Unknown {
  if (found === undefined) return new Unknown('PackageNotFound')
  const { revision, total, items } = found
  return { revision, total, items: items.map((item) => toRelease(item.slot, item)) }
}

/**
 * The text of an invitation. It begins with the fields Calimero clients know (context 32, invitee 32, protocol, network, contract as
 * borsh strings) and goes on with what saves a joiner any search: addresses of members and for an open one the
 * anchor's ticket. Text form: base58.
 */
import * as P from 'micro-packed'
import { bytes, bytes32, type Codec, codec, string, vec } from '../codec/codec.ts'
import { EMPTY, fromBase58, toBase58 } from '../primitives/bytes.ts'
import { MAX_INVITATION_ADDRESSES, MAX_INVITATION_CHARS } from './limits.ts'
import { contextError } from './errors.ts'

export interface InvitationContent {
  context: Uint8Array
  /** Zero for an open invitation. */
  invitee: Uint8Array
  protocol: string
  network: string
  contract: string
  /** Multiaddrs with peer ids. */
  addresses: string[]
  /** Revision of the member list from which on the invitee is in it. 0: not said. */
  revision: bigint
  /** Ticket of an open invitation, as the anchor made it. Secret until used; empty for a named invitee. */
  ticket: Uint8Array
}

const legacy = {
  context: bytes32,
  invitee: bytes32,
  protocol: string,
  network: string,
  contract: string,
} as const

/** Characters of an address in an invitation; longer ones are left out. */
const MAX_ADDRESS_CHARS = 160
/** Bytes of an invitation. */
const MAX_BYTES = 3_000

const legacyCodec: Codec<Omit<InvitationContent, 'addresses' | 'revision' | 'ticket'>> = codec(
  'an invitation',
  P.struct(legacy),
  MAX_BYTES,
)

const fullCodec: Codec<InvitationContent> = codec(
  'an invitation',
  P.struct({
    ...legacy,
    addresses: vec(string),
    revision: P.U64LE,
    ticket: bytes,
  }),
  MAX_BYTES,
)

export function encodeInvitation(content: InvitationContent): string {
  const addresses = content.addresses
    .filter((address) => address.length <= MAX_ADDRESS_CHARS)
    .slice(0, MAX_INVITATION_ADDRESSES)
  return toBase58(fullCodec.encode({ ...content, addresses }))
}

/**
 * The addresses an invitation carries, of the inviter's and those of each other member, likeliest first: several of our own, for most join through us,
 * and of as many others as there is room for, so that it leads somewhere while we are away.
 */
export function chooseAddresses([own = [], ...others]: readonly (readonly string[])[]): string[] {
  const lists = [own, ...others].map((list) =>
    [...list].sort((a, b) => Number(isLoopback(a)) - Number(isLoopback(b))),
  )
  const taken = lists.map(() => 0)
  let room = MAX_INVITATION_ADDRESSES
  for (let round = 0; room > 0 && lists.some((list, i) => list.length > (taken[i] ?? 0)); round++) {
    for (const [i, list] of lists.entries()) {
      const more = Math.min(room, i === 0 && round === 0 ? MAX_OWN_ADDRESSES : 1)
      const before = taken[i] ?? 0
      taken[i] = Math.min(list.length, before + more)
      room -= taken[i] - before
    }
  }
  return lists.flatMap((list, i) => list.slice(0, taken[i]))
}

/** Addresses of the inviter that come before any of another member. */
const MAX_OWN_ADDRESSES = 3

function isLoopback(address: string): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/)/.test(address)
}

/** Reads both our form and the shorter one of Calimero nodes. @throws INVITATION_INVALID (input) */
export function decodeInvitation(text: string): InvitationContent {
  if (text.length > MAX_INVITATION_CHARS) {
    throw contextError(
      'INVITATION_INVALID',
      `expected at most ${MAX_INVITATION_CHARS} characters, got ${text.length}`,
    )
  }
  try {
    const raw = fromBase58(text.trim())
    try {
      const content = fullCodec.decode(raw)
      return { ...content, addresses: content.addresses.slice(0, MAX_INVITATION_ADDRESSES) }
    } catch {
      return { ...legacyCodec.decode(raw), addresses: [], revision: 0n, ticket: EMPTY }
    }
  } catch (cause) {
    throw contextError(
      'INVITATION_INVALID',
      'expected the text of an invitation, got something else: copy it whole',
      {},
      { cause },
    )
  }
}

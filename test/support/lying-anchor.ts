/** A node that deceives itself about its membership, as one would whose owner changed its code. */
import type { Anchor, AnchorFactory, MemberRecord } from '../../src/node/index.ts'
import { compareBytes, equalBytes, toHex } from '../../src/node/primitives/bytes.ts'
import type { PublicKey } from '../../src/node/primitives/ids.ts'

/** Who the node believes to be a writer, whatever the anchor says. */
export interface Lie {
  member?: PublicKey
}

/** An anchor that is honest but for one member. */
export function lyingAnchor(make: AnchorFactory, lie: Lie): AnchorFactory {
  return (components): Anchor => {
    const anchor = make(components)
    // a lie fits what was true before
    const joined = new Map<string, bigint>()
    const claimed = (identity: PublicKey): MemberRecord => ({
      identity,
      role: 'writer',
      capabilities: 0,
      nonce: 0n,
      joinedRevision: joined.get(toHex(identity)) ?? 1n,
    })
    return {
      protocol: anchor.protocol,
      supports: anchor.supports,
      get network() {
        return anchor.network
      },
      get contract() {
        return anchor.contract
      },
      get told() {
        return anchor.told
      },
      start: () => anchor.start(),
      stop: () => anchor.stop(),
      watch: (listener) => anchor.watch(listener),
      contextId: (author, salt, group) => anchor.contextId(author, salt, group),
      readContext: (id, options) => anchor.readContext(id, options),
      readGroup: (id, options) => anchor.readGroup(id, options),
      submit: (subject, operation, signer, options) =>
        anchor.submit(subject, operation, signer, options),
      createInvitation: (group, init, inviter) => anchor.createInvitation(group, init, inviter),
      claimInvitation: (ticket, signer, options) => anchor.claimInvitation(ticket, signer, options),
      async readMember(group, identity, options) {
        const { member } = lie
        if (member === undefined || !equalBytes(identity, member)) {
          return anchor.readMember(group, identity, options)
        }
        const evidence = { height: 1n, finality: 'final', certified: false } as const
        return { value: claimed(member), evidence }
      },
      async readMembers(group, options) {
        const read = await anchor.readMembers(group, options)
        const { member } = lie
        for (const { identity, joinedRevision } of read?.value.members ?? []) {
          joined.set(toHex(identity), joinedRevision)
        }
        if (read === undefined || member === undefined) return read
        const others = read.value.members.filter(({ identity }) => !equalBytes(identity, member))
        const members = [...others, claimed(member)].sort((a, b) =>
          compareBytes(a.identity, b.identity),
        )
        return { ...read, value: { ...read.value, members } }
      },
    }
  }
}

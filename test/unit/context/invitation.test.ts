import { expect } from 'chai'
import {
  chooseAddresses,
  decodeInvitation,
  encodeInvitation,
  type InvitationContent,
} from '../../../src/node/context/invitation.ts'
import { MAX_INVITATION_ADDRESSES, MAX_INVITATION_CHARS } from '../../../src/node/context/limits.ts'
import { EMPTY, fromBase58, toBase58 } from '../../../src/node/primitives/bytes.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { thrownCode } from '../../support/error-code.ts'

/** Made by a Calimero node (calimero-network/core, invitation payload). */
const LEGACY =
  '4Mb2deLtaS7ApRdhh5ms1GuT2GtGKkKxDMakmd1C3YA2NRYwniNiijac1Nn8NYHVeWoqzvYFpmJMekAeUYKyWpq5j1QaVjpW6r5V86oo3tz6uKx1Hri82LHf8rrs2m2dyjZUZeCaeBEb'

const content: InvitationContent = {
  context: bytesOf('context'),
  invitee: bytesOf('invitee'),
  protocol: 'local',
  network: 'local',
  contract: 'local',
  addresses: ['/ip4/127.0.0.1/tcp/2428/p2p/12D3KooWxyz'],
  revision: 7n,
  ticket: bytesOf('ticket'),
}

describe('invitation text', () => {
  it('of a Calimero node is read', () => {
    expect(decodeInvitation(LEGACY)).to.deep.equal({
      context: new Uint8Array(32).fill(1),
      invitee: new Uint8Array(32).fill(2),
      protocol: 'near',
      network: 'testnet',
      contract: 'calimero.testnet',
      addresses: [],
      revision: 0n,
      ticket: EMPTY,
    })
  })

  it('of ours comes back, with blanks around it too, and begins like theirs', () => {
    const text = encodeInvitation(content)
    expect(decodeInvitation(text)).to.deep.equal(content)
    expect(decodeInvitation(`\n ${text} \n`)).to.deep.equal(content)
    expect(fromBase58(text).subarray(0, 64)).to.deep.equal(
      new Uint8Array([...content.context, ...content.invitee]),
    )
  })

  it('carries at most the allowed number of addresses', () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `/ip4/10.0.0.${i}/tcp/1`)
    const read = decodeInvitation(encodeInvitation({ ...content, addresses }))
    expect(read.addresses).to.deep.equal(addresses.slice(0, MAX_INVITATION_ADDRESSES))
  })

  it('is refused when it is none, cut, extended, or too long', () => {
    const text = encodeInvitation(content)
    const raw = fromBase58(text)
    const bad = [
      '',
      'hello',
      '0OIl',
      text.slice(0, -1),
      text.slice(1),
      `${text}1`,
      toBase58(raw.subarray(0, 70)),
      toBase58(new Uint8Array([...raw, 0])),
      toBase58(new Uint8Array(1000).fill(255)),
      '1'.repeat(MAX_INVITATION_CHARS + 1),
      'z'.repeat(MAX_INVITATION_CHARS),
    ]
    for (const other of bad) {
      expect(thrownCode(() => decodeInvitation(other))).to.equal('INVITATION_INVALID')
    }
  })
})

describe('the addresses of an invitation', () => {
  const of = (peer: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `/ip4/10.0.0.${i}/tcp/1/p2p/${peer}`)

  it('are our own first, then one of each member in order, then more of each', () => {
    const lists = [of('own', 4), of('a', 3), of('b', 1), of('c', 2)]
    expect(chooseAddresses(lists)).to.deep.equal([
      ...of('own', 4),
      ...of('a', 2),
      ...of('b', 1),
      ...of('c', 1),
    ])
    expect(chooseAddresses([of('own', 12), ...lists.slice(1)])).to.have.lengthOf(
      MAX_INVITATION_ADDRESSES,
    )
  })

  it('leave room for others however many we have, and for us however many they are', () => {
    const others = Array.from({ length: 20 }, (_, i) => of(`m${i}`, 3))
    expect(chooseAddresses([of('own', 20), ...others])).to.deep.equal([
      ...of('own', 3),
      ...others.slice(0, MAX_INVITATION_ADDRESSES - 3).flatMap((list) => list.slice(0, 1)),
    ])
    expect(chooseAddresses([of('own', 20)])).to.have.lengthOf(MAX_INVITATION_ADDRESSES)
    expect(chooseAddresses([[], of('a', 1)])).to.deep.equal(of('a', 1))
    expect(chooseAddresses([])).to.deep.equal([])
  })

  it('are those that others can reach before those of this machine alone', () => {
    const own = ['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip4/10.0.0.1/tcp/1']
    expect(chooseAddresses([own])[0]).to.equal('/ip4/10.0.0.1/tcp/1')
    const other = ['/ip4/127.0.0.1/tcp/2', '/dns4/example.org/tcp/2']
    const many = Array.from({ length: 9 }, () => other)
    expect(chooseAddresses([own, ...many])).to.not.include('/ip4/127.0.0.1/tcp/2')
  })
})

/** An endpoint of the Internet Computer that lies: whatever it says is its own fault, or another endpoint's turn, and never a value. */
import { Cbor } from '@dfinity/agent'
import { expect } from 'chai'
import { BlsKey } from '../../../src/devnet/icp/certification/keys.ts'
import { canisterId } from '../../../src/devnet/icp/codec/principal.ts'
import { principalBytes } from '../../../src/chains/icp/principal.ts'
import type { IcpService } from '../../../src/chains/icp/service.ts'
import { concat, equalBytes, fromUtf8, utf8 } from '../../../src/node/primitives/bytes.ts'
import type { Reply } from '../../support/faulty-http.ts'
import { leaf } from '../../support/icp.ts'
import { makeCanister } from '../../support/icp-chain.ts'
import {
  cborReply,
  type FaultyIcp,
  type IcpAsked,
  IcpFaults,
  valueIn,
} from '../../support/icp-faults.ts'
import {
  delegationFor,
  labelOf,
  prunedPart,
  provenOf,
  refusedOf,
  replaced,
  signedBy,
  tellingOf,
  type Told,
  toldIn,
} from '../../support/icp-lies.ts'
import { add, dismiss } from '../anchor-bench.ts'
import { codeOf, creation } from '../anchor-support.ts'

const MEMBER = 'query member'
const MINUTES = 60

describe('anchor: icp, an endpoint that lies', function () {
  this.timeout(60_000)
  const t = new IcpFaults({ isVerifying: true })
  t.hooks()

  type Forward = (asked: IcpAsked) => Promise<Reply>
  type Lie = (told: Told, asked: IcpAsked, forward: Forward) => Told | Reply | Promise<Told | Reply>

  /** An endpoint that tells a lie in place of an answer. */
  async function liar(method: string, lie: Lie): Promise<FaultyIcp> {
    const endpoint = await t.endpoint()
    endpoint.rules({
      method,
      fault: {
        kind: 'answer',
        async make(asked, forward) {
          const made = await lie(toldIn(await forward(asked)), asked, forward)
          return 'witness' in made ? tellingOf(made) : made
        },
      },
    })
    return endpoint
  }

  /** The row of a member in a canister's tree. */
  const isRowOf =
    (who: { readonly publicKey: Uint8Array }) =>
    (label: Uint8Array | undefined): boolean =>
      label !== undefined && equalBytes(label, concat(Uint8Array.of(3), t.group, who.publicKey))

  const honest = (): IcpService => t.service([t.chain.url])

  const seesB = async (service: IcpService): Promise<boolean> =>
    (await service.readMember(t.group, t.b.publicKey)).value !== undefined

  const withOther = async (asked: IcpAsked, forward: Forward, arg: Uint8Array): Promise<Reply> => {
    const { content } = Cbor.decode<{ content: Record<string, unknown> }>(asked.body)
    return forward({ ...asked, body: Cbor.encode({ content: { ...content, arg } }) })
  }

  const lies: readonly (readonly [string, Lie])[] = [
    [
      'a certificate with another time in it',
      async ({ certificate, witness }) => ({
        certificate: {
          ...certificate,
          tree: await replaced(certificate.tree, (part) =>
            labelOf(part) !== undefined && fromUtf8Or(labelOf(part)) === 'time'
              ? ([2, utf8('time'), leaf(Uint8Array.of(1))] as unknown as Told['witness']) // as parts are
              : undefined,
          ),
        },
        witness,
      }),
    ],
    [
      'a certificate that another network signed',
      async ({ certificate, witness }) => ({
        certificate: await signedBy(new BlsKey('another', 'root'), certificate.tree),
        witness,
      }),
    ],
    [
      'a certificate that a subnet signed whom nobody vouches for',
      ({ certificate: { tree, signature }, witness }) => ({
        certificate: { tree, signature },
        witness,
      }),
    ],
    [
      'a subnet that another network vouches for',
      async ({ certificate, witness }) => ({
        certificate: {
          ...certificate,
          delegation: await delegationFor(ALL, BigInt(t.clock.nowMs()) * 1_000_000n, 'another'),
        },
        witness,
      }),
    ],
    [
      'a subnet of other canisters',
      async ({ certificate, witness }) => ({
        certificate: {
          ...certificate,
          delegation: await delegationFor(
            [[canisterId(1_000n), canisterId(2_000n)]],
            BigInt(t.clock.nowMs()) * 1_000_000n,
          ),
        },
        witness,
      }),
    ],
    [
      'a certificate that is cut off',
      ({ certificate, witness }) =>
        provenOf(Cbor.encode(certificate).slice(0, -20), Cbor.encode(witness)),
    ],
    [
      'a certificate that does not show the canister',
      async ({ certificate, witness }) => ({
        certificate: {
          ...certificate,
          tree: await replaced(certificate.tree, (part) =>
            fromUtf8Or(labelOf(part)) === 'certified_data' ? prunedPart(part) : undefined,
          ),
        },
        witness,
      }),
    ],
    [
      'a witness that is cut off',
      ({ certificate, witness }) =>
        provenOf(Cbor.encode(certificate), Cbor.encode(witness).slice(0, -9)),
    ],
    [
      'a witness for somebody else',
      async (_told, asked, forward) => {
        const { content } = Cbor.decode<{ content: { arg: Uint8Array } }>(asked.body)
        // the last 32 bytes of the arguments are who is asked about
        const arg = concat(content.arg.slice(0, -32), t.c.publicKey)
        return withOther(asked, forward, arg)
      },
    ],
    [
      'that somebody is no member who is one, in a tree without the row',
      async ({ certificate, witness }) => ({
        certificate,
        witness: await replaced(witness, (part) => {
          const [kind, left, right] = part as unknown as [number, Told['witness'], Told['witness']]
          if (kind !== 1) return undefined
          if (isRowOf(t.b)(labelOf(left))) return right
          return isRowOf(t.b)(labelOf(right)) ? left : undefined
        }),
      }),
    ],
    [
      'that somebody is no member who is one, by hiding the row',
      async ({ certificate, witness }) => ({
        certificate,
        witness: await replaced(witness, (part) =>
          isRowOf(t.b)(labelOf(part)) ? prunedPart(part) : undefined,
        ),
      }),
    ],
    [
      'a row with another value',
      async ({ certificate, witness }) => ({
        certificate,
        witness: await replaced(witness, (part) =>
          isRowOf(t.b)(labelOf(part))
            ? ([2, labelOf(part), leaf(new Uint8Array(24))] as unknown as Told['witness']) // as parts are
            : undefined,
        ),
      }),
    ],
  ]
  const ALL = [[canisterId(0n), canisterId(0xffff_ffffn)]] as const

  for (const [what, lie] of lies) {
    it(`is not believed ${what}`, async () => {
      const anchor = await t.withContext()
      await anchor.submit(t.group, add(t.b), t.a)
      const endpoint = await liar(MEMBER, lie)
      expect(await codeOf(seesB(t.service([endpoint])))).to.equal('ANCHOR_BAD_ANSWER')
      const read = await t.service([endpoint, t.chain.url]).readMember(t.group, t.b.publicKey)
      expect(read).to.deep.include({ certified: true })
      expect(read.value, 'as the other has it').to.not.equal(undefined)
      expect(read.source).to.include('(2)')
    })
  }

  it('is not believed what another canister certifies, nor that with a certificate of ours', async () => {
    const anchor = await t.withContext()
    await anchor.submit(t.group, add(t.b), t.a)
    // the same group there, where B is no member
    const contexts = await makeCanister(t.chain.world, 'contexts')
    const other = principalBytes(contexts)
    const there = t.service([t.chain.url], { contracts: { contexts } })
    await (await t.over(there)).submit(t.context, creation(), t.a)
    const fromOther = async (asked: IcpAsked, forward: Forward): Promise<Reply> => {
      const { content } = Cbor.decode<{ content: Record<string, unknown> }>(asked.body)
      const path = asked.path.replace(t.chain.contract, contexts)
      return forward({
        ...asked,
        path,
        body: Cbor.encode({ content: { ...content, canister_id: other } }),
      })
    }
    const whole = await liar(MEMBER, (_told, asked, forward) => fromOther(asked, forward))
    const mixed = await liar(MEMBER, async ({ certificate }, asked, forward) => ({
      certificate,
      witness: toldIn(await fromOther(asked, forward)).witness,
    }))
    for (const endpoint of [whole, mixed]) {
      expect(await codeOf(seesB(t.service([endpoint])))).to.equal('ANCHOR_BAD_ANSWER')
      expect(await seesB(t.service([endpoint, t.chain.url]))).to.equal(true)
    }
  })

  it('is not believed under another root key, whatever it says that its own is', async () => {
    await t.withContext()
    const { der: rootKey } = new BlsKey('another', 'root')
    const endpoint = await t.endpoint()
    endpoint.rules({
      method: 'status',
      fault: { kind: 'answer', make: () => cborReply({ root_key: rootKey }) },
    })
    const reading = t.service([endpoint], { rootKey }).readGroup(t.group)
    expect(await codeOf(reading)).to.equal('ANCHOR_BAD_ANSWER')
  })

  /** An endpoint that answers a question of one kind for ever as it did the first time. */
  async function stuck(...methods: readonly string[]): Promise<FaultyIcp> {
    const endpoint = await t.endpoint()
    const kept = new Map<string, Reply>()
    endpoint.rules({
      when: ({ method }) => methods.includes(method),
      fault: {
        kind: 'answer',
        async make(asked, forward) {
          const made = kept.get(asked.method) ?? (await forward(asked))
          kept.set(asked.method, made)
          return made
        },
      },
    })
    return endpoint
  }

  it('is not believed what was true some minutes ago', async () => {
    const anchor = await t.withContext()
    const endpoint = await stuck(MEMBER)
    expect(await seesB(t.service([endpoint]))).to.equal(false)
    await t.clock.advance(6 * MINUTES)
    await anchor.submit(t.group, add(t.b), t.a)
    expect(await codeOf(seesB(t.service([endpoint])))).to.equal('ANCHOR_BAD_ANSWER')
    expect(await seesB(t.service([endpoint, t.chain.url]))).to.equal(true)
  })

  it('is held to this machine’s clock where it is elsewhere, when it lies about the time as well', async () => {
    await t.withContext()
    const endpoint = await stuck(MEMBER, 'read_state')
    const elsewhere = endpoint.url.replace('127.0.0.1', '0.0.0.0')
    await t.service([elsewhere]).readTime()
    expect(await seesB(t.service([elsewhere]))).to.equal(false)
    await t.clock.advance(6 * MINUTES)
    expect(await codeOf(t.service([elsewhere]).readTime())).to.equal('ANCHOR_CLOCK')
    expect(await codeOf(seesB(t.service([elsewhere])))).to.equal('ANCHOR_CLOCK')
  })

  it('is not believed what was true before what was seen: a query again, a page of an older revision', async () => {
    const anchor = await t.withContext()
    await anchor.submit(t.group, add(t.b), t.a)
    const [query, page] = [await stuck(MEMBER), await stuck('query members')]
    const hasB = async (service: IcpService): Promise<boolean> => {
      const read = await service.readMemberPage(t.group, 0, 100)
      return read.value?.items.some((one) => equalBytes(one.identity, t.b.publicKey)) === true
    }
    for (const [endpoint, reads] of [
      [query, seesB],
      [page, hasB],
    ] as const) {
      const { clock, skip } = t.impatient()
      const [alone, both] = [t.service([endpoint], { clock }), t.service([endpoint, t.chain.url])]
      expect(await reads(alone)).to.equal(true)
      expect(await reads(both)).to.equal(true)
      await honest().submit(await t.envelope(honest(), dismiss(t.b)))
      // both have seen that time went on
      for (const service of [alone, both]) await service.readGroup(t.group)
      expect(await reads(both), 'as the other has it').to.equal(false)
      const reading = codeOf(reads(alone))
      await endpoint.seen(endpoint === query ? MEMBER : 'query members')
      skip(60_000)
      expect(await reading).to.equal('CHAIN_BEHIND')
      await honest().submit(await t.envelope(honest(), add(t.b)))
    }
  })

  it('makes nothing of a call that it did not take, by the certificate of another', async () => {
    const anchor = await t.withContext()
    const endpoint = await t.endpoint()
    let kept: Reply | undefined
    const answers: Reply[] = []
    endpoint.rules({
      method: 'call apply',
      times: 2,
      fault: {
        kind: 'answer',
        async make(asked, forward) {
          kept ??= await forward(asked)
          answers.push(kept)
          return kept
        },
      },
    })
    const service = t.service([endpoint])
    await service.submit(await t.envelope(service, add(t.c)))
    expect(valueIn<{ status: string }>(answers[0] ?? cborReply({})).status).to.equal('replied')
    const { clock, skip } = t.impatient()
    const other = t.service([endpoint], { clock })
    const sending = other.submit(await t.envelope(other, add(t.b)))
    await endpoint.seen('call apply', 2)
    skip(10_000)
    expect(await sending).to.include({ accepted: true })
    expect(endpoint.count('call apply'), 'given again').to.be.greaterThan(2)
    expect(await anchor.readMember(t.group, t.b.publicKey)).to.not.equal(undefined)
  })

  it('refuses nothing by its own word', async () => {
    const anchor = await t.withContext()
    const endpoint = await t.endpoint()
    endpoint.rules({
      method: 'query check',
      fault: { kind: 'answer', make: () => refusedOf(8, 'Sealed') },
    })
    const service = t.service([endpoint])
    const sent = await service.submit(await t.envelope(service, add(t.b)))
    expect(sent).to.include({ accepted: true })
    expect(await anchor.readMember(t.group, t.b.publicKey)).to.not.equal(undefined)
  })
})

function fromUtf8Or(label: Uint8Array | undefined): string {
  try {
    return label === undefined ? '' : fromUtf8(label)
  } catch {
    return ''
  }
}

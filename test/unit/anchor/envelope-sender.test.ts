import { expect } from 'chai'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeCodec, envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { refusal, unreachable } from '../../../src/node/anchor/errors.ts'
import {
  ENVELOPE_VALIDITY_SECONDS,
  FATE_LOOK_MS,
  MAX_CLOCK_SKEW_SECONDS,
} from '../../../src/node/anchor/limits.ts'
import { localAuthority, type LocalAuthority } from '../../../src/chains/local/model/authority.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import type {
  Answer,
  EnvelopeService,
  SignedEnvelope,
  Standing,
} from '../../../src/node/anchor/service.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom, type Clock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  codeOf,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
  refusalOf,
} from '../../compliance/anchor-support.ts'
import { intercept } from '../../support/intercept.ts'

const [a, b, c] = [person('A'), person('B'), person('C')]
const context = contextOf(a)
const group = ownGroup(context)
const add = (who: typeof a): Operation => ({
  kind: 'addMembers',
  ids: [who.publicKey],
  role: 'writer',
})
const DAY = 86_400n

/** A clock that is moved on by hand; its short waits take no time. */
function movedClock(): Clock & { ms: number; readonly late: (() => void)[] } {
  const clock = {
    ...systemClock,
    ms: 0,
    late: [] as (() => void)[],
    nowMs: () => systemClock.nowMs() + clock.ms,
    monotonicMs: () => systemClock.monotonicMs() + clock.ms,
    after: (ms: number, call: () => void) => {
      if (ms < FATE_LOOK_MS) return systemClock.after(0, call)
      clock.late.push(call)
      return { cancel: () => void clock.late.splice(clock.late.indexOf(call), 1) }
    },
  }
  return clock
}

describe('what is signed on the word of an endpoint', () => {
  let authority: LocalAuthority
  let clock: ReturnType<typeof movedClock>
  let anchors: Anchor[]
  let sent: SignedEnvelope[]

  const over = (methods: Partial<EnvelopeService> = {}): Anchor => {
    const submit: EnvelopeService['submit'] = async (signed, options) => {
      sent.push(signed)
      return (methods.submit ?? ((each) => authority.submit(each)))(signed, options)
    }
    const anchor = envelopeAnchor({
      protocol: 'local',
      network: 'local',
      contract: 'local',
      service: intercept(authority, { ...methods, submit }),
    })({ clock, random: systemRandom, logger: silentLogger })
    anchors.push(anchor)
    return anchor
  }
  const decoded = () => sent.map(({ envelope }) => envelopeCodec.decode(envelope))
  const nowSeconds = (): bigint => BigInt(Math.floor(clock.nowMs() / 1000))

  beforeEach(async () => {
    clock = movedClock()
    anchors = []
    sent = []
    authority = localAuthority({}, { clock, random: systemRandom, logger: silentLogger })
    await authority.start()
    await over().submit(context, creation(), a)
    sent = []
  })

  afterEach(async () => {
    for (const anchor of anchors) await anchor.stop()
    await authority.stop()
  })

  describe('about the time', () => {
    for (const [name, off] of [
      ['a year ahead', 366n * DAY],
      ['a little more ahead than clocks may differ', MAX_CLOCK_SKEW_SECONDS + 2n],
      ['a year behind', -366n * DAY],
    ] as const) {
      it(`is nothing where it is ${name}: the error names both times`, async () => {
        const said = nowSeconds() + off
        const anchor = over({ readTime: async () => said })
        const error: unknown = await anchor
          .submit(group, add(b), a)
          .catch((thrown: unknown) => thrown)
        if (!isMerogateError(error, 'ANCHOR_CLOCK')) throw error
        expect(error.details['theirs']).to.equal(new Date(Number(said) * 1000).toISOString())
        expect(error.details['ours']).to.match(/^\d{4}-/)
        expect(sent).to.deep.equal([])
      })
    }

    it('is good for ten minutes of a clock that differs a little, and never for longer', async () => {
      for (const off of [MAX_CLOCK_SKEW_SECONDS - 2n, -(MAX_CLOCK_SKEW_SECONDS - 2n)]) {
        sent = []
        const anchor = over({
          readTime: async () => nowSeconds() + off,
          submit: () => Promise.reject(unreachable('here')),
        })
        await codeOf(anchor.submit(group, add(b), a))
        const [{ validUntil } = { validUntil: 0n }] = decoded()
        const longest = nowSeconds() + ENVELOPE_VALIDITY_SECONDS + MAX_CLOCK_SKEW_SECONDS
        expect(validUntil <= longest).to.equal(true)
        expect(validUntil - (nowSeconds() + off) <= ENVELOPE_VALIDITY_SECONDS).to.equal(true)
      }
    })
  })

  describe('about nonces', () => {
    /** Each source's word for A's nonce, above the true one. */
    const saying = (words: Readonly<Record<string, bigint>>): Partial<EnvelopeService> => ({
      readStanding: async (id, who, { besides } = {}): Promise<Answer<Standing>> => {
        const answer = await authority.readStanding(id, who)
        const [source = '', more = 0n] =
          Object.entries(words).find(([name]) => name !== besides) ?? Object.entries(words)[0] ?? []
        const value = { ...answer.value, nonce: answer.value.nonce + more }
        return { ...answer, value, source }
      },
    })

    it('is nothing when the only endpoint leaves numbers out after what was signed here', async () => {
      const words = { one: 0n }
      const anchor = over(saying(words))
      await anchor.submit(group, add(b), a)
      words.one = 2n
      expect(await codeOf(anchor.submit(group, add(c), a))).to.equal('ANCHOR_NONCE')
      expect(sent).to.have.lengthOf(1)
      words.one = 0n
      await anchor.submit(group, add(c), a)
      expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b, c))
    })

    it('is nothing when a refusal leaves numbers out', async () => {
      let isLying = false
      const anchor = over({
        ...saying({ one: 0n }),
        submit: async (signed) => {
          const { nonce } = envelopeCodec.decode(signed.envelope)
          if (!isLying) return authority.submit(signed)
          return { accepted: false, refusal: refusal('BadNonce', nonce + 2n) }
        },
      })
      await anchor.submit(group, add(b), a)
      isLying = true
      sent = []
      expect(await codeOf(anchor.submit(group, add(c), a))).to.equal('ANCHOR_NONCE')
      expect(sent).to.have.lengthOf(1)
    })

    it('is what two endpoints bear out, from the first operation on', async () => {
      const lying = over(saying({ one: 2n, two: 0n }))
      expect(await codeOf(lying.submit(group, add(b), a))).to.equal('ANCHOR_NONCE')
      expect(sent).to.deep.equal([])
      await over(saying({ one: 0n, two: 0n })).submit(group, add(b), a)
    })

    it('follows another process with the same key where two endpoints say so', async () => {
      const anchor = over(saying({ one: 0n, two: 0n }))
      await anchor.submit(group, add(b), a)
      const other = over()
      await other.submit(group, { kind: 'removeMembers', ids: [b.publicKey], mayReturn: false }, a)
      await other.submit(group, add(b), a)
      await anchor.submit(group, add(c), a)
      expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b, c))
    })

    it('follows it on the word of one alone after as long as anything signed is good', async () => {
      const anchor = over(saying({ one: 0n }))
      await anchor.submit(group, add(b), a)
      const other = over()
      await other.submit(group, { kind: 'removeMembers', ids: [b.publicKey], mayReturn: false }, a)
      await other.submit(group, add(b), a)
      expect(await codeOf(anchor.submit(group, add(c), a))).to.equal('ANCHOR_NONCE')
      clock.ms += Number(ENVELOPE_VALIDITY_SECONDS) * 1000
      expect(await refusalOf(anchor.submit(group, add(c), a))).to.equal('accepted')
    })
  })

  it('is no invitation to a membership or series that another endpoint contradicts', async () => {
    for (const more of [{ series: 1 }, { joinedRevision: 9n }]) {
      let isLying = true
      const anchor = over({
        readStanding: async (id, who, { besides } = {}): Promise<Answer<Standing>> => {
          const answer = await authority.readStanding(id, who)
          const source = besides === 'one' ? 'two' : 'one'
          const lie = isLying && source === 'one' ? more : {}
          return { ...answer, value: { ...answer.value, ...lie }, source }
        },
      })
      const invite = (): Promise<Uint8Array> =>
        anchor.createInvitation(group, { notAfter: nowSeconds() + DAY }, a)
      expect(await codeOf(invite())).to.equal('ANCHOR_NONCE')
      isLying = false
      await invite()
    }
  })

  describe('and whose fate is not known', () => {
    /** An anchor whose submissions are lost before they arrive, until it is mended. */
    const losing = (): { readonly anchor: Anchor; mend(): void } => {
      let isLosing = true
      const anchor = over({
        submit: (signed) =>
          isLosing ? Promise.reject(unreachable('here')) : authority.submit(signed),
      })
      return { anchor, mend: () => void (isLosing = false) }
    }

    it('is told with the time until which it may take effect, and shown', async () => {
      const { anchor } = losing()
      const error: unknown = await anchor
        .submit(group, add(b), a)
        .catch((thrown: unknown) => thrown)
      if (!isMerogateError(error, 'ANCHOR_FATE_UNKNOWN')) throw error
      const [signed] = sent
      if (signed === undefined) throw new RangeError('expected an envelope')
      const { validUntil } = envelopeCodec.decode(signed.envelope)
      const until = Number(validUntil + MAX_CLOCK_SKEW_SECONDS) * 1000
      expect(error.details).to.deep.include({
        operation: 'addMembers',
        transaction: toHex(envelopeDigest(signed.envelope)),
        until: new Date(until).toISOString(),
        reason: 'ANCHOR_UNREACHABLE',
      })
      const [shown] = anchor.unsettled?.() ?? []
      expect(shown).to.include({ kind: 'addMembers', untilMs: until })
      expect(shown?.subject).to.deep.equal(group)
    })

    it('is the same operation when it is asked for again', async () => {
      const { anchor, mend } = losing()
      await codeOf(anchor.submit(group, add(b), a))
      await codeOf(anchor.submit(group, add(b), a))
      mend()
      await anchor.submit(group, add(b), a)
      expect(new Set(sent.map(({ envelope }) => toHex(envelope))).size).to.equal(1)
      expect(anchor.unsettled?.()).to.deep.equal([])
      expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b))
    })

    it('is found when a stranger delivered it meanwhile', async () => {
      const { anchor } = losing()
      await codeOf(anchor.submit(group, add(b), a))
      const [signed] = sent
      if (signed === undefined) throw new RangeError('expected an envelope')
      await authority.submit(signed)
      const { evidence } = await anchor.submit(group, add(b), a)
      expect(evidence.height).to.equal(2n)
      expect(authority.height).to.equal(2n)
    })

    it('is looked for by itself, and told as a change', async () => {
      const { anchor } = losing()
      const changes: string[] = []
      anchor.watch(({ subject }) => changes.push(toHex(subject)))
      await codeOf(anchor.submit(group, add(b), a))
      const [signed] = sent
      if (signed === undefined) throw new RangeError('expected an envelope')
      await authority.submit(signed)
      for (const look of clock.late.splice(0)) look()
      while (changes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(changes).to.deep.equal([toHex(group)])
      expect(anchor.unsettled?.()).to.deep.equal([])
    })

    it('is forgotten when its time is over, and not before', async () => {
      const { anchor, mend } = losing()
      await codeOf(anchor.submit(group, add(b), a))
      clock.ms += Number(ENVELOPE_VALIDITY_SECONDS + MAX_CLOCK_SKEW_SECONDS - 2n) * 1000
      expect(anchor.unsettled?.()).to.have.lengthOf(1)
      clock.ms += 4000
      expect(anchor.unsettled?.()).to.deep.equal([])
      mend()
      await anchor.submit(group, add(b), a)
      expect(new Set(sent.map(({ envelope }) => toHex(envelope))).size).to.equal(2)
    })

    it('is not signed anew after a refusal that was a lie: the same bytes are sent again', async () => {
      let isLying = true
      const anchor = over({
        submit: async (signed) =>
          isLying ? { accepted: false, refusal: refusal('Expired') } : authority.submit(signed),
      })
      expect(await refusalOf(anchor.submit(group, add(b), a))).to.equal('Expired')
      isLying = false
      await anchor.submit(group, add(b), a)
      expect(new Set(sent.map(({ envelope }) => toHex(envelope))).size).to.equal(1)
    })

    it('is signed anew after a refusal when the clock was wrong and is set right', async () => {
      for (const wrong of [-2 * 3600, 2 * 86_400]) {
        sent = []
        const who = wrong < 0 ? b : c
        const right = clock.ms
        // the anchor's clock stays as it is
        const honest = localAuthority(
          {},
          {
            clock: { ...systemClock, nowMs: () => systemClock.nowMs() + right },
            random: systemRandom,
            logger: silentLogger,
          },
        )
        await honest.start()
        const anchor = over({
          readDomain: () => honest.readDomain(),
          submit: (signed) => honest.submit(signed),
        })
        clock.ms = right + wrong * 1000
        const subject = contextOf(who)
        expect(await refusalOf(anchor.submit(subject, creation(), who))).to.match(
          /^(Expired|LimitExceeded)$/,
        )
        clock.ms = right
        expect(await refusalOf(anchor.submit(subject, creation(), who))).to.equal('accepted')
        await honest.stop()
      }
    })

    it('is signed anew when something else took its nonce', async () => {
      const { anchor, mend } = losing()
      await codeOf(anchor.submit(group, add(b), a))
      await over().submit(group, add(c), a)
      mend()
      await anchor.submit(group, add(b), a)
      expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b, c))
    })
  })
})

import { expect } from 'chai'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { fateCodec } from '../../../src/node/anchor/fate-codec.ts'
import type { FateStore } from '../../../src/node/anchor/fates.ts'
import { refusal, unreachable } from '../../../src/node/anchor/errors.ts'
import {
  ENVELOPE_VALIDITY_SECONDS,
  FATE_FINAL_MS,
  FATE_LOOK_MS,
  MAX_BATCH,
} from '../../../src/node/anchor/limits.ts'
import { localAuthority, type LocalAuthority } from '../../../src/chains/local/model/authority.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import type { EnvelopeService, SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { keptFates } from '../../../src/node/kept-for-anchors.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { systemClock, systemRandom, type Clock } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { INTENT_KIND, intentRows } from '../../../src/node/store/repositories/intents.ts'
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
import { failingStore } from '../../support/failing-store.ts'
import { intercept } from '../../support/intercept.ts'
import { memoryStore } from '../../support/memory-store.ts'

const [a, b, c] = [person('A'), person('B'), person('C')]
const context = contextOf(a)
const group = ownGroup(context)
const add = (...who: readonly (typeof a)[]): Operation => ({
  kind: 'addMembers',
  ids: who.map(({ publicKey }) => publicKey),
  role: 'writer',
})
const LOST: Partial<EnvelopeService> = { submit: () => Promise.reject(unreachable('here')) }

describe('what was signed, over restarts', () => {
  let authority: LocalAuthority
  let clock: Clock
  let aheadMs: number
  let looks: (() => void)[]
  let anchors: Anchor[]
  let sent: SignedEnvelope[]
  let store: ReturnType<typeof failingStore>
  let fates: FateStore

  /** The anchor of one process, whose service answers as it is told. */
  const begin = async (
    methods: Partial<EnvelopeService> = {},
    contract = 'local',
  ): Promise<Anchor> => {
    const submit: EnvelopeService['submit'] = async (signed, options) => {
      sent.push(signed)
      return (methods.submit ?? ((each) => authority.submit(each)))(signed, options)
    }
    const service = intercept(authority, { ...methods, submit })
    const anchor = envelopeAnchor({ protocol: 'local', network: 'local', contract, service })({
      ...{ clock, random: systemRandom, logger: silentLogger, fates },
    })
    await anchor.start()
    anchors.push(anchor)
    return anchor
  }
  /** A process that sends, hears nothing and ends. */
  const endsAfter = async (
    operation: Operation,
    methods: Partial<EnvelopeService> = LOST,
  ): Promise<void> => {
    const anchor = await begin(methods)
    await codeOf(anchor.submit(group, operation, a))
    await anchor.stop()
  }
  const rows = async (): Promise<number> =>
    (await intentRows(store).list(INTENT_KIND.operation)).length
  const look = async (until: () => boolean): Promise<void> => {
    for (const each of looks.splice(0)) each()
    while (!until()) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  /** The next look is due. */
  const untilLooks = async (): Promise<void> => {
    while (looks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const envelopes = (): number => new Set(sent.map(({ envelope }) => toHex(envelope))).size
  const first = (): SignedEnvelope => {
    const [signed] = sent
    if (signed === undefined) throw new RangeError('expected an envelope')
    return signed
  }

  beforeEach(async () => {
    aheadMs = 0
    looks = []
    clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs() + aheadMs,
      after(ms, call) {
        if (ms < FATE_LOOK_MS) return systemClock.after(0, call)
        looks.push(call)
        return { cancel: () => void looks.splice(looks.indexOf(call), 1) }
      },
    }
    anchors = []
    sent = []
    store = failingStore(memoryStore())
    fates = keptFates(store, silentLogger)
    authority = localAuthority({}, { clock, random: systemRandom, logger: silentLogger })
    await authority.start()
    await (await begin()).submit(context, creation(), a)
    sent = []
  })

  afterEach(async () => {
    for (const anchor of anchors) await anchor.stop()
    await authority.stop()
  })

  it('is found by the next process, shown, and is the same operation when it is asked for again', async () => {
    await endsAfter(add(b))
    const again = await begin()
    const [shown] = again.unsettled?.() ?? []
    expect(shown).to.include({ kind: 'addMembers' })
    expect(shown?.subject).to.deep.equal(Uint8Array.from(group))
    expect(shown?.signer).to.deep.equal(a.publicKey)
    await again.submit(group, add(b), a)
    expect(envelopes()).to.equal(1)
    expect(await memberKeys(again, group)).to.deep.equal(keysOf(a, b))
    expect(again.unsettled?.()).to.deep.equal([])
    await again.stop()
    expect(await rows()).to.equal(0)
  })

  it('is found when it took effect meanwhile: it is not done once more', async () => {
    await endsAfter(add(b), {
      submit: async (signed) => {
        await authority.submit(signed)
        throw unreachable('here')
      },
      findApplied: () => Promise.reject(unreachable('here')),
    })
    const { height } = authority
    const { evidence } = await (await begin()).submit(group, add(b), a)
    expect(evidence.height).to.equal(height)
    expect(authority.height).to.equal(height)
  })

  it('is looked for by the next process, by its bytes too, and told as a change', async () => {
    await endsAfter(add(b))
    const asked: (Uint8Array | undefined)[] = []
    const again = await begin({
      findApplied: (envelope) => {
        asked.push(envelope)
        return authority.findApplied(envelope)
      },
    })
    const changes: string[] = []
    await authority.submit(first())
    again.watch(({ subject }) => changes.push(toHex(subject)))
    await look(() => again.unsettled?.().length === 0)
    expect(asked).to.deep.equal([first().envelope])
    expect(changes).to.include(toHex(group))
    await again.stop()
    expect(await rows()).to.equal(0)
  })

  it('is followed until the block that it lies in is final, which may take it away', async () => {
    const endings = [
      // its block becomes final, though only when its time is over
      { isUndone: false, told: 1 },
      // it is taken away, and nobody brings it again
      { isUndone: true, told: 0 },
    ]
    for (const { isUndone, told } of endings) {
      sent = []
      aheadMs = 0
      await endsAfter(add(b))
      let asked = 0
      const finalities: (string | undefined)[] = []
      let [isLanded, isFinal] = [true, false]
      const again = await begin({
        findApplied: async (_envelope, options) => {
          asked++
          finalities.push(options?.finality)
          return isFinal || (isLanded && options?.finality !== 'final') ? 7n : undefined
        },
      })
      const changes: string[] = []
      again.watch(({ subject }) => changes.push(toHex(subject)))
      await look(() => asked === 1)
      expect(again.unsettled?.()).to.have.lengthOf(1)
      // its time is over, and it lies in a block that is not final
      aheadMs = 2 * 1000 * Number(ENVELOPE_VALIDITY_SECONDS)
      await untilLooks()
      await look(() => asked === 3)
      await untilLooks()
      expect([await rows(), changes]).to.deep.equal([1, []])
      isLanded = !isUndone
      isFinal = !isUndone
      await look(() => asked >= 4)
      while ((await rows()) > 0) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(changes.filter((subject) => subject === toHex(group))).to.have.lengthOf(told)
      expect(finalities.slice(0, 3)).to.deep.equal(['final', 'final', 'optimistic'])
      await again.stop()
    }
  })

  it('is not followed for ever where nothing becomes final', async () => {
    await endsAfter(add(b))
    const again = await begin({
      findApplied: async (_envelope, options) => (options?.finality === 'final' ? undefined : 7n),
    })
    const changes: string[] = []
    again.watch(({ subject }) => changes.push(toHex(subject)))
    aheadMs = 2 * FATE_FINAL_MS
    await look(() => changes.length > 0)
    await again.stop()
    expect(await rows()).to.equal(0)
  })

  it('is there before it is sent, and is not sent where it cannot be stored', async () => {
    const seen: number[] = []
    const anchor = await begin({
      submit: async (signed) => {
        seen.push(await rows())
        return authority.submit(signed)
      },
    })
    await anchor.submit(group, add(b), a)
    expect(seen).to.deep.equal([1])
    store.failAt = 1
    expect(await codeOf(anchor.submit(group, add(c), a))).to.equal('STORE_FAILED')
    expect(seen).to.have.lengthOf(1)
    await anchor.submit(group, add(c), a)
  })

  it('leaves nothing behind once its end is known', async () => {
    let refusals = 1
    const anchor = await begin({
      submit: async (signed) =>
        refusals-- > 0
          ? { accepted: false, refusal: refusal('BadNonce') }
          : authority.submit(signed),
    })
    // the nonce went to something else
    expect(await refusalOf(anchor.submit(group, add(b), a))).to.equal('BadNonce')
    await anchor.submit(group, add(b), a)
    await anchor.stop()
    expect(await rows()).to.equal(0)
  })

  it('is stored, or gone, as soon as the disk takes it again', async () => {
    const anchor = await begin()
    store.failAt = 2
    await anchor.submit(group, add(b), a)
    const before = store.batches
    expect(await rows()).to.equal(1)
    await look(() => store.batches > before)
    expect(await rows()).to.equal(0)
    // and by who stops before that
    store.failAt = 2
    await anchor.submit(group, add(c), a)
    expect(await rows()).to.equal(1)
    await anchor.stop()
    expect(await rows()).to.equal(0)
  })

  it('is kept until nothing can undo it', async () => {
    const hung = Promise.withResolvers<never>()
    const anchor = await begin({
      submit: async (signed) => {
        const submission = await authority.submit(signed)
        return submission.accepted ? { ...submission, final: () => hung.promise } : submission
      },
    })
    const abort = new AbortController()
    const waiting = codeOf(anchor.submit(group, add(b), a, { signal: abort.signal }))
    while (!(await memberKeys(anchor, group)).includes(keysOf(b)[0] ?? '')) continue
    expect(await rows()).to.equal(1)
    hung.reject(unreachable('here'))
    expect(await waiting).to.equal('ANCHOR_FATE_UNKNOWN')
    expect(anchor.unsettled?.()).to.have.lengthOf(1)
    await anchor.stop()
    expect(await rows()).to.equal(1)
    const again = await begin()
    await look(() => again.unsettled?.().length === 0)
    await again.stop()
    expect(await rows()).to.equal(0)
  })

  it('is looked for part by part where a part of a long one failed', async () => {
    const many = Array.from({ length: MAX_BATCH + 1 }, (_, index) => person(`one of many ${index}`))
    let parts = 0
    const anchor = await begin({
      submit: async (signed) => {
        if (parts++ > 0) throw unreachable('here')
        const submission = await authority.submit(signed)
        return submission.accepted
          ? { ...submission, final: () => Promise.resolve(submission) }
          : submission
      },
    })
    expect(await codeOf(anchor.submit(group, add(...many), a))).to.equal('ANCHOR_FATE_UNKNOWN')
    expect(anchor.unsettled?.()).to.have.lengthOf(2)
    await anchor.stop()
    sent = []
    const again = await begin()
    await again.submit(group, add(...many), a)
    expect(sent, 'the second part alone').to.have.lengthOf(1)
    expect(await memberKeys(again, group)).to.deep.equal(keysOf(a, ...many))
    await again.stop()
    expect(await rows()).to.equal(0)
  })

  it('is not shown when it was refused, and is still the same operation', async () => {
    await endsAfter(add(b), {
      submit: async () => ({ accepted: false, refusal: refusal('Expired') }),
    })
    const again = await begin()
    expect(again.unsettled?.()).to.deep.equal([])
    expect(await refusalOf(again.submit(group, add(b), a))).to.equal('accepted')
    expect(envelopes()).to.equal(1)
  })

  it('goes when its time is over and it is not to be found', async () => {
    await endsAfter(add(b))
    aheadMs = 2 * Number(ENVELOPE_VALIDITY_SECONDS) * 1000
    const again = await begin()
    expect(again.unsettled?.()).to.deep.equal([])
    await look(() => looks.length === 0)
    while ((await rows()) > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await again.stop()
    await (await begin()).submit(group, add(b), a)
    expect(envelopes(), 'another one').to.equal(2)
  })

  it('keeps its nonce: what the only endpoint says next must follow it', async () => {
    await endsAfter(add(b))
    const again = await begin({
      readStanding: async (id, who) => {
        const answer = await authority.readStanding(id, who)
        const value = { ...answer.value, nonce: answer.value.nonce + 2n }
        return { ...answer, value, source: 'one' }
      },
    })
    expect(await codeOf(again.submit(group, add(c), a))).to.equal('ANCHOR_NONCE')
  })

  it('is nobody’s but its contract’s', async () => {
    await endsAfter(add(b))
    expect((await begin({}, 'another')).unsettled?.()).to.deep.equal([])
  })

  it('is left out where its row is damaged', async () => {
    await endsAfter(add(b))
    const key = { kind: INTENT_KIND.operation, part: new Uint8Array(32) }
    const row = { status: 0, tries: 1, sinceMs: 0n, nextMs: 0n, code: '', message: '' }
    const damaged = { ...row, body: Uint8Array.of(1) }
    const id = ContextId.from(group)
    await store.batch([intentRows(store).put({ ...key, context: id }, damaged)])
    expect((await begin()).unsettled?.()).to.have.lengthOf(1)
  })

  it('has one layout', () => {
    const body = {
      ...{ contract: 'local/local/local', wish: '00', kind: 'addMembers', subject: group },
      ...{ signer: a.publicKey, nonce: { nonce: 7n, series: 's' }, leaves: 9n },
      signed: { envelope: Uint8Array.of(1, 2), signature: new Uint8Array(64).fill(3) },
    }
    const { id, ...decoded } = fateCodec.decode(fateCodec.encode({ ...body, id: '' }))
    expect(id).to.match(/^[0-9a-f]{64}$/)
    expect(decoded).to.deep.equal({ ...body, subject: Uint8Array.from(group) })
  })
})

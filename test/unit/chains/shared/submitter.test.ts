import { expect } from 'chai'
import type { Delivery, Mined } from '../../../../src/chains/shared/delivery.ts'
import { Submitter } from '../../../../src/chains/shared/submitter.ts'
import { refusal, unreachable } from '../../../../src/node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../../src/node/anchor/service.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'

const SIGNED: SignedEnvelope = {
  envelope: new Uint8Array([1, 2, 3]),
  signature: new Uint8Array(64),
}

/** A chain that does as it is told; what it was sent is counted. */
function submitting(told: Partial<Delivery>): { submitter: Submitter; sent: string[] } {
  const sent: string[] = []
  const mined = (transaction: string): Mined => ({ transaction, block: 7n, succeeded: true })
  const submitter = new Submitter({
    chain: 'made',
    check: async () => {},
    async send(_signed, { onSigned }) {
      const name = `t${sent.length + 1}`
      onSigned?.(name)
      sent.push(name)
      return { ...mined(name), final: async () => mined(name) }
    },
    look: async () => undefined,
    find: async () => undefined,
    ...told,
  })
  return { submitter, sent }
}

describe('a submitter', () => {
  it('sends nothing that the contract would refuse now', async () => {
    const { submitter, sent } = submitting({ tryOut: async () => refusal('Sealed') })
    expect(await submitter.submit(SIGNED)).to.deep.include({ accepted: false })
    expect(sent).to.deep.equal([])
  })

  it('makes one transaction of an envelope, however many give it at one time', async () => {
    const { submitter, sent } = submitting({})
    const all = await Promise.all([1, 2, 3].map(() => submitter.submit(SIGNED)))
    expect(all.map((one) => one.accepted && one.transaction)).to.deep.equal(['t1', 't1', 't1'])
    expect(sent).to.deep.equal(['t1'])
  })

  it('goes on for who still waits, and ends with the last of them', async () => {
    const begun = Promise.withResolvers<AbortSignal>()
    const { submitter } = submitting({
      send: (_signed, { signal }) =>
        new Promise((_resolve, reject) => {
          if (signal === undefined) return reject(new TypeError('expected a signal'))
          begun.resolve(signal)
          signal.addEventListener('abort', () => reject(unreachable('made')))
        }),
    })
    const [first, second] = [new AbortController(), new AbortController()]
    const answers = [first, second].map(({ signal }) =>
      codeOf(submitter.submit(SIGNED, { signal })),
    )
    const running = await begun.promise
    first.abort()
    expect(await answers[0]).to.equal('ABORTED')
    expect(running.aborted).to.equal(false)
    second.abort()
    expect(await answers[1]).to.equal('ABORTED')
    expect(running.aborted).to.equal(true)
  })

  it('knows a refusal for the echo of a success whose answer was lost', async () => {
    let isLost = true
    const { submitter } = submitting({
      async send(_signed, { onSigned }) {
        onSigned?.('lost')
        isLost = false
        throw unreachable('made')
      },
      tryOut: async () => (isLost ? undefined : refusal('BadNonce', 2n)),
      look: async (transaction) => ({ transaction, block: 9n, succeeded: true }),
    })
    expect(await codeOf(submitter.submit(SIGNED))).to.equal('ANCHOR_UNREACHABLE')
    expect(await submitter.submit(SIGNED)).to.deep.equal({
      ...{ accepted: true, transaction: 'lost', height: 9n },
    })
    // it was told once: who sends it again wants it refused
    expect(await submitter.submit(SIGNED)).to.deep.include({ accepted: false })
  })

  it('asks for the right nonce where the chain’s word has no room for it', async () => {
    const { submitter } = submitting({
      tryOut: async () => refusal('BadNonce'),
      readNonce: async () => 41n,
    })
    expect(await submitter.submit(SIGNED)).to.deep.equal({
      ...{ accepted: false, refusal: refusal('BadNonce', 41n) },
    })
  })

  it('tells why a transaction failed that was fine when it was tried out, or that it may be tried again', async () => {
    let refused: ReturnType<typeof refusal> | undefined = undefined
    const failing = (then: ReturnType<typeof refusal> | undefined): Submitter => {
      refused = undefined
      return submitting({
        tryOut: async () => refused,
        async send() {
          refused = then
          const mined = { transaction: 't', block: 3n, succeeded: false }
          return { ...mined, final: async () => mined }
        },
      }).submitter
    }
    expect(await failing(refusal('Unauthorized')).submit(SIGNED)).to.deep.equal({
      ...{ accepted: false, refusal: refusal('Unauthorized') },
    })
    expect(await codeOf(failing(undefined).submit(SIGNED))).to.equal('CHAIN_REVERTED')
  })

  it('sends anew what lost its place, some times', async () => {
    const lost = new RangeError('replaced')
    let left = 1
    const { submitter, sent } = submitting({
      isReplaced: (error) => error === lost,
      async send(_signed, { onSigned }) {
        sent.push('sent')
        onSigned?.(`t${left}`)
        if (left-- > 0) throw lost
        const mined = { transaction: 't0', block: 3n, succeeded: true }
        return { ...mined, final: async () => mined }
      },
    })
    expect(await submitter.submit(SIGNED)).to.deep.include({ accepted: true, transaction: 't0' })
    expect(sent).to.deep.equal(['sent', 'sent'])
    left = 99
    const other = { ...SIGNED, envelope: new Uint8Array([9]) }
    expect(await submitter.submit(other).catch((error: unknown) => error)).to.equal(lost)
  })

  it('finds what it sent by the transaction, and what others carried by asking', async () => {
    const { submitter } = submitting({
      look: async (transaction) => ({ transaction, block: 5n, succeeded: true }),
      find: async () => ({ transaction: 'theirs', block: 6n, succeeded: true }),
    })
    expect(await submitter.find(SIGNED.envelope)).to.equal(6n)
    await submitter.submit(SIGNED)
    expect(await submitter.find(SIGNED.envelope)).to.equal(5n)
  })
})

import { expect } from 'chai'
import { ethereumError } from '../../../src/chains/ethereum/errors.ts'
import { anchorError, badAnswer, refusal, unreachable } from '../../../src/node/anchor/errors.ts'
import type { MerogateError } from '../../../src/node/errors.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { promMetrics, relayer } from '../../../src/server/index.ts'
import type { RelayCarrier, Relayer, OperationView } from '../../../src/server/index.ts'
import { contextOf, creation, person, secondsOf, sign } from '../../compliance/anchor-support.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { relayBody } from '../../support/ethereum-relayer.ts'

const a = person('A')
const domain = { chain: 3, network: new Uint8Array(32).fill(1), contract: new Uint8Array(20) }

/** A relayer on a chain that does as it is told; one operation an hour for each signer. */
function relaying(chain: Partial<RelayCarrier>): Relayer {
  const carrier: RelayCarrier = {
    chain: 'ethereum',
    network: 'local',
    domain,
    costs: { unit: 'gas', perOperation: 500n, perDay: 1000n },
    estimate: async () => ({ cost: 100n }),
    submit: async () => ({ accepted: true, transaction: '0x01', height: 1n }),
    find: async () => undefined,
    groupOf: async () => undefined,
    stop: () => {},
    ...chain,
  }
  const asking = { keyPerHour: 99, keyPerDay: 99, addressPerHour: 99, addressPerDay: 99 }
  const quotas = { ...asking, signerPerHour: 1, signerPerDay: 9, groupPerHour: 9, groupPerDay: 9 }
  const metrics = promMetrics({ process: false })
  return relayer({
    carriers: [carrier],
    quotas,
    maxUnderWay: 1,
    isOpen: true,
  })({ clock: systemClock, logger: silentLogger, metrics })
}

const request = async (n = 1): Promise<unknown> => {
  const validUntil = secondsOf(systemClock) + 600n
  const fields = { domain, subject: contextOf(a, n), nonce: 0n, validUntil }
  return relayBody(await sign(a, creation(n), fields))
}

/** How an operation stands when it is no longer pending. */
async function settled(at: Relayer, { id }: OperationView): Promise<OperationView> {
  for (;;) {
    const view = at.find(id)
    if (view.state !== 'pending') return view
    await new Promise(setImmediate)
  }
}

describe('a relayer', () => {
  it('gives back what was counted when nothing was signed, and takes the same again', async () => {
    let failures = 1
    const at = relaying({
      async submit(_signed, { onSigned }) {
        if (failures-- > 0) throw anchorError('ANCHOR_BUSY', 'too much')
        onSigned()
        return { accepted: true, transaction: '0x01', height: 1n }
      },
    })
    const body = await request()
    const failed = await settled(at, await at.submit(body))
    expect(failed).to.include({ state: 'failed', code: 'ANCHOR_BUSY' })
    expect(await settled(at, await at.submit(body))).to.include({ state: 'final', block: '1' })
    expect(await rejectionCode(at.submit(await request(2)))).to.equal('RELAYER_QUOTA')
  })

  it('counts what was signed, whatever became of it', async () => {
    const at = relaying({
      async submit(_signed, { onSigned }) {
        onSigned()
        return { accepted: false, refusal: refusal('BadNonce', 7n) }
      },
    })
    const view = await settled(at, await at.submit(await request()))
    expect(view).to.include({ state: 'refused', number: 12, name: 'BadNonce', expected: '7' })
    expect(await rejectionCode(at.submit(await request(2)))).to.equal('RELAYER_QUOTA')
  })

  it('does not say which endpoints it uses, whatever is wrong with them', async () => {
    const where = 'https://secret.example'
    for (const failure of [
      unreachable(where),
      badAnswer(where, 'something else'),
      ethereumError('CHAIN_WRONG_NETWORK', `expected chain 1 at ${where}, got 2`, { where }),
    ]) {
      const at = relaying({ estimate: () => Promise.reject(failure) })
      try {
        await at.submit(await request())
        expect.fail('expected a failure')
      } catch (error) {
        expect(error).to.include({ code: 'RELAYER_CHAIN_UNREACHABLE' })
        expect(String(error)).to.not.include('secret')
        expect(JSON.stringify((error as MerogateError).details)).to.not.include('secret')
      }
    }
  })

  it('pays for no operation that is too dear', async () => {
    const at = relaying({ estimate: async () => ({ cost: 501n }) })
    expect(await rejectionCode(at.submit(await request()))).to.equal('RELAYER_TOO_DEAR')
  })

  it('asks for earlier success only where a refusal may be its echo', async () => {
    for (const [name, expected, asked] of [
      ['BadNonce', 1n, 1],
      ['BadNonce', 0n, 0],
      ['ContextExists', undefined, 1],
      ['Unauthorized', undefined, 0],
    ] as const) {
      let questions = 0
      const at = relaying({
        estimate: async () => ({ refusal: refusal(name, expected) }),
        async find() {
          questions++
          return undefined
        },
      })
      expect((await at.submit(await request())).state).to.equal('refused')
      expect(questions, name).to.equal(asked)
    }
  })

  it('stops while an operation is under way, and frees its place when one ends', async () => {
    const at = relaying({
      submit: (_signed, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(anchorError('ANCHOR_STOPPED', 'stopped')))
        }),
    })
    const view = await at.submit(await request())
    expect(await rejectionCode(at.submit(await request(2)))).to.equal('RELAYER_QUOTA')
    await at.stop()
    expect(at.find(view.id).state).to.equal('pending')
    await at.stop()
  })
})

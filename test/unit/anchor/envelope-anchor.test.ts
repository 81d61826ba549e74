import { expect } from 'chai'
import type { Anchor, AnchorChange, CursorStore } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { RETRY_PAUSES_MS } from '../../../src/node/anchor/envelope-sender.ts'
import { refusal, rejected, unreachable } from '../../../src/node/anchor/errors.ts'
import { FATE_LOOK_MS } from '../../../src/node/anchor/limits.ts'
import { localAuthority, type LocalAuthority } from '../../../src/chains/local/model/authority.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import type { EnvelopeService } from '../../../src/node/anchor/service.ts'
import { splitOperation } from '../../../src/node/anchor/split.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { systemClock, systemRandom, type Clock } from '../../../src/node/primitives/clock.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { intercept } from '../../support/intercept.ts'
import {
  application,
  codeOf,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
  refusalOf,
} from '../../compliance/anchor-support.ts'

const [a, b, c] = [person('A'), person('B'), person('C')]
const context = contextOf(a)
const group = ownGroup(context)
const add = (who: typeof a): Operation => ({
  kind: 'addMembers',
  ids: [who.publicKey],
  role: 'writer',
})

/** Waits of the anchor take no time; each is counted. */
function hastyClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = []
  return {
    ...systemClock,
    waits,
    after: (ms, call) => {
      waits.push(ms)
      // what is looked for in the background takes its time
      return systemClock.after(ms >= FATE_LOOK_MS ? ms : 0, call)
    },
  }
}

describe('envelope anchor', () => {
  let authority: LocalAuthority
  let clock: ReturnType<typeof hastyClock>

  const over = (
    methods: Partial<EnvelopeService> = {},
    more: { readonly cursors?: CursorStore } = {},
  ): Anchor =>
    envelopeAnchor({
      protocol: 'local',
      network: 'local',
      contract: 'local',
      service: intercept(authority, methods),
    })({ clock, random: systemRandom, logger: silentLogger, ...more })

  beforeEach(async () => {
    clock = hastyClock()
    const components = { clock: systemClock, random: systemRandom, logger: silentLogger }
    authority = localAuthority({}, components)
    await authority.start()
    await over().submit(context, creation(), a)
  })

  afterEach(async () => {
    await authority.stop()
  })

  it('gives up after its retries and says that nobody answers', async () => {
    let calls = 0
    const down = (): Promise<never> => {
      calls++
      return Promise.reject(unreachable('nowhere'))
    }
    const anchor = over({ readContext: down, submit: down })
    expect(await codeOf(anchor.readContext(context))).to.equal('ANCHOR_UNREACHABLE')
    expect(calls).to.equal(RETRY_PAUSES_MS.length + 1)
    expect(clock.waits).to.deep.equal(RETRY_PAUSES_MS)
    expect(await codeOf(anchor.submit(group, add(b), a))).to.equal('ANCHOR_FATE_UNKNOWN')
  })

  it('does not repeat what the service refused to do', async () => {
    let calls = 0
    const anchor = over({
      readContext: () => {
        calls++
        return Promise.reject(new RangeError('a bug'))
      },
    })
    const error = await anchor.readContext(context).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(RangeError)
    expect(calls).to.equal(1)
  })

  it('[79] finds that an operation was applied although its answer was lost', async () => {
    const sent: string[] = []
    const anchor = over({
      submit: async (signed) => {
        sent.push(Buffer.from(signed.envelope).toString('hex'))
        const result = await authority.submit(signed)
        if (sent.length === 1) throw unreachable('here')
        return result
      },
    })
    const receipt = await anchor.submit(group, add(b), a)
    expect(sent).to.have.length(2)
    expect(sent[0], 'the same bytes').to.equal(sent[1])
    expect(receipt.evidence.height).to.equal(2n)
    expect(authority.height).to.equal(2n)
  })

  it('sends again what never arrived', async () => {
    let attempts = 0
    const anchor = over({
      submit: (signed) => {
        attempts++
        return attempts < 3 ? Promise.reject(unreachable('here')) : authority.submit(signed)
      },
    })
    await anchor.submit(group, add(b), a)
    expect(authority.height).to.equal(2n)
  })

  it('signs anew once when the nonce moved, and then leaves it', async () => {
    let stale = 0
    const nonces = new Set<bigint>()
    const anchor = over({
      submit: (signed) => {
        stale++
        nonces.add(BigInt(stale))
        return stale < 2
          ? Promise.resolve({ accepted: false, refusal: refusal('BadNonce', 1n << 32n) })
          : authority.submit(signed)
      },
    })
    await anchor.submit(group, add(b), a)
    expect(nonces.size).to.equal(2)
    const never = over({
      submit: () => Promise.resolve({ accepted: false, refusal: refusal('BadNonce', 7n) }),
    })
    const error: unknown = await never.submit(group, add(c), a).catch((thrown: unknown) => thrown)
    if (!isMerogateError(error, 'ANCHOR_REJECTED')) throw error
    expect(error.details['error']).to.deep.equal({ number: 12, name: 'BadNonce', expected: '7' })
  })

  describe('where what is read lags behind what judges', () => {
    const update: Operation = { kind: 'updateApplication', application: application(5) }
    const notFound = (): Promise<never> =>
      Promise.reject(rejected(refusal('ContextNotFound'), 'readMember'))

    it('leaves it to the judge whether there is such a context', async () => {
      const anchor = over({
        readContext: () => Promise.resolve({ value: undefined, height: 0n }),
        readMember: notFound,
      })
      await over().submit(group, add(b), a) // the nonce is not the first
      await anchor.submit(context, update, a)
      expect((await over().readContext(context))?.value.applicationRevision).to.equal(2n)
      expect(await refusalOf(anchor.submit(contextOf(a, 3), update, a))).to.equal('ContextNotFound')
    })

    it('leaves it to the judge whether there is such a group', async () => {
      const anchor = over({ readMember: notFound })
      await anchor.submit(group, add(b), a)
      expect(await memberKeys(over(), group)).to.deep.equal(keysOf(a, b))
      const unknown = ownGroup(contextOf(a, 3))
      expect(await refusalOf(anchor.submit(unknown, add(b), a))).to.equal('ContextNotFound')
    })
  })

  it('asks for the domain again after another authority took its place', async () => {
    let domains = 0
    let network = new Uint8Array(32)
    const anchor = over({
      readDomain: async () => {
        domains++
        return { ...(await authority.readDomain()), network }
      },
    })
    expect(await refusalOf(anchor.submit(group, add(b), a))).to.equal('WrongDomain')
    network = (await authority.readDomain()).network as Uint8Array<ArrayBuffer> // made by the random component
    expect(await refusalOf(anchor.submit(group, add(b), a))).to.equal('accepted')
    expect(await refusalOf(anchor.submit(group, add(c), a))).to.equal('accepted')
    expect(domains).to.equal(2)
  })

  it('[43] starts a member list over when it changes between two pages', async () => {
    // half of all numbers are no point of the curve
    const people = Array.from({ length: 249 }, (_, index) =>
      PublicKey.from(sha256(utf8(`member ${index}`))),
    )
    const direct = over()
    const strong: PublicKey[] = []
    for (const id of people) {
      const result = await refusalOf(
        direct.submit(group, { kind: 'addMembers', ids: [id], role: 'writer' }, a),
      )
      if (result === 'accepted') strong.push(id)
    }
    const [victim] = strong
    if (victim === undefined) throw new RangeError('expected members')
    let pages = 0
    const anchor = over({
      readMemberPage: async (id, offset, length) => {
        pages++
        if (pages === 2) {
          await direct.submit(group, { kind: 'removeMembers', ids: [victim], mayReturn: true }, a)
        }
        return authority.readMemberPage(id, offset, length)
      },
    })
    const read = await anchor.readMembers(group)
    expect(pages).to.equal(4)
    expect(read?.value.members).to.have.length(strong.length)
    const keys = new Set(read?.value.members.map(({ identity }) => String(identity)))
    expect(keys.size).to.equal(strong.length)
    expect(keys.has(String(victim))).to.equal(false)
  })

  it('gives up on a member list that never stands still', async () => {
    let revision = 0n
    const anchor = over({
      readMemberPage: () =>
        Promise.resolve({
          height: 1n,
          value: {
            revision: revision++,
            total: 200,
            items: [
              {
                identity: a.publicKey,
                role: 'writer',
                capabilities: 0,
                nonce: 0n,
                joinedRevision: 1n,
              },
            ],
          },
        }),
    })
    expect(await codeOf(anchor.readMembers(group))).to.equal('ANCHOR_BUSY')
  })

  it('heeds the signal of its caller', async () => {
    const signal = AbortSignal.abort()
    const anchor = over()
    expect(await codeOf(anchor.readContext(context, { signal }))).to.equal('ABORTED')
    expect(await codeOf(anchor.submit(group, add(b), a, { signal }))).to.equal('ABORTED')
    expect(authority.height).to.equal(1n)
  })

  it('refuses before sending what is beyond the bounds', async () => {
    let sent = 0
    const anchor = over({
      submit: (signed) => {
        sent++
        return authority.submit(signed)
      },
    })
    const record = { ...application(), metadata: new Uint8Array(1025) }
    const update: Operation = { kind: 'updateApplication', application: record }
    expect(await codeOf(anchor.submit(context, update, a))).to.equal('ANCHOR_LIMIT')
    expect(sent).to.equal(0)
  })

  it('does not hold up one signer for another', async () => {
    const direct = over()
    await direct.submit(group, add(b), a)
    const held = Promise.withResolvers<undefined>()
    const anchor = over({
      readMember: async (id, who, options) => {
        if (String(who) === String(a.publicKey)) await held.promise
        return authority.readMember(id, who, options)
      },
    })
    const slow = anchor.submit(group, add(c), a)
    await anchor.submit(group, { kind: 'leave' }, b)
    held.resolve(undefined)
    await slow
    expect(await memberKeys(direct, group)).to.deep.equal(keysOf(a, c))
  })

  describe('watching', () => {
    const collect = (anchor: Anchor, count: number): Promise<AnchorChange[]> => {
      const changes: AnchorChange[] = []
      return new Promise((resolve) => {
        const off = anchor.watch((change) => {
          changes.push(change)
          if (changes.length < count) return
          off()
          resolve(changes)
        })
      })
    }

    it('tells that all may have moved, when it had to begin without an answer', async () => {
      let calls = 0
      const anchor = over({
        waitForChanges: (since, waitMs, options) => {
          calls++
          if (calls < 4) return Promise.reject(unreachable('here'))
          return authority.waitForChanges(since, waitMs, options)
        },
      })
      await anchor.start()
      const heard = collect(anchor, 1)
      expect((await heard)[0]?.subject).to.have.length(0)
      await anchor.stop()
    })

    it('goes on after a failure where it was, and misses nothing', async () => {
      let calls = 0
      const anchor = over({
        waitForChanges: async (since, waitMs, options) => {
          calls++
          if (calls === 2 || calls === 3) throw unreachable('here')
          return authority.waitForChanges(since, waitMs, options)
        },
      })
      await anchor.start()
      const heard = collect(anchor, 2)
      await over().submit(group, add(b), a)
      await over().submit(group, add(c), a)
      expect((await heard).map(({ height }) => height)).to.deep.equal([2n, 3n])
      await anchor.stop()
    })

    it('says over restarts up to where it told, for who has not come to read it yet', async () => {
      const rows = new Map<string, bigint>()
      const cursors: CursorStore = {
        load: async (name) => rows.get(name),
        save: async (name, height) => void rows.set(name, height),
      }
      const first = over({}, { cursors })
      expect(first.told).to.equal(0n)
      await first.start()
      const heard = collect(first, 1)
      await over().submit(group, add(b), a)
      await heard
      await first.stop()
      const second = over(
        { waitForChanges: () => Promise.reject(unreachable('here')) },
        { cursors },
      )
      await second.start()
      expect(second.told).to.equal(2n)
      await second.stop()
    })

    it('goes on from a cursor that is no height, over restarts too, and says the height', async () => {
      const rows = new Map<string, bigint>()
      const cursors: CursorStore = {
        load: async (name) => rows.get(name),
        save: async (name, height) => void rows.set(name, height),
      }
      const asked: (bigint | undefined)[] = []
      const waitForChanges: EnvelopeService['waitForChanges'] = async (since, waitMs, options) => {
        asked.push(since)
        const at = since === undefined ? undefined : since - 1000n
        const changes = await authority.waitForChanges(at, waitMs, options)
        return { ...changes, cursor: changes.height + 1000n }
      }
      const first = over({ waitForChanges }, { cursors })
      await first.start()
      const heard = collect(first, 1)
      await over().submit(group, add(b), a)
      expect((await heard)[0]?.height).to.equal(2n)
      await first.stop()
      expect(first.told).to.equal(2n)
      const second = over({ waitForChanges }, { cursors })
      const more = collect(second, 1)
      await second.start()
      expect(second.told).to.equal(2n)
      await over().submit(group, add(c), a)
      expect((await more)[0]?.height).to.equal(3n)
      await second.stop()
      expect(asked[0]).to.equal(undefined)
      expect(asked.slice(1).every((since) => since !== undefined && since > 1000n)).to.equal(true)
    })

    it('tells that all may have moved, when the history is another', async () => {
      let calls = 0
      const anchor = over({
        waitForChanges: async (since, waitMs, options) => {
          calls++
          return authority.waitForChanges(calls === 2 ? 99n : since, waitMs, options)
        },
      })
      await anchor.start()
      const heard = collect(anchor, 1)
      expect((await heard)[0]?.subject).to.have.length(0)
      await anchor.stop()
    })

    it('starts and stops as often as asked', async () => {
      const anchor = over()
      await anchor.start()
      await anchor.start()
      await anchor.stop()
      await anchor.stop()
      await anchor.start()
      await anchor.stop()
    })
  })
})

describe('splitting an operation', () => {
  it('keeps order and rest, and never makes an empty part', () => {
    const ids = Array.from({ length: 33 }, (_, index) =>
      PublicKey.from(sha256(utf8(String(index)))),
    )
    const parts = splitOperation({ kind: 'setRole', ids, role: 'reader' })
    expect(parts.map((part) => ('ids' in part ? part.ids.length : 0))).to.deep.equal([16, 16, 1])
    expect(parts.flatMap((part) => ('ids' in part ? part.ids : []))).to.deep.equal(ids)
    for (const part of parts) expect(part).to.include({ kind: 'setRole', role: 'reader' })
    expect(splitOperation({ kind: 'removeMembers', ids: [], mayReturn: false })).to.have.length(1)
    expect(splitOperation({ kind: 'seal' })).to.deep.equal([{ kind: 'seal' }])
  })

  it('makes parts as small as the chain takes, each kind by itself, and none larger than a contract takes', () => {
    const ids = Array.from({ length: 17 }, (_, index) =>
      PublicKey.from(sha256(utf8(String(index)))),
    )
    const sizes = (kind: 'addMembers' | 'removeMembers'): number[] => {
      const operation: Operation =
        kind === 'addMembers' ? { kind, ids, role: 'writer' } : { kind, ids, mayReturn: false }
      const parts = splitOperation(operation, { removeMembers: 5, addMembers: 99 })
      return parts.map((part) => ('ids' in part ? part.ids.length : 0))
    }
    expect(sizes('removeMembers')).to.deep.equal([5, 5, 5, 2])
    expect(sizes('addMembers')).to.deep.equal([16, 1])
  })
})

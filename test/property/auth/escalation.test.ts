/**
 * No sequence of calls lets a key gain a permission it lacks: random sequences against a model that knows for each key what it was given and by whom, and
 * judges with rules of its own. After each step every token is asked everything there is to ask.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import type { TokenPair } from '../../../src/auth/index.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { type AuthKit, authKit } from '../../support/auth-kit.ts'
import { QUESTIONS, referenceAllows, TEXTS } from '../../support/permission-reference.ts'

interface ModelKey {
  held: string[]
  readonly root: ModelKey | undefined
  isRevoked: boolean
}

/** A session, with all tokens it ever had. */
interface ModelSession {
  readonly key: ModelKey
  isOver: boolean
}

interface Model {
  readonly keys: ModelKey[]
  readonly sessions: ModelSession[]
}

interface Real {
  kit: AuthKit
  readonly ids: string[]
  /** By session: its pairs, the newest last. */
  readonly pairs: TokenPair[][]
}

const isGood = (key: ModelKey): boolean => !key.isRevoked && key.root?.isRevoked !== true

function mayAll(key: ModelKey, texts: readonly string[]): boolean {
  const allows = (question: (typeof QUESTIONS)[number]): boolean =>
    referenceAllows(key.held, question) &&
    (key.root === undefined || referenceAllows(key.root.held, question))
  return QUESTIONS.every((question) => !referenceAllows(texts, question) || allows(question))
}

type Step =
  | { readonly does: 'client'; readonly by: number; readonly texts: string[] }
  | { readonly does: 'root'; readonly by: number; readonly texts: string[] }
  | {
      readonly does: 'change'
      readonly by: number
      readonly at: number
      readonly add: string[]
      readonly remove: string[]
    }
  | { readonly does: 'revoke'; readonly by: number; readonly at: number }
  | { readonly does: 'refresh'; readonly at: number; readonly isOld: boolean }
  | { readonly does: 'signOut'; readonly at: number }
  | { readonly does: 'restart' }

const index = fc.nat(7)
const texts = fc.subarray([...TEXTS], { maxLength: 3 })
// an administrator is the first key and few others: the rest has something to gain
const weak = texts.map((list) => list.filter((text) => text !== 'admin'))
// but keys below a key that loses admin are what may go wrong
const admin = fc.constant<string[]>(['admin'])
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('client' as const), by: index, texts }),
  fc.record({ does: fc.constant('root' as const), by: index, texts: fc.oneof(weak, texts, admin) }),
  fc.record({
    does: fc.constant('change' as const),
    by: index,
    at: index,
    add: texts,
    remove: fc.oneof(texts, admin),
  }),
  fc.record({ does: fc.constant('revoke' as const), by: index, at: index }),
  fc.record({ does: fc.constant('refresh' as const), at: index, isOld: fc.boolean() }),
  fc.record({ does: fc.constant('signOut' as const), at: index }),
  fc.record({ does: fc.constant('restart' as const) }),
)

/** Runs a step on the room; whether it was done. Only refusals that the interface names are refusals. */
async function isDone(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    const isRefusal =
      isMerogateError(error) &&
      ['denied', 'unauthenticated', 'conflict', 'missing'].includes(error.kind)
    if (!isRefusal) throw error
    return false
  }
}

class Run {
  readonly model: Model = { keys: [], sessions: [] }
  readonly real: Real
  /** What was done, and what the model says must not have been. */
  readonly done: Record<string, number> = {}

  constructor(kit: AuthKit) {
    this.real = { kit, ids: [], pairs: [] }
  }

  add(key: ModelKey, pair: TokenPair): void {
    this.model.keys.push(key)
    this.real.ids.push(pair.keyId)
    this.model.sessions.push({ key, isOver: false })
    this.real.pairs.push([pair])
  }

  async take(each: Step): Promise<void> {
    const { keys, sessions } = this.model
    const { kit, ids, pairs } = this.real
    const by = 'by' in each ? each.by % keys.length : 0
    const at = 'at' in each ? each.at % keys.length : 0
    const actor = keys[by]
    const target = keys[at]
    const session = sessions[at]
    if (actor === undefined || target === undefined || session === undefined) return
    // a token of the first session of the key, verified anew or remembered
    const caller = () => kit.caller(pairs[by]?.at(-1) as TokenPair) // each key has a session
    const isActing = isGood(actor) && sessions[by]?.isOver === false
    const { keys: admin } = kit.auth
    const note = (isRight: boolean): void => {
      this.done[each.does] = (this.done[each.does] ?? 0) + 1
      expect(isRight, `${JSON.stringify(each)} was done`).to.equal(true)
    }
    switch (each.does) {
      case 'client': {
        let pair: TokenPair | undefined
        const make = async (): Promise<void> => {
          pair = await kit.auth.clientKey(await caller(), { permissions: each.texts })
        }
        if (!(await isDone(make)) || pair === undefined) return
        note(isActing && mayAll(actor, ['admin', ...each.texts]))
        this.add({ held: each.texts, root: actor.root ?? actor, isRevoked: false }, pair)
        return
      }
      case 'root': {
        const account = `account-${keys.length}`
        const make = async (): Promise<void> => {
          const wanted = {
            method: 'test_wallet',
            subject: `test:${account}`,
            permissions: each.texts,
          }
          await admin.create(await caller(), wanted)
        }
        if (!(await isDone(make))) return
        note(isActing && mayAll(actor, each.texts))
        const pair = await kit.wallet(account)
        this.add({ held: each.texts, root: undefined, isRevoked: false }, pair)
        return
      }
      case 'change': {
        const change = { add: each.add, remove: each.remove }
        const id = ids[at] ?? ''
        if (!(await isDone(async () => admin.changePermissions(await caller(), id, change)))) return
        note(isActing && mayAll(actor, [...target.held, ...each.add]))
        const kept = target.held.filter((text) => !each.remove.includes(text))
        target.held = [...new Set([...kept, ...each.add])]
        return
      }
      case 'revoke': {
        const id = ids[at] ?? ''
        const revoke = async (): Promise<void> =>
          target.root === undefined
            ? admin.revoke(await caller(), id)
            : admin.revokeClient(await caller(), id)
        if (!(await isDone(revoke))) return
        note(isActing && mayAll(actor, target.held))
        target.isRevoked = true
        return
      }
      case 'refresh': {
        const list = pairs[at] ?? []
        const pair = each.isOld ? list[0] : list.at(-1)
        if (pair === undefined) return
        let next: TokenPair | undefined
        const isUsed = pair !== list.at(-1)
        const refresh = async (): Promise<void> => {
          next = await kit.auth.refresh(pair, { early: true })
        }
        if ((await isDone(refresh)) && next !== undefined) {
          note(isGood(target) && !session.isOver && !isUsed)
          list.push(next)
        } else if (isUsed) session.isOver = true
        return
      }
      case 'signOut':
        if (
          await isDone(async () =>
            kit.auth.signOut(await kit.caller(pairs[at]?.at(-1) as TokenPair)),
          )
        ) {
          note(isGood(target) && !session.isOver)
          session.isOver = true
        }
        return
      case 'restart':
        this.real.kit = await kit.restart()
    }
  }

  /** Every token that ever was may do what the model says, and not more. */
  async look(): Promise<void> {
    for (const [at, { key, isOver }] of this.model.sessions.entries()) {
      for (const pair of this.real.pairs[at] ?? []) {
        const caller = await this.real.kit.caller(pair).catch(() => undefined)
        expect(caller !== undefined).to.equal(isGood(key) && !isOver)
        if (caller === undefined) continue
        for (const question of QUESTIONS) {
          const isHeld =
            referenceAllows(key.held, question) &&
            (key.root === undefined || referenceAllows(key.root.held, question))
          expect(caller.permissions.allows(question), JSON.stringify(question)).to.equal(isHeld)
        }
      }
    }
  }
}

describe('a sequence of calls', () => {
  it('gives no key a permission that it lacks', async () => {
    const done: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
        const kit = await authKit()
        const run = new Run(kit)
        run.add({ held: ['admin'], root: undefined, isRevoked: false }, await kit.login())
        // two administrators, one with a client key, and somebody with little
        await run.take({ does: 'root', by: 0, texts: ['admin'] })
        await run.take({ does: 'root', by: 0, texts: ['keys', 'context:list[c1]'] })
        await run.take({ does: 'client', by: 1, texts: ['context', 'blob'] })
        for (const each of steps) {
          await run.take(each)
          await run.look()
        }
        await run.real.kit.auth.close()
        for (const [does, count] of Object.entries(run.done)) {
          done[does] = (done[does] ?? 0) + count
        }
      }),
      { numRuns: 20 },
    )
    // a test in which nothing is ever done would pass as well
    const kinds = ['client', 'root', 'change', 'revoke', 'refresh', 'signOut']
    for (const does of kinds) expect(done[does], does).to.be.greaterThan(0)
  }).timeout(60_000)
})

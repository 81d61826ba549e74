import { expect } from 'chai'
import { Aliases } from '../../../src/node/context/aliases.ts'
import { MAX_ALIASES } from '../../../src/node/context/limits.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { COLUMN, columnRange } from '../../../src/node/store/keys.ts'
import { type AliasKey, aliasRows } from '../../../src/node/store/repositories/aliases.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { thrownCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'

const [parent, child] = [ContextId.from(bytesOf('parent')), ContextId.from(bytesOf('child'))]
const key = (name: string, scope: Uint8Array = parent): AliasKey => ({
  ...{ kind: 'context', scope, name },
})

async function keep(store: Store, aliases: Aliases, alias: AliasKey): Promise<void> {
  await store.batch([aliases.put(alias, child)])
  aliases.remember(alias, child)
}

describe('aliases', () => {
  it('are read again by the next process, within their scope, whatever their letters', async () => {
    const store = memoryStore()
    const aliases = new Aliases(aliasRows(store))
    await keep(store, aliases, key('übung'))
    const next = new Aliases(aliasRows(store))
    await next.load()
    expect(next.get(key('übung'))).to.deep.equal(child)
    expect(next.get(key('übung', child))).to.equal(undefined)
    expect(next.of(parent)).to.deep.equal([{ name: 'übung', id: child }])
    expect(next.of(child)).to.deep.equal([])
  })

  it('are claimed once, until what they are for is made or given up', async () => {
    const aliases = new Aliases(aliasRows(memoryStore()))
    const release = aliases.claim(key('a'))
    expect(thrownCode(() => aliases.claim(key('a')))).to.equal('ALIAS_EXISTS')
    aliases.claim(key('a', child))()
    release()
    aliases.claim(key('a'))()
    aliases.remember(key('a'), child)
    expect(thrownCode(() => aliases.claim(key('a')))).to.equal('ALIAS_EXISTS')
  })

  it('are as many in a scope as the limit says and not one more', () => {
    const aliases = new Aliases(aliasRows(memoryStore()))
    for (let i = 1; i < MAX_ALIASES; i++) aliases.remember(key(`${i}`), child)
    aliases.claim(key('one more'))()
    aliases.remember(key('one more'), child)
    expect(thrownCode(() => aliases.claim(key('too many')))).to.equal('ALIAS_LIMIT')
  })

  it('go with the context that gave them, and with the one that has them', async () => {
    for (const gone of [parent, child]) {
      const store = memoryStore()
      const aliases = new Aliases(aliasRows(store))
      await keep(store, aliases, key('a'))
      await store.batch(aliases.drop(gone))
      expect(aliases.get(key('a'))).to.equal(undefined)
      const left = []
      for await (const k of store.keys(columnRange(COLUMN.alias))) left.push(k)
      expect(left).to.deep.equal([])
    }
  })
})

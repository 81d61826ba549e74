import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { findImportProblems } from '../../../scripts/check-imports.ts'
import { importsOf } from '../../../scripts/support/imports.ts'

describe('import arrows', () => {
  let root: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'check-imports-'))
  })
  afterEach(() => rm(root, { recursive: true }))

  /** What is said about one file of a planted tree. */
  async function problemsOf(path: string, text: string): Promise<string[]> {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
    return findImportProblems(root)
  }

  const allowed: readonly (readonly [string, string])[] = [
    ['node/dag/dag.ts', `import { DeltaId } from '../primitives/ids.ts'`],
    ['node/dag/dag.ts', `import { walk } from './walk.ts'`],
    ['node/primitives/hash.ts', `import { platform } from '#platform'`],
    ['node/primitives/platform/node.ts', `import { createHash } from 'node:crypto'`],
    ['node/context/replica.ts', `import type { Replica } from '../sync/replica.ts'`],
    ['node/network/libp2p.ts', `import { tcp } from '@libp2p/tcp'`],
    ['node/node.ts', `import { openStore } from './store/store.ts'`],
    ['chains/local/anchor.ts', `import { deriveGroupId } from '../../node/anchor/envelope.ts'`],
    ['server/http.ts', `import { createServer } from 'node:http'`],
    ['client/errors.ts', `import type { ErrorKind } from '../node/errors.ts'`],
    ['cli/main.ts', `const { startServer } = await import('../server/index.ts')`],
    ['cli/commands/dev.ts', `import { CHAINS } from '../chains/chains.ts'`],
    ['cli/chains/chains.ts', `import { local } from './local/chain.ts'`],
    ['cli/chains/local/tools.ts', `import { localAnchor } from '../../../chains/local/index.ts'`],
  ]
  for (const [path, text] of allowed) {
    it(`lets ${path} say ${text}`, async () => {
      expect(await problemsOf(path, text)).to.deep.equal([])
    })
  }

  const refused: readonly (readonly [string, string])[] = [
    ['node/dag/dag.ts', `import { openStore } from '../store/store.ts'`],
    ['node/dag/dag.ts', `import type { Store } from '../store/store.ts'`],
    ['node/dag/dag.ts', `import { createHash } from 'node:crypto'`],
    ['node/codec/delta.ts', `import { Buffer } from 'buffer'`],
    ['node/primitives/hash.ts', `import { platform } from './platform/node.ts'`],
    ['node/context/replica.ts', `import { Replica } from '../sync/replica.ts'`],
    ['node/context/replica.ts', `import { type Replica } from '../sync/replica.ts'`],
    ['node/context/replica/replica.ts', `type Sync = import('../../sync/sync-service.ts').Sync`],
    ['node/network/libp2p.ts', `export { Contexts } from '../context/contexts.ts'`],
    ['node/node.ts', `import { startServer } from '../server/index.ts'`],
    ['node/node.ts', `import express from 'express'`],
    ['node/store/store.ts', `import { tcp } from '@libp2p/tcp'`],
    ['chains/local/anchor.ts', `import { createNode } from '../../node/index.ts'`],
    ['server/http.ts', `import { ContextReplica } from '../node/context/replica.ts'`],
    ['client/http.ts', `import { request } from 'node:http'`],
    ['client/http.ts', `import { toMerogateError } from '../node/errors.ts'`],
    ['cli/main.ts', `import { stub } from '../../test/support/stub-node.ts'`],
    ['cli/main.ts', `const name = 'x'; await import(name)`],
    ['cli/compose.ts', `import { localAnchor } from '../chains/local/index.ts'`],
    ['cli/commands/dev.ts', `const { tools } = await import('../chains/local/tools.ts')`],
    ['cli/commands/chain/run.ts', `import { devnet } from '../../../devnet/ethereum/index.ts'`],
    ['cli/chains/chain.ts', `import { local } from './local/chain.ts'`],
    ['cli/chains/local/tools.ts', `import { start } from '../ethereum/run.ts'`],
    ['cli/config/schema.ts', `import { CHAINS } from '../chains/chains.ts'`],
    ['newroom/index.ts', `export {}`],
  ]
  for (const [path, text] of refused) {
    it(`finds ${path} saying ${text}`, async () => {
      const problems = await problemsOf(path, `/** A line before. */\n${text}\n`)
      expect(problems).to.have.length(1)
      expect(problems[0]?.startsWith(`src/${path}:`)).to.equal(true)
    })
  }

  it('reads every form of import, and nothing in comments or strings', () => {
    const text = [
      `import a from 'a'`,
      `import type b from 'b'`,
      `import { type c } from 'c'`,
      `export * from 'd'`,
      `export type { e } from 'e'`,
      `const f = await import('f')`,
      `let g: import('g').G`,
      `// import h from 'h'`,
      `const i = "import i from 'i'"`,
      `import 'j'`,
    ].join('\n')
    const found = importsOf('x.ts', text).map(
      ({ specifier, isType, line }) => `${line} ${specifier}${isType ? ' type' : ''}`,
    )
    expect(found).to.deep.equal([
      ...['1 a', '2 b type', '3 c', '4 d', '5 e type', '6 f', '7 g type', '10 j'],
    ])
  })
})

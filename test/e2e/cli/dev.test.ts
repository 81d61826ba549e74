import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { CHAINS, hasContracts, namesOf } from '../../../src/cli/chains/chains.ts'
import { merogateClient } from '../../../src/client/index.ts'
import { runCli, startCli } from '../../support/cli.ts'
import { panickingApp, PANIC_SHOWN } from '../../support/panicking-app.ts'

interface Ready {
  nodes: { name: string; api: string; peerId: string; token: string }[]
  contextId: string
  contexts: { protocol: string; contextId: string }[]
  applicationId: string
}

describe('merogate dev', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'merogate-dev-test-'))
  })
  after(() => rm(folder, { recursive: true }))

  const ON = [
    ['local', 'the local anchor'],
    ['ethereum', 'contracts on a local Ethereum chain'],
    ['all', 'contracts on every chain that has any, on each of which they share one'],
  ] as const
  it('names --port when one of its ports is taken', async () => {
    await using taken = createServer()
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo // it listens on a port
    const command = ['dev', '--port', String(port), '--output-format', 'json']
    const { code, err } = await runCli(command, { env: { TMPDIR: folder } })
    expect(code).to.equal(1)
    expect(err).to.include(`port ${port} is in use`).and.include('--port')
  })

  for (const [chain, shown] of ON) {
    it(`runs two nodes that share a context by ${shown}, and ends without a trace`, async () => {
      const command = ['dev', '--chain', chain, '--port', '0', '--output-format', 'json']
      await using cli = startCli(command, { env: { TMPDIR: folder } })
      const ready = JSON.parse((await cli.line()) ?? '') as Ready
      const [alice, bob] = ready.nodes.map(({ api, token }) => merogateClient({ url: api, token }))
      if (alice === undefined || bob === undefined) return expect.fail('expected two nodes')
      const expected = chain === 'all' ? namesOf(CHAINS.filter(hasContracts)) : [chain]
      expect(ready.contexts.map(({ protocol }) => protocol)).to.deep.equal(expected)
      expect(ready.contextId).to.equal(ready.contexts[0]?.contextId)
      for (const { protocol, contextId } of ready.contexts) {
        // applications are written against the real thing: without the token nothing is to be had
        const stranger = merogateClient({ url: ready.nodes[0]?.api ?? '' })
        const refusal = await stranger.admin.context(contextId).catch((error: unknown) => error)
        expect(refusal).to.have.nested.property('details.apiCode', 'missing_token')

        let subscribed = (): void => {}
        const standing = new Promise<void>((resolve) => (subscribed = resolve))
        const changes = bob.subscribe({ contextIds: [contextId], onSubscribed: () => subscribed() })
        const first = changes.next()
        await standing
        const args = { key: 'hello', value: 'world' }
        await alice.rpc.execute({ contextId, method: 'set', args })
        const { value } = await first
        await changes.return()
        expect(value?.type === 'StateMutation' && value.events[0]?.kind).to.equal('Set')
        const read = { contextId, method: 'get', args: { key: 'hello' } }
        expect(await bob.rpc.execute(read)).to.equal('world')
        const roots = await Promise.all([alice, bob].map(({ admin }) => admin.context(contextId)))
        expect(roots[0]?.rootHash).to.equal(roots[1]?.rootHash)
        expect(roots.map((each) => each.protocol)).to.deep.equal([protocol, protocol])
      }

      cli.child.kill('SIGINT')
      const { code, err } = await cli.ended
      expect(code, err).to.equal(0)
      expect(await readdir(folder)).to.deep.equal([])
    }).timeout(90_000)
  }

  it('shows on stderr what its nodes warn of: here a delta that is quarantined', async () => {
    const app = join(folder, 'panicking.wasm')
    await writeFile(app, panickingApp())
    await using cli = startCli(['dev', '--port', '0', '--app', app, '--output-format', 'json'])
    const { nodes, contextId } = JSON.parse((await cli.line()) ?? '') as Ready
    const [alice] = nodes.map(({ api, token }) => merogateClient({ url: api, token }))
    const { stderr } = cli.child
    if (alice === undefined || stderr === null) return expect.fail('expected a node and its log')
    const logged = new Promise<Record<string, unknown>>((resolve) => {
      createInterface({ input: stderr }).on('line', (line) => {
        const fields = JSON.parse(line) as Record<string, unknown>
        if (fields['code'] === 'RUNTIME_PANIC') resolve(fields)
      })
    })
    await alice.rpc.execute({ contextId, method: 'bad' })
    expect(await logged).to.include({ node: 'bob', context: contextId, reason: PANIC_SHOWN })
    await rm(app)
    cli.child.kill('SIGINT')
    expect((await cli.ended).code).to.equal(0)
  }).timeout(60_000)

  it('takes its nodes with it when it is killed', async () => {
    await using cli = startCli(['dev', '--port', '0', '--output-format', 'json'], {
      env: { TMPDIR: folder },
    })
    const { nodes } = JSON.parse((await cli.line()) ?? '') as Ready
    // an open socket ends with the process at its other end
    const sockets = nodes.map(
      ({ api, token }) => new WebSocket(`${api.replace('http', 'ws')}/ws?token=${token}`),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    const ends = sockets.map((socket) => once(socket, 'close'))
    cli.child.kill('SIGKILL')
    await Promise.all(ends)
  }).timeout(60_000)

  it('says which application file it cannot read', async () => {
    const none = join(folder, 'none.wasm')
    expect(existsSync(none)).to.equal(false)
    const { code, err } = await runCli(['dev', '--port', '0', '--app', none])
    expect(code).to.equal(1)
    expect(err).to.include('CLI_FILE')
  })
})

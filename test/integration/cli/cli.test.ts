import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { SAME_SIGNAL_MS } from '../../../src/cli/until-signal.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { runCli, startCli } from '../../support/cli.ts'
import type { Ended } from '../../support/cli.ts'
import { serving } from '../../support/serving.ts'
import type { Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

const STRANGER = toBase58(bytesOf(9))
const RUN_STUB = join(import.meta.dirname, '../../support/run-stub-node.ts')

describe('merogate', () => {
  let folder: string
  let world: Serving
  let contextId: string
  let applicationId: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'merogate-cli-'))
    world = await serving()
    contextId = toBase58(world.node.addContext())
    applicationId = toBase58(world.node.application)
  })
  after(async () => {
    await world.server.stop()
    await rm(folder, { recursive: true })
  })

  const run = (...args: string[]): Promise<Ended> =>
    runCli(args, { env: { MEROGATE_HOME: folder } })
  const ask = (...args: string[]): Promise<Ended> => run(...args, '--api', world.url)
  const json = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await ask(...args, '--output-format', 'json')
    expect(code, err).to.equal(0)
    return JSON.parse(out)
  }
  const errorCode = ({ err }: Ended): unknown =>
    (JSON.parse(err) as { error: { code: string } }).error.code

  describe('usage', () => {
    it('shows help with examples', async () => {
      const { code, out } = await run('--help')
      expect(code).to.equal(0)
      expect(out).to.include('Examples:').and.include('merogate dev')
    })

    it('shows its version', async () => {
      const { code, out } = await run('--version')
      expect(code).to.equal(0)
      expect(out).to.match(/^\d+\.\d+\.\d+\n$/)
    })

    const WRONG: readonly string[][] = [
      ['nope'],
      ['app', 'nope'],
      ['app', 'get'],
      ['call', 'set'],
      ['app', 'install'],
      ['app', 'list', '--output-format', 'xml'],
      ['app', 'list', '--api', 'not a url'],
      ['app', 'list', '--api', 'http://127.0.0.1:1', '--node', 'x'],
      ['context', 'set-role', 'a', 'b', 'king'],
      ['node', 'run', '--set', 'nonsense'],
      ['node', 'run', '--server-port', '65536'],
      ['chain', 'run', '--port', 'x'],
    ]
    for (const args of WRONG) {
      it(`ends with 2 for ${args.join(' ')}`, async () => {
        const { code, err } = await run(...args)
        expect(code).to.equal(2)
        expect(err).not.to.equal('')
      })
    }
  })

  describe('errors', () => {
    it('that nobody answers end with 1 and say what to do', async () => {
      const { code, err } = await run('app', 'list', '--api', 'http://127.0.0.1:1')
      expect(code).to.equal(1)
      expect(err).to.include('(CLIENT_UNREACHABLE)').and.include('next:')
    })

    it('of what is not there end with 3', async () => {
      const rows = [
        ['app', 'get', STRANGER],
        ['context', 'get', STRANGER],
        ['context', 'delete', STRANGER],
        ['context', 'invite', STRANGER, '--context', STRANGER],
        ['blob', 'info', '--blob-id', STRANGER],
        ['call', 'get', '--context', STRANGER],
      ]
      for (const { code, err } of await Promise.all(rows.map((args) => ask(...args)))) {
        expect(code, err).to.equal(3)
      }
    })

    it('of what is not allowed end with 4', async () => {
      const { code } = await ask('call', 'get', '--context', contextId, '--as', STRANGER)
      expect(code).to.equal(4)
    })

    it('are JSON when that was asked for', async () => {
      const ended = await ask('app', 'get', STRANGER, '--output-format', 'json')
      expect(errorCode(ended)).to.equal('CLI_NOT_FOUND')
      expect(ended.out).to.equal('')
    })
  })

  describe('commands', () => {
    it('call an application', async () => {
      const args = '{"key":"a","value":"b"}'
      await json('call', 'set', '-c', contextId, '--args', args)
      expect(await json('call', 'get', '-c', contextId, '--args', args)).to.deep.equal({
        output: 'b',
      })
      const wide = '{"n":9007199254740993}'
      const echoed = await ask(
        'call',
        'echo',
        '-c',
        contextId,
        '--args',
        wide,
        '--output-format',
        'json',
      )
      expect(echoed.out.replaceAll(/\s/g, '')).to.equal(`{"output":${wide}}`)
      const shown = await ask('call', 'echo', '-c', contextId, '--args', wide)
      expect(shown.out).to.contain('9007199254740993')
      const human = await ask('call', 'get', '-c', contextId, '--args', args, '--read-only')
      expect(human.out).to.equal('"b"\n')
      const { code } = await ask('call', 'get', '-c', contextId, '--args', '{')
      expect(code).to.equal(2)
    })

    it('warn of a clock that is off, beside what the application returned', async () => {
      world.node.clockSkewMs = 3_600_000
      const call = ['call', 'echo', '-c', contextId, '--args', '1']
      expect(await json(...call)).to.deep.equal({ output: 1, clockSkewMs: 3_600_000 })
      const { out, err } = await ask(...call)
      expect(out).to.equal('1\n')
      expect(err).to.include('3600 s ahead')
      world.node.clockSkewMs = undefined
    })

    it('handle applications', async () => {
      const installed = await json('app', 'install', '--path', 'x.wasm', '--metadata', 'note')
      expect(installed).to.have.property('applicationId')
      expect(installed).to.have.property('verdict').that.is.a('string')
      const warned = await ask('app', 'install', '--path', 'authored.wasm')
      expect(warned.out).to.match(/^\w+\n$/)
      expect(warned.err).to.equal(
        'era E2, converges (authored-map)\nwarning: it uses AuthoredMap\n',
      )
      expect(await json('app', 'get', applicationId)).to.include({ id: applicationId })
      expect((await ask('app', 'ls')).out).to.include(applicationId)
      expect(await json('app', 'list-packages')).to.deep.equal(['unknown'])
      const versions = await json('app', 'list-versions', 'unknown')
      expect(versions).to.deep.equal(['0.0.0'])
      expect(await json('app', 'get-latest-version', 'unknown')).to.include({ version: '0.0.0' })
      const { applicationId: id } = installed as { applicationId: string }
      expect(await json('app', 'uninstall', id)).to.deep.equal({ applicationId: id })
    })

    it('show where a group moves to', async () => {
      const id = toBase58(world.node.addContext())
      const to = '07'.repeat(20)
      await json('context', 'migrate', id, '--to', `0x${to}`)
      const movesAt = 1_900_000_000
      const migration = { successor: to, movesAt }
      expect(await json('context', 'get', id)).to.deep.include({ migration })
      const told = `moves to ${to} at ${new Date(movesAt * 1000).toISOString()}`
      for (const args of [['get', id], ['list']]) {
        expect((await ask('context', ...args)).out).to.include(told)
      }
      expect((await ask('context', 'get', contextId)).out).to.match(/^migration +none$/m)
    })

    it('handle contexts and members', async () => {
      const made = (await json('context', 'create', '-a', applicationId, '-p', '{}')) as {
        contextId: string
      }
      const id = made.contextId
      expect((await ask('context', 'list')).out)
        .to.include(id)
        .and.include('STATUS')
      expect(await json('context', 'get', id, '--wait')).to.include({ id })
      const failure = { code: 'X', message: 'guest panicked: no', atMs: 5, tries: 3 }
      world.node.fail(ContextId.parse(id), { what: 'handler', method: 'on_set', ...failure })
      expect((await ask('context', 'get', id)).out).to.include(
        'handler: guest panicked: no (X; on_set',
      )
      const { publicKey } = (await json('context', 'identity', 'generate')) as { publicKey: string }
      const invited = await json('context', 'invite', publicKey, '-c', id, '--role', 'reader')
      const { invitation } = invited as { invitation: string }
      expect(await json('context', 'join', invitation)).to.have.property('memberPublicKey')
      const open = await json('context', 'invite-open', '-c', id, '--max-uses', '2')
      const text = (open as { invitation: string }).invitation
      expect(await json('context', 'join-open', text)).to.have.property('contextId')
      await json('context', 'identity', 'grant', publicKey, 'Proxy', '-c', id)
      expect(await json('context', 'members', id)).to.have.length(2)
      await json('context', 'identity', 'revoke', publicKey, 'Proxy', '-c', id)
      await json('context', 'set-role', id, publicKey, 'writer')
      expect(await json('context', 'migrate', id)).to.equal(null)
      const successor = '07'.repeat(20)
      const planned = await json('context', 'migrate', id, '--to', `0x${successor}`)
      expect(planned).to.deep.include({ successor })
      expect(await json('context', 'migrate', id, '--cancel')).to.equal(null)
      expect(await json('context', 'identity', 'list', '-c', id)).to.include(publicKey)
      expect(await json('context', 'identity', 'list', '-c', id, '--owned')).to.have.length(1)
      await json('context', 'remove-member', id, publicKey)
      await json('context', 'update', id, '-a', applicationId)
      expect(await json('context', 'sync', id)).to.include({ peers: world.node.peerList.length })
      expect(await json('context', 'sync')).to.equal(null)
      expect(await json('context', 'refresh', id, '--from-anchor')).to.include({ id })
      expect(await json('context', 'leave', id)).to.deep.equal({ isDeleted: true })
    }).timeout(40_000)

    it('show what the node goes on with, and withdraw it', async () => {
      const context = world.node.addContext()
      const reason = { code: 'SYNC_NO_PEER', message: 'nobody is there' }
      const intent = { state: 'waiting', tries: 2, sinceMs: 1, nextMs: 5, reason } as const
      world.node.intentList.push(
        { ...intent, id: 'one', kind: 'join', context },
        { ...intent, id: 'two', kind: 'create', context: ContextId.from(bytesOf(5)) },
      )
      const list = (await ask('context', 'intent', 'list')).out
      expect(list)
        .to.include('SYNC_NO_PEER: nobody is there')
        .and.include('1970-01-01T00:00:00.005Z')
      const contexts = (await ask('context', 'list')).out
      expect(contexts).to.include('join: SYNC_NO_PEER, tried 2 times').and.include('creating')
      expect((await ask('context', 'get', toBase58(context))).out).to.include('join: SYNC_NO_PEER')
      expect((await ask('context', 'identity', 'list')).out).to.include('IDENTITY')
      expect((await ask('context', 'intent', 'withdraw', 'one')).out).to.include('withdrew one')
      expect((await ask('context', 'intent', 'withdraw', 'one')).code).to.equal(3)
    })

    it('watch changes', async () => {
      const id = world.node.addContext()
      for (let i = 0; i < 3; i++) world.node.mutate(id, [{ kind: 'Set', data: { n: i } }])
      const { out } = await ask(
        ...['context', 'watch', toBase58(id), '--since', '2', '-n', '2'],
        ...['--output-format', 'json'],
      )
      const lines = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      expect(lines.map((line) => line['seq'])).to.deep.equal([2, 3])
      expect(lines[0]?.['events']).to.deep.equal([{ kind: 'Set', data: { n: 1 }, handler: null }])
    })

    it('handle blobs', async () => {
      const source = join(folder, 'source.bin')
      const target = join(folder, 'target.bin')
      await writeFile(source, 'some bytes')
      const { blobId } = (await json('blob', 'upload', '-f', source)) as { blobId: string }
      expect(await json('blob', 'info', '-b', blobId)).to.include({ size: 10 })
      await json('blob', 'download', '-b', blobId, '-o', target)
      expect(await readFile(target, 'utf8')).to.equal('some bytes')
      expect((await ask('blob', 'ls')).out).to.include(blobId)
      expect(await json('blob', 'rm', '-b', blobId)).to.include({ deleted: true })
      const missing = await ask('blob', 'upload', '-f', join(folder, 'none'))
      expect(missing.code).to.equal(1)
      expect(missing.err).to.include('CLI_FILE')
    })

    it('handle peers', async () => {
      const address = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWOther'
      expect(await json('peers', 'dial', address)).to.deep.equal({ peerId: '12D3KooWOther' })
      expect(await json('peers')).to.include({ count: 1 })
      expect((await ask('peers')).out).to.include('this node: 12D3KooWStub')
    })
  })

  describe('node', () => {
    it('init writes a configuration once, config shows and changes it', async () => {
      const node = ['--node', 'one', '--output-format', 'json', 'node']
      const init = ['init', '--server-port', '3000', '--swarm-port', '3001']
      const first = await run(...node, ...init)
      expect(JSON.parse(first.out)).to.include({ created: true })
      const second = await run(...node, 'init')
      expect(second.code).to.equal(0)
      expect(JSON.parse(second.out)).to.include({ created: false })
      expect((await run(...node, 'config', 'log.level=debug')).code).to.equal(0)
      const shown = JSON.parse((await run(...node, 'config')).out) as Record<string, unknown>
      expect(shown['server']).to.deep.include({ listen: [{ host: '127.0.0.1', port: 3000 }] })
      expect(shown['log']).to.deep.equal({ level: 'debug' })
      const wrong = await run(...node, 'config', 'no.such=1')
      expect(wrong.code).to.equal(1)
      expect(errorCode(wrong)).to.equal('CONFIG_KEY_UNKNOWN')
    })

    it('commands find a node by its configuration', async () => {
      const { port } = world.server.address()
      await run('--node', 'two', 'node', 'init', '--server-port', String(port))
      expect((await run('--node', 'two', 'peers')).code).to.equal(0)
      await run('--node', 'any', 'node', 'init', '--server-port', '0')
      expect((await run('--node', 'any', 'peers')).code).to.equal(2)
    })

    const env = {
      MEROGATE_SERVER_LISTEN: '/ip4/127.0.0.1/tcp/0',
      MEROGATE_LOG_LEVEL: 'info',
    }

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`run says when it is ready and ends with 0 on ${signal}`, async () => {
        await using cli = startCli([join(folder, 'stub')], { main: RUN_STUB, env })
        const ready = JSON.parse((await cli.line()) ?? '') as { api: string; event: string }
        expect(ready).to.include({ event: 'ready', peerId: '12D3KooWStub' })
        expect((await fetch(`${ready.api}/ready`)).status).to.equal(200)
        cli.child.kill(signal)
        const { code, err } = await cli.ended
        expect(code, err).to.equal(0)
        expect(err).to.include('server stopped')
      })
    }

    it('run ends at once on a second signal', async () => {
      await using cli = startCli([join(folder, 'stub')], {
        main: RUN_STUB,
        env: { ...env, STUB_HANGS: '1' },
      })
      await cli.line()
      cli.child.kill('SIGTERM')
      expect(await cli.line()).to.include('stopping')
      // at once would count as the same signal: repeat it until it is a second one
      const repeat = setInterval(() => cli.child.kill('SIGTERM'), SAME_SIGNAL_MS / 4)
      expect((await cli.ended).code).to.equal(130)
      clearInterval(repeat)
    })

    it('run takes a signal that is passed on twice for one', async () => {
      await using cli = startCli([join(folder, 'stub')], { main: RUN_STUB, env })
      await cli.line()
      cli.child.kill('SIGTERM')
      cli.child.kill('SIGINT')
      expect((await cli.ended).code).to.equal(0)
    })

    it('run refuses a port in use and addresses of other machines', async () => {
      const { port } = world.server.address()
      const rows: readonly [string, string][] = [
        [`/ip4/127.0.0.1/tcp/${port}`, 'SERVER_PORT_IN_USE'],
        ['/ip4/0.0.0.0/tcp/0', 'SERVER_ADDRESS_NOT_LOOPBACK'],
      ]
      for (const [listen, code] of rows) {
        const options = { main: RUN_STUB, env: { ...env, MEROGATE_SERVER_LISTEN: listen } }
        const ended = await runCli([join(folder, 'stub')], {
          ...options,
          env: { ...options.env, MEROGATE_LOG_LEVEL: 'silent' },
        })
        expect(ended.code).to.equal(1)
        expect(errorCode(ended)).to.equal(code)
      }
    })

    it('of a name that there is not is told the names there are, and nothing goes elsewhere', async () => {
      const { port } = world.server.address()
      await run('--node', 'known', 'node', 'init', '--server-port', String(port))
      const rows = [['peers'], ['node', 'config'], ['node', 'config', 'log.level=debug']]
      for (const words of [...rows, ['node', 'run']]) {
        const ended = await run('--output-format', 'json', '--node', 'knwon', ...words)
        const { error } = JSON.parse(ended.err) as { error: { code: string; message: string } }
        expect({ words, exit: ended.code, code: error.code }).to.deep.equal({
          words,
          exit: 3,
          code: 'CLI_NODE_UNKNOWN',
        })
        expect(error.message).to.include('known').and.include('node init')
      }
      expect(existsSync(join(folder, 'knwon')), 'no home was made').to.equal(false)
    })

    it('run refuses an anchor it does not know', async () => {
      const ended = await run(
        ...['--output-format', 'json', 'node', 'run', '--create', '--server-port', '0'],
        ...['--set', 'anchor.moon.url=http://127.0.0.1:1', '--set', 'log.level=silent'],
      )
      expect(ended.code).to.equal(1)
      expect(errorCode(ended)).to.equal('CLI_ANCHOR_UNKNOWN')
    })
  })

  describe('chain', () => {
    it('runs until a signal comes', async () => {
      await using cli = startCli(['chain', 'run', '--port', '0', '--output-format', 'json'], {
        env: { MEROGATE_HOME: folder },
      })
      const ready = JSON.parse((await cli.line()) ?? '') as { url: string }
      expect(ready.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
      cli.child.kill('SIGTERM')
      expect((await cli.ended).code).to.equal(0)
    })
  })
})

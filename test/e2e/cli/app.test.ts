import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { newApplication } from '../../../src/cli/app/new.ts'
import { merogateClient } from '../../../src/client/index.ts'
import { answeringApp } from '../../support/answering-app.ts'
import { type Cli, runCli, startCli } from '../../support/cli.ts'
import { stubRust } from '../../support/stub-rust.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Sources whose build is a module with these methods, each of which returns a number. */
async function write(path: string, answers: Readonly<Record<string, number>>): Promise<void> {
  const { wasm, abi } = answeringApp(answers)
  const files = join(path, '../modules')
  await mkdir(files, { recursive: true })
  const file = join(files, Object.entries(answers).flat().join('-'))
  await writeFile(`${file}.wasm`, wasm)
  await writeFile(`${file}.json`, JSON.stringify(abi))
  await writeFile(join(path, 'src/lib.rs'), `// module: ${file}.wasm\n// abi: ${file}.json\n`)
}

/** The next event of this name. */
async function next(cli: Cli, event: string): Promise<Record<string, unknown>> {
  for (let line = await cli.line(); line !== undefined; line = await cli.line()) {
    const value = JSON.parse(line) as Record<string, unknown>
    if (value['event'] === event) return value
  }
  throw new Error(`expected ${event}, the program ended: ${(await cli.ended).err}`)
}

interface Ready {
  nodes: { api: string; token: string }[]
  contextId: string
  calls: { method: string; args: unknown; line: string }[]
}

describe('an application in its folder', () => {
  it('is built, given to two nodes, built again when it changes, and what runs is updated', async () => {
    await using folder = await tempFolder()
    const env = { ...(await stubRust(folder.path)), MEROGATE_HOME: folder.path }
    const { folder: app } = await newApplication(join(folder.path, 'notes'))
    await write(app, { one: 1, two: 2 })
    const dev = ['dev', '--app', app, '--watch', '--port', '0', '--output-format', 'json']
    await using cli = startCli(dev, { env })
    const ready = (await next(cli, 'ready')) as unknown as Ready
    const { contextId } = ready
    const clients = ready.nodes.map(({ api, token }) => merogateClient({ url: api, token }))
    const ask = (method: string): Promise<unknown[]> =>
      Promise.all(clients.map(({ rpc }) => rpc.execute({ contextId, method, args: { text: '' } })))
    expect(ready.calls.map(({ method, args }) => [method, args])).to.deep.equal([
      ...[
        ['one', { text: 'text' }],
        ['two', { text: 'text' }],
      ],
    ])
    expect(ready.calls[0]?.line).to.match(
      /^MEROGATE_TOKEN=\$ALICE merogate call one --api http\S+ --context \w+ --args '\{"text":"text"\}'$/,
    )
    expect(await ask('two')).to.deep.equal([2, 2])
    await next(cli, 'watching')

    await writeFile(join(app, 'src/lib.rs'), 'compile_error!("")')
    expect(await next(cli, 'not-updated')).to.include({ code: 'CLI_BUILD' })
    expect(await ask('two')).to.deep.equal([2, 2])

    await write(app, { two: 22, three: 3 })
    const { changes } = await next(cli, 'updated')
    expect(changes).to.deep.include({ added: ['three'], removed: ['one'], changed: [] })
    expect(await ask('two')).to.deep.equal([22, 22])
    expect(await ask('three')).to.deep.equal([3, 3])

    cli.child.kill('SIGINT')
    const { code, err } = await cli.ended
    expect(code, err).to.equal(0)
    expect(err).to.include('asked not to compile')
  }).timeout(90_000)

  it('needs a folder to be watched', async () => {
    const { code, err } = await runCli(['dev', '--watch'])
    expect(code).to.equal(2)
    expect(err).to.include('--watch')
  })
})

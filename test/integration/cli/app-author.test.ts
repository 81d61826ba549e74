import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { newApplication } from '../../../src/cli/app/new.ts'
import { readSignerKey } from '../../../src/cli/app/signer-key.ts'
import { readBundle } from '../../../src/node/applications/bundle.ts'
import { answeringApp } from '../../support/answering-app.ts'
import { type Ended, runCli } from '../../support/cli.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { stubRust } from '../../support/stub-rust.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const TEMPLATE = join(import.meta.dirname, '../../../templates/rust-app')

describe('merogate app new', () => {
  it('writes the template under the name, whole', async () => {
    await using folder = await tempFolder()
    const { folder: path, name } = await newApplication(join(folder.path, 'my-notes'))
    expect(name).to.equal('my-notes')
    const files = (await readdir(path, { recursive: true })).sort()
    const ours = (await readdir(TEMPLATE, { recursive: true })).filter(
      (file) => !/^(?:target|dist|node_modules)\b/.test(file),
    )
    expect(files).to.deep.equal(
      ours.map((file) => (file === 'gitignore' ? '.gitignore' : file)).sort(),
    )
    const read = (file: string): Promise<string> => readFile(join(path, file), 'utf8')
    expect(await read('Cargo.toml')).to.include('name = "my-notes"\nversion = "0.1.0"')
    expect(await read('package.json')).to.match(/"merogate": "\^\d+\.\d+\.\d+"/)
    for (const file of files.filter((one) => basename(one).includes('.'))) {
      expect(await read(file), file).not.to.match(/my.app|0\.0\.0-merogate/i)
    }
  })

  it('refuses a folder that has something in it, and keeps that', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'full')
    await mkdir(path)
    await writeFile(join(path, 'thesis.txt'), 'years of work')
    expect(await rejectionCode(newApplication(path))).to.equal('CLI_FILE')
    expect(await readdir(path)).to.deep.equal(['thesis.txt'])
  })

  it('refuses names that are none for Rust, and makes nothing', async () => {
    await using folder = await tempFolder()
    for (const name of ['Notes', '2do', 'no_tes', 'a--b', 'self', 'test', 'x'.repeat(41), 'ü']) {
      const made = newApplication(join(folder.path, name))
      expect(await rejectionCode(made), name).to.equal('CLI_USAGE')
    }
    expect(await readdir(folder.path)).to.deep.equal([])
  })
})

describe('merogate app build', () => {
  /** A new application whose build is a module of one method. */
  async function author(root: string): Promise<{ path: string; env: Record<string, string> }> {
    const env = await stubRust(root)
    const { folder: path } = await newApplication(join(root, 'notes'))
    const { wasm, abi } = answeringApp({ one: 1 })
    await writeFile(join(root, 'app.wasm'), wasm)
    await writeFile(join(root, 'abi.json'), JSON.stringify(abi))
    const source = `// module: ${root}/app.wasm\n// abi: ${root}/abi.json\n`
    await writeFile(join(path, 'src/lib.rs'), source)
    return { path, env }
  }
  const build = (env: Record<string, string>, ...args: string[]): Promise<Ended> =>
    runCli(['app', 'build', ...args], { env })

  it('packs module, ABI and hashes, signs with a key, and tells what came of it', async () => {
    await using folder = await tempFolder()
    const { path, env } = await author(folder.path)
    const key = join(folder.path, 'signer.key')
    const made = await runCli(['app', 'keygen', key])
    expect(made.out).to.match(/^did:key:z\w+\n$/)
    expect((await stat(key)).mode & 0o777).to.equal(0o600)
    const again = await runCli(['app', 'keygen', key])
    expect(again.err).to.include('is there already')

    const { code, out, err } = await build(env, path, '--key', key)
    expect(code, err).to.equal(0)
    expect(err).to.include('Compiling the stub').and.include('ABI: 1 methods')
    expect(out).to.include(`signed by ${made.out.trim()}`).and.include('com.example.notes 0.1.0')
    const bundle = await readBundle(await readFile(join(path, 'dist/notes.mpk')))
    expect(bundle).to.include({ package: 'com.example.notes', version: '0.1.0' })
    expect(bundle.signerId).to.equal(made.out.trim())
    expect(bundle.modules[0]?.abi).to.have.property('schema_version', 'wasm-abi/1')
  }).timeout(30_000)

  it('passes on what the compiler says of an error', async () => {
    await using folder = await tempFolder()
    const { path, env } = await author(folder.path)
    await writeFile(join(path, 'src/lib.rs'), 'compile_error!("")')
    const { code, err } = await build(env, path)
    expect(code).to.equal(1)
    expect(err).to.include('error: asked not to compile').and.include('CLI_BUILD')
    expect(await readdir(path)).not.to.include('dist')
  })

  it('says what to install where there is no Rust, and where it lacks the target', async () => {
    await using folder = await tempFolder()
    const { path, env } = await author(folder.path)
    const none = await build({ ...env, PATH: dirname(process.execPath) }, path)
    expect(none.code).to.equal(1)
    expect(none.err).to.include('there is no cargo').and.include('https://rustup.rs')
    const half = await build({ ...env, STUB_LACKS_TARGET: '1' }, path)
    expect(half.err).to.include('install `rustup target add wasm32-unknown-unknown`')
  }).timeout(30_000)

  it('names a folder without Cargo.toml', async () => {
    await using folder = await tempFolder()
    const { code, err } = await build({}, folder.path)
    expect(code).to.equal(1)
    expect(err).to.include('Cargo.toml')
  })

  it('refuses a key that others can read', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'open.key')
    await writeFile(file, `${'11'.repeat(32)}\n`, { mode: 0o644 })
    expect(await rejectionCode(readSignerKey(file))).to.equal('CLI_FILE')
  })
})

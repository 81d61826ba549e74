import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type InspectOptions,
  type Inspection,
  inspectApplication,
  inspectionText,
} from '../../../src/cli/app/inspect.ts'
import { packBundle, signManifest } from '../../../src/node/applications/pack.ts'
import { didKey } from '../../../src/node/applications/manifest.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { answeringApp } from '../../support/answering-app.ts'
import { manifestFor, writeBundle } from '../../support/bundles.ts'
import { runCli } from '../../support/cli.ts'
import { collectionsWasm } from '../../support/collections-app.ts'
import { panickingApp } from '../../support/panicking-app.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { importHost, wat } from '../../support/wat.ts'

const KV = join(import.meta.dirname, '../../../apps/kv-store-rs/dist/kv-store.mpk')

/** Looks at these bytes. */
async function inspect(bytes: Uint8Array, options?: InspectOptions): Promise<Inspection> {
  await using folder = await tempFolder()
  const file = join(folder.path, 'app')
  await writeFile(file, bytes)
  return await inspectApplication(file, options)
}

const bundle = {
  ...{ package: 'com.example.app', version: '1.2.3', wasm: panickingApp() },
  metadata: { name: 'app' },
}

describe('merogate app inspect', () => {
  it('tells of a bundle what it is, what it offers, what it keeps, and what init costs', async () => {
    const { code, out, err } = await runCli(['app', 'inspect', KV, '--output-format', 'json'])
    expect(code, err).to.equal(0)
    const found = JSON.parse(out) as Inspection
    expect(found).to.include({
      ...{ kind: 'bundle', package: 'com.merogate.kv-store', era: 'E5b', generation: 'G2' },
      ...{ convergence: 'converges', verdict: 'era E5b, converges', release: '0.11.0-rc.5' },
    })
    expect(found.signature).to.deep.equal({ state: 'none' })
    expect(found.methods.find(({ name }) => name === 'set')).to.deep.equal({
      name: 'set',
      params: [
        { name: 'key', type: 'string', example: 'key' },
        { name: 'value', type: 'string', example: 'value' },
      ],
      returns: 'unit',
    })
    expect(found.state[0]).to.deep.equal({
      name: 'items',
      type: 'unordered_map<string, lww_register<string>>',
    })
    expect(found.events).to.deep.equal(['Set', 'Pushed', 'Cleared'])
    expect(found.collections).to.deep.equal(['UnorderedMap', 'Vector', 'Counter'])
    expect(found.storage).to.deep.equal(['shared by all members'])
    expect('fuel' in found.init && Number(found.init.fuel)).to.be.within(1e6, 1e8)
    const text = inspectionText(found)
    expect(text)
      .to.include('vector<lww_register<string>>')
      .and.include('key: string, value: string')
  })

  it('finds collections and kinds of storage of a module without an interface description', async () => {
    const found = await inspect(collectionsWasm())
    expect(found.collections).to.deep.equal([
      ...['UnorderedMap', 'UnorderedSet', 'SortedMap', 'SortedSet', 'Vector', 'Counter'],
      ...['ReplicatedGrowableArray', 'UserStorage', 'FrozenStorage', 'AuthoredMap'],
      'AuthoredVector',
    ])
    expect(found.storage).to.deep.equal([
      ...['shared by all members', 'owned by its author', 'frozen', 'ordered index'],
    ])
    expect(found.verdict).to.equal('era E5b, converges (authored-map)')
    const text = inspectionText(found)
    expect(text).to.include('authored-map: it uses AuthoredMap')
    expect(text).to.include('unknown: it has no ABI')
  })

  it('names host functions that it supports in part or not at all, and why init fails', async () => {
    const found = await inspect(
      wat(`(module (import "env" "moon_phase" (func $moon)) ${importHost('send_proposal')}
        (memory (export "memory") 1) (func (export "init") (call $moon)))`),
    )
    expect(found.unsupported.map(({ name, support }) => [name, support])).to.deep.equal([
      ...[
        ['moon_phase', 'none'],
        ['send_proposal', 'half'],
      ],
    ])
    expect(found.verdict).to.equal('unknown layout, may diverge (untried-release)')
    expect(found.init).to.have.nested.property('failed.message').that.includes('moon_phase')
    expect(inspectionText(found)).to.include('moon_phase: not supported, it is not available')
  })

  it('ends an init that does not end by itself', async () => {
    const found = await inspect(
      wat('(module (memory (export "memory") 1) (func (export "init") (loop $l (br $l))))'),
      { fuel: 100_000n },
    )
    expect(found.init).to.have.nested.property('failed.code', 'RUNTIME_FUEL')
  })

  it('gives init what it is told to', async () => {
    const echo = wat(`(module ${importHost('input')} ${importHost('register_len')}
      (memory (export "memory") 1)
      (func (export "init") (call $input (i64.const 0))
        (if (i64.ne (call $register_len (i64.const 0)) (i64.const 7)) (then unreachable))))`)
    expect((await inspect(echo, { args: { a: 1 } })).init).to.have.property('fuel')
    expect((await inspect(echo)).init).to.have.nested.property('failed.code', 'RUNTIME_TRAP')
  })

  it('says who signed, and that a signature is not valid', async () => {
    const key = generateSigningKey()
    const signer = didKey(key.publicKey)
    const signed = await inspect(packBundle({ ...bundle, key }))
    expect(signed.signature).to.deep.equal({ state: 'valid', signer })
    expect(signed.package).to.equal('com.example.app')

    const manifest = { ...signManifest(manifestFor(bundle.wasm), key), appVersion: '6.6.6' }
    const forged = await inspect(
      await writeBundle([
        ['manifest.json', utf8(JSON.stringify(manifest))],
        ['app.wasm', bundle.wasm],
      ]),
    )
    expect(forged.signature).to.have.property('state', 'invalid')
    expect(forged.version).to.equal('6.6.6')
    expect(inspectionText(forged)).to.include('NOT VALID')
  })

  it('tells of the service that is asked for', async () => {
    const modules = { pages: answeringApp({ page: 1 }).wasm, mail: answeringApp({ send: 2 }).wasm }
    const services = Object.entries(modules).map(([name, wasm]) => {
      return { name, wasm: { path: `${name}.wasm`, hash: toHex(sha256(wasm)) } }
    })
    const manifest = { ...manifestFor(modules.pages, { services }), wasm: undefined }
    const bytes = await writeBundle([
      ['manifest.json', JSON.stringify(manifest)],
      ...Object.entries(modules).map(([name, wasm]) => [`${name}.wasm`, wasm] as const),
    ])
    const first = await inspect(bytes)
    expect(first.services).to.deep.equal(['pages', 'mail'])
    expect([first.service, first.methods.at(-1)?.name]).to.deep.equal(['pages', 'page'])
    const second = await inspect(bytes, { service: 'mail' })
    expect([second.service, second.methods.at(-1)?.name]).to.deep.equal(['mail', 'send'])
    expect(inspectionText(second)).to.include('mail of pages, mail')
    expect(await rejectionCode(inspect(bytes, { service: 'nope' }))).to.equal('CLI_NOT_FOUND')
  })

  it('ends with 1 for what is no application', async () => {
    const { code, err } = await runCli(['app', 'inspect', import.meta.filename])
    expect(code).to.equal(1)
    expect(err).to.include('RUNTIME_MODULE_INVALID')
  })
})

import { expect } from 'chai'
import * as borsh from 'borsh'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import {
  bundleApplicationId,
  moduleApplicationId,
  serviceApplicationId,
} from '../../../src/node/applications/application-id.ts'
import {
  applications,
  type ApplicationsInit,
  type NodeApplications,
} from '../../../src/node/applications/applications.ts'
import {
  MAX_INSTALL_BYTES,
  MAX_METADATA_BYTES,
  MAX_SOURCE_BYTES,
} from '../../../src/node/applications/limits.ts'
import { didKey } from '../../../src/node/applications/manifest.ts'
import type { BlobStore } from '../../../src/node/blobs/blobs.ts'
import { blobIdOfBytes } from '../../../src/node/blobs/chunks.ts'
import { fileBlobStore } from '../../../src/node/blobs/file-blob-store.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { EMPTY, equalBytes, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { ApplicationId, BlobId, idText } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { COLUMN, rowKey } from '../../../src/node/store/keys.ts'
import type { Store } from '../../../src/node/store/store.ts'
import {
  appBundle,
  manifestFor,
  signManifest,
  wasmModule,
  writeBundle,
} from '../../support/bundles.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { type StubEngine, stubEngine } from '../../support/stub-engine.ts'
import { tempFolder } from '../../support/temp-folder.ts'

interface Setup extends AsyncDisposable {
  apps: NodeApplications
  blobs: BlobStore
  engine: StubEngine
  store: Store
  folder: string
}

async function setup(init: ApplicationsInit = {}): Promise<Setup> {
  const temp = await tempFolder()
  const store = memoryStore()
  const components = { store, clock: systemClock, logger: silentLogger }
  const blobs = fileBlobStore({ folder: join(temp.path, 'blobs') })(components)
  await blobs.start()
  const engine = stubEngine()
  return {
    apps: applications(init)({ ...components, blobs, engine }),
    blobs,
    engine,
    store,
    folder: temp.path,
    [Symbol.asyncDispose]: async () => {
      await blobs.stop()
      await temp[Symbol.asyncDispose]()
    },
  }
}

describe('application ids', () => {
  it('hash the borsh encoding of package and version', () => {
    const encoded = borsh.serialize(
      { struct: { package: 'string', version: 'string' } },
      { package: 'com.example.app', version: '1.2.3' },
    )
    expect(bundleApplicationId('com.example.app', '1.2.3')).to.deep.equal(sha256(encoded))
    // the layout by hand: two strings with u32 little-endian lengths
    expect(bundleApplicationId('a', 'b')).to.deep.equal(sha256(fromHex('01000000610100000062')))
  })

  it('hash the borsh encoding of blob, size, source and metadata of a bare module', () => {
    const value = {
      blob: Array.from({ length: 32 }, (_, i) => i),
      size: 300n,
      source: 'file:ünï.wasm',
      metadata: [1, 2, 3],
    }
    const encoded = borsh.serialize(
      {
        struct: {
          blob: { array: { type: 'u8', len: 32 } },
          size: 'u64',
          source: 'string',
          metadata: { array: { type: 'u8' } },
        },
      },
      value,
    )
    const id = moduleApplicationId({
      blob: BlobId.from(Uint8Array.from(value.blob)),
      size: 300,
      source: value.source,
      metadata: Uint8Array.from(value.metadata),
    })
    expect(id).to.deep.equal(sha256(encoded))
  })
})

describe('applications', () => {
  it('installs a bare module from a file', async () => {
    await using s = await setup()
    const path = join(s.folder, 'app.wasm')
    const wasm = wasmModule('bare')
    await writeFile(path, wasm)
    const installed = await s.apps.installFile(path, { metadata: utf8('meta') })
    const blob = blobIdOfBytes(wasm)
    expect(installed).to.deep.include({
      id: moduleApplicationId({
        blob,
        size: wasm.length,
        source: 'file:app.wasm',
        metadata: utf8('meta'),
      }),
      blob,
      size: wasm.length,
      source: 'file:app.wasm',
      package: 'unknown',
      version: '0.0.0',
    })
    expect(await s.apps.get(installed.id)).to.deep.equal(installed)
    expect(await s.apps.list()).to.deep.equal([installed])
    expect(await s.blobs.bytes(blob)).to.deep.equal(wasm)
    expect(await s.apps.record(installed.id)).to.deep.equal({
      id: installed.id,
      blob,
      size: BigInt(wasm.length),
      source: 'file:app.wasm',
      metadata: utf8('meta'),
    })
    expect(await s.apps.usesBlob(blob)).to.equal(true)
    expect(await s.apps.usesBlob(BlobId.from(new Uint8Array(32)))).to.equal(false)
  })

  it('gives the same id to the same content and another to a bundle around it', async () => {
    await using s = await setup()
    const wasm = wasmModule('same')
    const bare = await s.apps.installBytes(wasm, 'here')
    const again = await s.apps.installBytes(wasm, 'here')
    const bundle = await s.apps.installBytes(await appBundle(wasm), 'here')
    expect(again).to.deep.equal(bare)
    expect(bundle.id).to.deep.equal(bundleApplicationId('com.example.app', '1.2.3'))
    expect(bundle.module).to.deep.equal(bare.module)
    expect(await s.apps.list()).to.have.length(2)
  })

  it('installs from a blob as another node recorded it', async () => {
    await using a = await setup()
    await using b = await setup()
    const bytes = await appBundle()
    const there = await a.apps.installBytes(bytes, 'https://example.org/app.mpk')
    const { id: blob } = await b.blobs.put(bytes)
    const here = await b.apps.installBlob(blob, there.source, { metadata: there.metadata })
    expect(here).to.deep.equal(there)
    const none = BlobId.from(new Uint8Array(32))
    expect(await rejectionCode(b.apps.installBlob(none, 'x'))).to.equal('BLOB_NOT_FOUND')
  })

  it('remembers the signer of a signed bundle', async () => {
    await using s = await setup()
    const key = generateSigningKey(fromHex('33'.repeat(32)))
    const wasm = wasmModule('signed')
    const bytes = await writeBundle([
      ['manifest.json', JSON.stringify(signManifest(manifestFor(wasm), key))],
      ['app.wasm', wasm],
    ])
    const { id, signerId } = await s.apps.installBytes(bytes, 'x')
    expect(signerId).to.equal(didKey(key.publicKey))
    expect((await s.apps.get(id))?.signerId).to.equal(signerId)
  })

  it('installs from a URL on a private address only when that is allowed', async () => {
    await using refusing = await setup()
    await using allowing = await setup({ allowPrivateHosts: true })
    const bytes = await appBundle()
    const server = createServer((_, response) => response.end(bytes))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo // it listens on TCP
      const url = `http://127.0.0.1:${port}/app.mpk`
      expect(await rejectionCode(refusing.apps.installUrl(url))).to.equal('INSTALL_URL_REFUSED')
      const hash = sha256(bytes)
      expect((await allowing.apps.installUrl(url, { hash })).source).to.equal(url)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('keeps nothing of what it refuses', async () => {
    await using s = await setup()
    const bad = utf8('not a module')
    expect(await rejectionCode(s.apps.installBytes(bad, 'x'))).to.equal('RUNTIME_MODULE_INVALID')
    const hash = sha256(utf8('other'))
    expect(await rejectionCode(s.apps.installBytes(wasmModule(), 'x', { hash }))).to.equal(
      'INSTALL_HASH_MISMATCH',
    )
    const signal = AbortSignal.abort()
    expect(await rejectionCode(s.apps.installBytes(wasmModule(), 'x', { signal }))).to.equal(
      'ABORTED',
    )
    expect(await s.apps.list()).to.deep.equal([])
    expect(await s.blobs.list()).to.deep.equal([])
  })

  it('takes source and metadata as long as an anchor holds them and not one byte more', async () => {
    await using s = await setup()
    const code = (source: string, metadata: number): Promise<string> =>
      rejectionCode(
        s.apps.installBytes(wasmModule(), source, { metadata: new Uint8Array(metadata) }),
      )
    const source = 'é'.repeat(MAX_SOURCE_BYTES / 2)
    expect(await code(source, MAX_METADATA_BYTES)).to.equal('none')
    expect(await code(`${source}x`, 0)).to.equal('APPLICATION_LIMIT')
    expect(await code('x', MAX_METADATA_BYTES + 1)).to.equal('APPLICATION_LIMIT')
  })

  it('refuses more bytes than the limit says before it looks at them', async () => {
    await using s = await setup()
    const code = (length: number): Promise<string> =>
      rejectionCode(s.apps.installBytes(new Uint8Array(length), 'x'))
    expect(await code(MAX_INSTALL_BYTES)).to.equal('RUNTIME_MODULE_INVALID')
    expect(await code(MAX_INSTALL_BYTES + 1)).to.equal('INSTALL_TOO_LARGE')
    const { id } = await s.blobs.put(new Uint8Array(MAX_INSTALL_BYTES + 1))
    expect(await rejectionCode(s.apps.installBlob(id, 'x'))).to.equal('INSTALL_TOO_LARGE')
  })

  it('uninstalls what no context runs', async () => {
    let used = true
    await using s = await setup({ inUse: () => used })
    const { id } = await s.apps.installBytes(wasmModule(), 'x')
    expect(await rejectionCode(s.apps.uninstall(id))).to.equal('APPLICATION_IN_USE')
    used = false
    expect(await s.apps.uninstall(id)).to.equal(true)
    expect(await s.apps.uninstall(id)).to.equal(false)
    expect(await s.apps.get(id)).to.equal(undefined)
    expect(await s.apps.record(id)).to.equal(undefined)
  })

  it('replaces a version with other content only while no context runs it', async () => {
    let used = false
    await using s = await setup({ inUse: () => Promise.resolve(used) })
    const first = await s.apps.installBytes(await appBundle(wasmModule('one')), 'x')
    const second = await s.apps.installBytes(await appBundle(wasmModule('two')), 'x')
    expect(idText(second.id)).to.equal(idText(first.id))
    expect((await s.apps.get(first.id))?.blob).to.deep.equal(second.blob)
    used = true
    const other = await appBundle(wasmModule('three'))
    expect(await rejectionCode(s.apps.installBytes(other, 'x'))).to.equal(
      'APPLICATION_VERSION_TAKEN',
    )
    expect(await s.blobs.has(blobIdOfBytes(other))).to.equal(false)
    const same = await s.apps.installBytes(await appBundle(wasmModule('two')), 'y')
    expect(same.source).to.equal('y')
  })

  it('replaces what is signed only by what the same signer signed', async () => {
    await using s = await setup()
    const [key, other] = [generateSigningKey(), generateSigningKey()]
    const signed = (marker: string, by = key): Promise<Uint8Array> => {
      const wasm = wasmModule(marker)
      return writeBundle([
        ['manifest.json', JSON.stringify(signManifest(manifestFor(wasm), by))],
        ['app.wasm', wasm],
      ])
    }
    const code = (bytes: Uint8Array): Promise<string> =>
      rejectionCode(s.apps.installBytes(bytes, 'x'))
    const { id, blob } = await s.apps.installBytes(await signed('one'), 'x')
    expect(await code(await appBundle(wasmModule('two')))).to.equal('APPLICATION_SIGNER')
    expect(await code(await signed('two', other))).to.equal('APPLICATION_SIGNER')
    expect((await s.apps.get(id))?.blob).to.deep.equal(blob)
    expect(await code(await signed('two'))).to.equal('none')
    expect(await code(await appBundle(wasmModule('two'), { appVersion: '2' }))).to.equal('none')
    await s.apps.uninstall(id)
    expect(await code(await appBundle(wasmModule('two')))).to.equal('none')
  })

  it('takes several services for one application, of which each runs by an id of its own', async () => {
    const used: Uint8Array[] = []
    await using s = await setup({ inUse: (id) => used.some((each) => equalBytes(each, id)) })
    const [api, web] = [wasmModule('api'), wasmModule('web')]
    const pack = (marker: string, names = ['api', 'web']): Promise<Uint8Array> => {
      const services = names.map((name) => ({ name, wasm: { path: `${name}.wasm` } }))
      return writeBundle([
        ['manifest.json', JSON.stringify(manifestFor(api, { services, marker }))],
        ['app.wasm', wasmModule('left over')],
        ['api.wasm', api],
        ['web.wasm', web],
      ])
    }
    const bytes = await pack('one')
    const whole = await s.apps.installBytes(bytes, 'x')
    expect(whole.services?.map(({ name }) => name)).to.deep.equal(['api', 'web'])
    expect(whole).not.to.have.property('service')
    expect(await s.apps.list()).to.deep.equal([whole])
    const named = await s.apps.record(whole.id, 'web')
    const id = named?.id ?? expect.fail('no record')
    expect(id).to.deep.equal(serviceApplicationId(whole.package, whole.version, 'web'))
    expect(id).to.deep.equal(whole.services?.[1]?.application)
    expect(named?.blob).to.deep.equal(whole.blob)
    expect((await s.apps.get(id))?.service).to.equal('web')
    expect((await s.apps.ensureLoaded(id, whole.blob)).hash).to.deep.equal(sha256(web))
    for (const service of [undefined, 'none', '']) {
      expect(await rejectionCode(s.apps.record(whole.id, service))).to.equal('APPLICATION_SERVICE')
    }
    expect(await rejectionCode(s.apps.record(id, 'api'))).to.equal('APPLICATION_SERVICE')

    // a member that has nothing learns from the anchor's id which of them it is
    await using other = await setup()
    await other.blobs.put(bytes)
    const got = await other.apps.installRecord(named ?? expect.fail('no record'))
    expect(got.service).to.equal('web')
    expect(await other.apps.list()).to.deep.equal([whole])

    used.push(id)
    const next = await pack('two')
    expect(await rejectionCode(s.apps.installBytes(next, 'x'))).to.equal(
      'APPLICATION_VERSION_TAKEN',
    )
    expect(await rejectionCode(s.apps.uninstall(whole.id))).to.equal('APPLICATION_IN_USE')
    used.length = 0
    const fewer = await s.apps.installBytes(await pack('three', ['api']), 'x')
    expect(idText(fewer.id)).to.equal(idText(whole.id))
    expect(await s.apps.get(id)).to.equal(undefined)
    expect((await s.apps.record(fewer.id, 'api'))?.id).to.deep.equal(fewer.id)
    await s.apps.installBytes(bytes, 'x')
    expect(await s.apps.uninstall(id)).to.equal(true)
    expect(await s.apps.list()).to.deep.equal([])
    expect(await s.apps.get(id)).to.equal(undefined)
  })

  it('lets a service be followed by the one of its name', async () => {
    await using s = await setup()
    const module = wasmModule('module')
    const pack = (appVersion: string, names: readonly string[]): Promise<Uint8Array> => {
      const services = names.map((name) => ({ name, wasm: { path: 'app.wasm' } }))
      return appBundle(module, { services, appVersion })
    }
    const one = await s.apps.installBytes(await pack('1.0.0', ['api', 'web']), 'x')
    const two = await s.apps.installBytes(await pack('2.0.0', ['web', 'api']), 'x')
    const other = await s.apps.installBytes(await pack('3.0.0', ['api', 'mail']), 'x')
    const runs = { application: one.services?.[1]?.application ?? EMPTY, blob: one.blob }
    expect((await s.apps.recordAfter(runs, two.id))?.id).to.deep.equal(
      two.services?.find(({ name }) => name === 'web')?.application,
    )
    expect(await rejectionCode(s.apps.recordAfter(runs, other.id))).to.equal('APPLICATION_SERVICE')
  })

  it('keeps another build of a version beside the one it has, for contexts that run it', async () => {
    const used: Uint8Array[] = []
    await using s = await setup({
      inUse: (_id, blob) => used.some((each) => equalBytes(each, blob)),
    })
    const [ours, theirs] = [await appBundle(wasmModule('one')), await appBundle(wasmModule('two'))]
    const own = await s.apps.installBytes(ours, 'x')
    const { id } = own
    const { id: blob, size } = await s.blobs.put(theirs)
    const record = { id, blob, size: BigInt(size), source: 'y', metadata: new Uint8Array() }
    const made = await Promise.all([s.apps.installRecord(record), s.apps.installRecord(record)])
    expect(made[0]).to.deep.equal(made[1])
    expect((await s.apps.get(id))?.blob).to.deep.equal(own.blob)
    expect((await s.apps.build(id, blob))?.source).to.equal('y')
    expect(await s.apps.list()).to.have.lengthOf(2)
    expect(await s.apps.usesBlob(blob)).to.equal(true)
    expect((await s.apps.ensureLoaded(id, blob)).hash).to.deep.equal(sha256(wasmModule('two')))
    expect((await s.apps.ensureLoaded(id)).hash).to.deep.equal(sha256(wasmModule('one')))

    used.push(blob)
    expect(await rejectionCode(s.apps.uninstall(id))).to.equal('APPLICATION_IN_USE')
    // what nobody runs may be replaced, though its neighbour is in use
    await s.apps.installBytes(await appBundle(wasmModule('three')), 'z')
    expect((await s.apps.build(id, blob))?.source).to.equal('y')
    used.length = 0
    expect(await s.apps.uninstall(id)).to.equal(true)
    expect(await s.apps.list()).to.deep.equal([])
  })

  it('installs nothing that is another application than the anchor says', async () => {
    await using s = await setup()
    const { id: blob, size } = await s.blobs.put(await appBundle(wasmModule('one')))
    const id = ApplicationId.from(new Uint8Array(32).fill(7))
    const record = { id, blob, size: BigInt(size), source: 'y', metadata: new Uint8Array() }
    expect(await rejectionCode(s.apps.installRecord(record))).to.equal('APPLICATION_MISMATCH')
    expect(await s.apps.list()).to.deep.equal([])
  })

  it('tells of what was installed', async () => {
    const told: string[] = []
    await using s = await setup({ onInstalled: (id) => told.push(idText(id)) })
    const { id } = await s.apps.installBytes(wasmModule(), 'x')
    expect(told).to.deep.equal([idText(id)])
  })

  it('loads a module once, also for callers at the same time', async () => {
    await using s = await setup()
    const { id, module } = await s.apps.installBytes(await appBundle(), 'x')
    expect(s.engine.loads).to.equal(0)
    const loaded = await Promise.all([s.apps.ensureLoaded(id), s.apps.ensureLoaded(id)])
    expect(loaded).to.deep.equal([module, module])
    expect(await s.apps.ensureLoaded(id)).to.deep.equal(module)
    expect(s.engine.loads).to.equal(1)
    const unknown = ApplicationId.from(new Uint8Array(32))
    expect(await rejectionCode(s.apps.ensureLoaded(unknown))).to.equal('APPLICATION_NOT_FOUND')
  })

  it('tries again after a load that failed', async () => {
    await using s = await setup()
    const { id, blob } = await s.apps.installBytes(wasmModule('x'), 'x')
    await s.blobs.delete(blob)
    expect(await rejectionCode(s.apps.ensureLoaded(id))).to.equal('BLOB_NOT_FOUND')
    await s.blobs.put(wasmModule('x'))
    expect(await rejectionCode(s.apps.ensureLoaded(id))).to.equal('none')
  })

  it('updates what is known of a module when the engine has learnt more', async () => {
    await using s = await setup()
    const { id } = await s.apps.installBytes(wasmModule('x'), 'x')
    s.engine.knows = { era: 'E5c', abi: { schema_version: 'wasm-abi/1' } }
    expect((await s.apps.ensureLoaded(id)).era).to.equal('E5c')
    expect((await s.apps.get(id))?.module).to.deep.include(s.engine.knows)
  })

  it('lists the others when a row is damaged, and mends it by installing again', async () => {
    await using s = await setup()
    const bad = await s.apps.installBytes(wasmModule('bad'), 'x')
    const good = await s.apps.installBytes(wasmModule('good'), 'x')
    const key = rowKey(COLUMN.application, bad.id)
    await s.store.batch([{ type: 'put', key, value: EMPTY }])
    expect((await s.apps.list()).map((app) => toHex(app.id))).to.deep.equal([toHex(good.id)])
    expect(await rejectionCode(s.apps.get(bad.id))).to.equal('APPLICATION_CORRUPT')
    await s.apps.installBytes(wasmModule('bad'), 'x')
    expect(await s.apps.get(bad.id)).to.deep.equal(bad)
  })
})

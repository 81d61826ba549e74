import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { type Bundle, isBundle, readBundle } from '../../../src/node/applications/bundle.ts'
import {
  BUNDLE_LIMITS,
  MAX_ENTRY_NAME_LENGTH,
  MAX_MANIFEST_BYTES,
  MAX_PACKAGE_LENGTH,
  MAX_VERSION_LENGTH,
} from '../../../src/node/applications/limits.ts'
import { didKey, manifestDigest, parseManifest } from '../../../src/node/applications/manifest.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import {
  appBundle,
  type ArchiveFile,
  manifestFor,
  signManifest,
  tarArchive,
  wasmModule,
  writeBundle,
} from '../../support/bundles.ts'
import { rejectionCode } from '../../support/error-code.ts'

const wasm = wasmModule('module')
const manifest: ArchiveFile = ['manifest.json', JSON.stringify(manifestFor(wasm))]
const module: ArchiveFile = ['app.wasm', wasm]
const wasmOf = ({ modules }: Bundle): Uint8Array => modules[0]?.wasm ?? new Uint8Array()
const codeOf = async (files: readonly ArchiveFile[]): Promise<string> =>
  rejectionCode(readBundle(await writeBundle(files)))

describe('readBundle', () => {
  it('tells a bundle from a bare module by its first bytes', async () => {
    expect(isBundle(await appBundle())).to.equal(true)
    expect(isBundle(wasm)).to.equal(false)
    expect(isBundle(new Uint8Array())).to.equal(false)
  })

  it('reads an unsigned bundle', async () => {
    const bundle = await readBundle(await appBundle(wasm))
    expect(bundle).to.deep.equal({
      package: 'com.example.app',
      version: '1.2.3',
      signerId: undefined,
      modules: [{ service: undefined, wasm, abi: undefined }],
    })
  })

  it('reads the bundle of the example application', async () => {
    const folder = new URL('../../../apps/kv-store-rs/dist/', import.meta.url)
    const bundle = await readBundle(await readFile(new URL('kv-store.mpk', folder)))
    expect(bundle.package).to.equal('com.merogate.kv-store')
    expect(toHex(sha256(wasmOf(bundle)))).to.equal(
      toHex(sha256(await readFile(new URL('kv_store.wasm', folder)))),
    )
  })

  it('finds the files of archives made with ./ in front, and ignores what macOS adds', async () => {
    const files: ArchiveFile[] = [
      ['./', '', { type: 'directory' }],
      ['./._manifest.json', 'AppleDouble'],
      ['./manifest.json', JSON.stringify(manifestFor(wasm))],
      ['./app.wasm', wasm],
    ]
    expect(wasmOf(await readBundle(await writeBundle(files)))).to.deep.equal(wasm)
    expect(await codeOf([['._manifest.json', JSON.stringify(manifestFor(wasm))], module])).to.equal(
      'BUNDLE_INVALID',
    )
  })

  it('takes app.wasm when the manifest names no module, and unknown members in it', async () => {
    const bytes = await appBundle(wasm, { wasm: undefined, somethingNew: { deep: [1] } })
    expect(wasmOf(await readBundle(bytes))).to.deep.equal(wasm)
  })

  it('takes the only service, not what lies at the usual place', async () => {
    const left = wasmModule('left over')
    const hash = toHex(sha256(wasm))
    const services = [{ name: 'api', wasm: { path: 'api.wasm', hash } }]
    const files = (named: readonly unknown[]): ArchiveFile[] => [
      // named beside them, and there
      ['manifest.json', JSON.stringify(manifestFor(left, { services: named }))],
      ['app.wasm', left],
      ['api.wasm', wasm],
    ]
    expect(wasmOf(await readBundle(await writeBundle(files(services))))).to.deep.equal(wasm)
    const second = { name: 'web', wasm: { path: 'app.wasm' } }
    const both = await readBundle(await writeBundle(files([...services, second])))
    expect(both.modules).to.deep.equal([
      { service: 'api', wasm, abi: undefined },
      { service: 'web', wasm: left, abi: undefined },
    ])
    expect(await codeOf(files([...services, ...services]))).to.equal('BUNDLE_INVALID')
    expect(await codeOf(files([]))).to.equal('none')
    expect(await codeOf(files([{ name: 'api', wasm: { path: 'app.wasm', hash } }]))).to.equal(
      'BUNDLE_HASH_MISMATCH',
    )
  })

  it('refuses files that are not what the manifest says', async () => {
    const other = wasmModule('other')
    expect(await codeOf([manifest, ['app.wasm', other]])).to.equal('BUNDLE_HASH_MISMATCH')
    expect(await codeOf([manifest])).to.equal('BUNDLE_INVALID')
    expect(await codeOf([module])).to.equal('BUNDLE_INVALID')
    const abi = { path: 'abi.json', hash: toHex(sha256(utf8('{}'))), size: 2 }
    const withAbi: ArchiveFile = ['manifest.json', JSON.stringify(manifestFor(wasm, { abi }))]
    expect(await codeOf([withAbi, module, ['abi.json', '{}']])).to.equal('none')
    expect(await codeOf([withAbi, module, ['abi.json', '{ }']])).to.equal('BUNDLE_HASH_MISMATCH')
    expect(await codeOf([withAbi, module])).to.equal('BUNDLE_INVALID')
  })

  it('takes a manifest without hashes, as bundles of 2025 have it', async () => {
    const bytes = await appBundle(wasm, { wasm: { path: 'app.wasm', hash: null, size: 3 } })
    expect(await rejectionCode(readBundle(bytes))).to.equal('none')
  })

  it('refuses names outside the bundle, links and devices', async () => {
    const names = ['../x', 'a/../../x', '/etc/passwd', 'a\\b', 'C:/x', '..']
    for (const name of names) {
      expect(await codeOf([manifest, module, [name, 'x']]), name).to.equal('BUNDLE_PATH_UNSAFE')
    }
    for (const type of ['symlink', 'link', 'fifo', 'character-device'] as const) {
      const entry: ArchiveFile = ['x', '', { type, linkname: 'app.wasm' }]
      expect(await codeOf([manifest, module, entry]), type).to.equal('BUNDLE_PATH_UNSAFE')
    }
    expect(await codeOf([manifest, module, ['a..b/c', 'x']])).to.equal('none')
  })

  it('refuses what it reads when it is there twice, however it is spelled', async () => {
    expect(await codeOf([manifest, module, ['./app.wasm', 'x']])).to.equal('BUNDLE_INVALID')
    expect(await codeOf([manifest, module, ['./manifest.json', '{}']])).to.equal('BUNDLE_INVALID')
  })

  it('has no interest in what else is there twice', async () => {
    const double: ArchiveFile = ['._manifest.json', 'AppleDouble']
    expect(await codeOf([double, double, manifest, module])).to.equal('none')
  })

  it('refuses a size that an extended header makes absurd', async () => {
    for (const size of ['abc', '-1', '99999999999999999999']) {
      const entry: ArchiveFile = ['x', '', { pax: { size } } as never] // tar-stream writes `pax`, its types miss it
      expect(await codeOf([manifest, module, entry]), size).to.be.oneOf([
        'BUNDLE_INVALID',
        'BUNDLE_TOO_LARGE',
      ])
    }
  })

  it('refuses bytes that are no archive', async () => {
    const gzip = (bytes: Uint8Array): Uint8Array => gzipSync(bytes)
    const tar = await tarArchive([manifest, module])
    const cases = [
      Uint8Array.of(0x1f, 0x8b, 8),
      gzip(new Uint8Array()),
      gzip(utf8('not a tar'.repeat(200))),
      gzip(tar.subarray(0, 700)),
      gzip(tar).subarray(0, 100),
    ]
    for (const bytes of cases) {
      expect(await rejectionCode(readBundle(bytes))).to.equal('BUNDLE_INVALID')
    }
  })

  it('inflates as much as the limits say and not one byte more', async () => {
    const tar = await tarArchive([manifest, module])
    const bytes = gzipSync(tar)
    const at = (limits: Partial<typeof BUNDLE_LIMITS>): Promise<string> =>
      rejectionCode(readBundle(bytes, { ...BUNDLE_LIMITS, ...limits }))
    expect(await at({ inflatedBytes: tar.length })).to.equal('none')
    expect(await at({ inflatedBytes: tar.length - 1 })).to.equal('BUNDLE_TOO_LARGE')
    const largest = Math.max(wasm.length, manifest[1].length)
    expect(await at({ entryBytes: largest })).to.equal('none')
    expect(await at({ entryBytes: largest - 1 })).to.equal('BUNDLE_TOO_LARGE')
    expect(await at({ entries: 2 })).to.equal('none')
    expect(await at({ entries: 1 })).to.equal('BUNDLE_TOO_LARGE')
  })

  it('refuses a bomb without inflating all of it', async () => {
    const bomb = gzipSync(new Uint8Array(BUNDLE_LIMITS.inflatedBytes + 1), { level: 1 })
    expect(bomb.length).to.be.below(1 << 20)
    expect(await rejectionCode(readBundle(bomb))).to.equal('BUNDLE_TOO_LARGE')
  })

  it('takes names and manifests as long as the limits say and not longer', async () => {
    const name = 'n'.repeat(MAX_ENTRY_NAME_LENGTH)
    expect(await codeOf([manifest, module, [name, 'x']])).to.equal('none')
    expect(await codeOf([manifest, module, [`${name}n`, 'x']])).to.equal('BUNDLE_PATH_UNSAFE')
    const text = String(manifest[1])
    const padded = (length: number): ArchiveFile => ['manifest.json', text.padEnd(length)]
    expect(await codeOf([padded(MAX_MANIFEST_BYTES), module])).to.equal('none')
    expect(await codeOf([padded(MAX_MANIFEST_BYTES + 1), module])).to.equal('BUNDLE_TOO_LARGE')
    const bounds = { package: MAX_PACKAGE_LENGTH, appVersion: MAX_VERSION_LENGTH }
    for (const [key, max] of Object.entries(bounds)) {
      const code = async (length: number): Promise<string> =>
        rejectionCode(readBundle(await appBundle(wasm, { [key]: 'v'.repeat(length) })))
      expect(await code(max)).to.equal('none')
      expect(await code(max + 1)).to.equal('BUNDLE_INVALID')
      expect(await code(0)).to.equal('BUNDLE_INVALID')
    }
  })

  it('refuses manifests of another shape or version', async () => {
    const changes = [
      { version: '2.0' },
      { version: undefined },
      { package: 5 },
      { appVersion: undefined },
      { wasm: 'app.wasm' },
      { wasm: { path: 'app.wasm', hash: 'zz' } },
      { wasm: { path: '' } },
    ]
    for (const change of changes) {
      expect(await rejectionCode(readBundle(await appBundle(wasm, change)))).to.equal(
        'BUNDLE_INVALID',
      )
    }
    for (const text of ['', '[]', 'null', '{', '"x"', '\u0000']) {
      expect(await codeOf([['manifest.json', text], module])).to.equal('BUNDLE_INVALID')
    }
    expect(await codeOf([['manifest.json', Uint8Array.of(0xff)], module])).to.equal(
      'BUNDLE_INVALID',
    )
  })
})

describe('bundle signatures', () => {
  const key = generateSigningKey(fromHex('11'.repeat(32)))
  const signed = signManifest(manifestFor(wasm), key)
  const codeFor = (value: unknown): Promise<string> =>
    codeOf([['manifest.json', JSON.stringify(value)], module])

  it('names a signer as did:key', () => {
    // the example of the did:key method for ed25519
    expect(
      didKey(fromHex('2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6')),
    ).to.equal('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK')
  })

  it('accepts a signature over the canonical manifest, however the manifest is spelled', async () => {
    const reordered = Object.fromEntries(Object.entries(signed).reverse())
    for (const text of [JSON.stringify(signed), JSON.stringify(reordered, null, 4)]) {
      const bytes = await writeBundle([['manifest.json', text], module])
      expect((await readBundle(bytes)).signerId).to.equal(didKey(key.publicKey))
    }
  })

  it('leaves the signature and members with an underscore out of the digest', () => {
    const digest = manifestDigest({ b: 1, a: [2] })
    expect(digest).to.deep.equal(sha256(utf8('{"a":[2],"b":1}')))
    expect(manifestDigest({ b: 1, a: [2], signature: {}, _binary: 'x' })).to.deep.equal(digest)
  })

  it('refuses a manifest that was changed after signing', async () => {
    expect(await codeFor({ ...signed, _note: 'not covered' })).to.equal('none')
    expect(await codeFor({ ...signed, appVersion: '9.9.9' })).to.equal('BUNDLE_SIGNATURE_INVALID')
    expect(await codeFor({ ...signed, added: 1 })).to.equal('BUNDLE_SIGNATURE_INVALID')
  })

  it('refuses another signer, another algorithm and malformed parts', async () => {
    const other = generateSigningKey(fromHex('22'.repeat(32)))
    expect(await codeFor({ ...signed, signerId: didKey(other.publicKey) })).to.equal(
      'BUNDLE_SIGNATURE_INVALID',
    )
    const swapped = signManifest(manifestFor(wasm), other)
    const claims = { ...swapped, signerId: didKey(key.publicKey) }
    expect(await codeFor(claims)).to.equal('BUNDLE_SIGNATURE_INVALID')
    const good = signed['signature'] as Record<string, unknown> // signManifest made it
    const bad = [
      { ...good, algorithm: 'ED25519' },
      { ...good, publicKey: 'AAAA' },
      { ...good, signature: '!!' },
      { ...good, signature: undefined },
      {},
      'text',
      [],
    ]
    for (const signature of bad) {
      expect(await codeFor({ ...signed, signature })).to.equal('BUNDLE_SIGNATURE_INVALID')
    }
  })

  it('refuses a signature that does not cover the module', async () => {
    const open = signManifest(manifestFor(wasm, { wasm: { path: 'app.wasm', hash: null } }), key)
    expect(await codeFor(open)).to.equal('BUNDLE_SIGNATURE_INVALID')
    const services = [
      { name: 'api', wasm: { path: 'app.wasm', hash: toHex(sha256(wasm)) } },
      { name: 'web', wasm: { path: 'app.wasm' } },
    ]
    const half = signManifest(manifestFor(wasm, { services }), key)
    expect(await codeFor(half)).to.equal('BUNDLE_SIGNATURE_INVALID')
  })

  it('says since when hashes are demanded, and takes what lacks them for unsigned where that is allowed', async () => {
    const open = signManifest(manifestFor(wasm, { wasm: { path: 'app.wasm', hash: null } }), key)
    const bytes = await writeBundle([['manifest.json', JSON.stringify(open)], module])
    await readBundle(bytes).then(
      () => expect.fail('was read'),
      (error: unknown) => expect(String(error)).to.contain('since 0.11.0-rc.19'),
    )
    const read = await readBundle(bytes, BUNDLE_LIMITS, { allowUnhashed: true })
    expect(read.signerId).to.equal(undefined)
    expect(wasmOf(read)).to.deep.equal(wasm)
    // a signature that is none does not pass for none
    const forged = await writeBundle([
      ['manifest.json', JSON.stringify({ ...open, appVersion: '9.9.9' })],
      module,
    ])
    expect(
      await rejectionCode(readBundle(forged, BUNDLE_LIMITS, { allowUnhashed: true })),
    ).to.equal('BUNDLE_SIGNATURE_INVALID')
  })

  it('believes no interface description that the signature does not cover', async () => {
    const abi = { methods: [{ name: 'hidden', xcall_callable: true }] }
    const text = JSON.stringify(abi)
    const abiOf = async (hash: string | null): Promise<unknown> => {
      const named = signManifest(manifestFor(wasm, { abi: { path: 'abi.json', hash } }), key)
      const bundle = await writeBundle([
        ['manifest.json', JSON.stringify(named)],
        module,
        ['abi.json', text],
      ])
      return (await readBundle(bundle)).modules[0]?.abi
    }
    expect(await abiOf(toHex(sha256(utf8(text))))).to.deep.equal(abi)
    expect(await abiOf(null)).to.equal(undefined)
  })

  it('believes no signer without a signature', async () => {
    const bytes = utf8(JSON.stringify(manifestFor(wasm, { signerId: didKey(key.publicKey) })))
    expect(parseManifest(bytes).signerId).to.equal(undefined)
  })
})

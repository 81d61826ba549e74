import { expect } from 'chai'
import fc from 'fast-check'
import { gzipSync } from 'node:zlib'
import { readBundle } from '../../src/node/applications/bundle.ts'
import { canonicalJson } from '../../src/node/applications/canonical-json.ts'
import { MAX_MODULE_INFO_BYTES } from '../../src/node/applications/limits.ts'
import { parseManifest } from '../../src/node/applications/manifest.ts'
import { decodeRecord, encodeRecord } from '../../src/node/applications/record.ts'
import type { InstalledApplication } from '../../src/node/interface.ts'
import { utf8 } from '../../src/node/primitives/bytes.ts'
import { ApplicationId, BlobId } from '../../src/node/primitives/ids.ts'
import { manifestFor, tarArchive, wasmModule } from '../support/bundles.ts'
import { rejectionCode, thrownCode } from '../support/error-code.ts'

const id32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'binary', maxLength })
const application: fc.Arbitrary<InstalledApplication> = fc
  .record(
    {
      id: id32.map((bytes) => ApplicationId.from(bytes)),
      blob: id32.map((bytes) => BlobId.from(bytes)),
      size: fc.nat(),
      source: text(100),
      metadata: fc.uint8Array({ maxLength: 64 }),
      package: text(64),
      version: text(64),
      signerId: fc.string({ maxLength: 64 }),
      module: fc.record(
        {
          hash: id32,
          size: fc.nat(),
          generation: fc.constantFrom('G1' as const, 'G2' as const),
          era: fc.constantFrom('E1' as const, 'E5c' as const, 'opaque' as const),
          convergence: fc.constantFrom('converges' as const, 'may diverge' as const),
          warnings: fc.constantFrom([], [{ code: 'authored-map' as const, message: 'so' }]),
          methods: fc.array(text(10), { maxLength: 4 }),
          imports: fc.array(text(10), { maxLength: 4 }),
          abi: fc.constant({ schema_version: 'wasm-abi/1', methods: [{ name: 'get' }] }),
        },
        {
          requiredKeys: [
            'hash',
            'size',
            'generation',
            'era',
            'convergence',
            'warnings',
            'methods',
            'imports',
          ],
        },
      ),
    },
    { requiredKeys: ['id', 'blob', 'size', 'source', 'metadata', 'package', 'version', 'module'] },
  )
  .map((value) => value as InstalledApplication) // branded ids made above

describe('application record', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(application, (value) => {
        expect(decodeRecord(value.id, encodeRecord(value))).to.deep.equal(value)
      }),
    )
  })

  it('never takes random, truncated or extended bytes', () => {
    const id = ApplicationId.from(new Uint8Array(32))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (row) => {
        expect(thrownCode(() => decodeRecord(id, row))).to.equal('APPLICATION_CORRUPT')
      }),
    )
    fc.assert(
      fc.property(application, fc.nat(), (value, cut) => {
        const row = encodeRecord(value)
        for (const bad of [row.subarray(0, cut % row.length), Uint8Array.of(...row, 0)]) {
          expect(thrownCode(() => decodeRecord(id, bad))).to.equal('APPLICATION_CORRUPT')
        }
      }),
    )
  })

  it('survives a changed byte with a typed error, or as another valid row', () => {
    fc.assert(
      fc.property(application, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const row = encodeRecord(value)
        const index = at % row.length
        row[index] = (row[index] ?? 0) ^ change
        expect(thrownCode(() => decodeRecord(value.id, row))).to.be.oneOf([
          'APPLICATION_CORRUPT',
          'none',
        ])
      }),
    )
  })

  it('leaves out an interface description that does not fit, and refuses names that do not', () => {
    const [sample] = fc.sample(application, { numRuns: 1, seed: 1 })
    const value = sample as InstalledApplication // one run gives one value
    const huge = 'x'.repeat(MAX_MODULE_INFO_BYTES)
    const row = encodeRecord({ ...value, module: { ...value.module, abi: huge } })
    expect(decodeRecord(value.id, row).module).to.not.have.property('abi')
    const named = { ...value, module: { ...value.module, methods: [huge] } }
    expect(thrownCode(() => encodeRecord(named))).to.equal('APPLICATION_LIMIT')
  })
})

describe('canonical JSON', () => {
  it('is JSON of the same value, the same for every order of members', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, noUnicodeString: false }), (json) => {
        const value = JSON.parse(json) as unknown
        const canonical = canonicalJson(value)
        expect(canonicalJson(JSON.parse(canonical))).to.equal(canonical)
        expect(JSON.stringify(JSON.parse(canonical)).length).to.equal(canonical.length)
      }),
    )
  })
})

describe('bundle reader', () => {
  const BUNDLE_CODES = [
    'none',
    'BUNDLE_INVALID',
    'BUNDLE_TOO_LARGE',
    'BUNDLE_PATH_UNSAFE',
    'BUNDLE_HASH_MISMATCH',
    'BUNDLE_SIGNATURE_INVALID',
  ]

  it('answers random bytes with a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2048 }), async (bytes) => {
        expect(await rejectionCode(readBundle(bytes))).to.equal('BUNDLE_INVALID')
        const inner = await rejectionCode(readBundle(gzipSync(bytes, { level: 0 })))
        expect(inner).to.be.oneOf(BUNDLE_CODES.slice(1))
      }),
    )
  })

  it('answers a changed or truncated archive with a typed error, or reads it', async () => {
    const wasm = wasmModule('fuzzed')
    const tar = await tarArchive([
      ['manifest.json', JSON.stringify(manifestFor(wasm))],
      ['n'.repeat(150), 'long name'],
      ['app.wasm', wasm],
      ['x', 'extended', { pax: { size: '8', comment: 'c' } } as never], // tar-stream writes `pax`, its types miss it
    ])
    const change = fc.tuple(fc.nat(tar.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(tar.length)),
        fc.boolean(),
        async (changes, cut, repair) => {
          const bytes = tar.slice(0, cut ?? tar.length)
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          // with its checksums mended, a changed header gets past the first check
          if (repair) mendChecksums(bytes)
          const code = await rejectionCode(readBundle(gzipSync(bytes, { level: 1 })))
          expect(code).to.be.oneOf(BUNDLE_CODES)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('answers any JSON as manifest with a typed error, or reads it', () => {
    const good = manifestFor(wasmModule())
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(good), 'signature'),
        fc.jsonValue(),
        (key, value) => {
          const code = thrownCode(() =>
            parseManifest(utf8(JSON.stringify({ ...good, [key]: value }))),
          )
          expect(code).to.be.oneOf(BUNDLE_CODES)
        },
      ),
    )
  })
})

/** Writes the right checksum into every block that looks like a header. */
function mendChecksums(tar: Uint8Array): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const block = tar.subarray(at, at + 512)
    if (String.fromCharCode(...block.subarray(257, 262)) !== 'ustar') continue
    block.fill(0x20, 148, 156)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  }
}

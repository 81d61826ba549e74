import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/index.ts'
import { type ApplicationId, BlobId, createNode, type Node, utf8 } from '../../../src/node/index.ts'
import { generateSigningKey, type SigningKey } from '../../../src/node/crypto/sign.ts'
import { concat, toBase58 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { appBundle, manifestFor, signManifest, writeBundle } from '../../support/bundles.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { kvInput, kvWasm } from '../../support/kv-app.ts'
import {
  admit,
  becomes,
  call,
  converged,
  infoOf,
  newContext,
  nodeWorld,
  set,
} from '../../support/real-node.ts'

describe('a node', () => {
  it('starts once, stops once, and is used up then', async () => {
    await using world = await nodeWorld()
    const anchors = [localAnchor({ url: world.chain.url })]
    const network = { listen: ['/ip4/127.0.0.1/tcp/0'] }
    const node = await createNode({ home: world.home('a'), anchors, network })
    expect(node.status).to.equal('stopped')
    await Promise.all([node.start(), node.start()])
    await node.start()
    expect(node.status).to.equal('started')
    expect(node.addresses()).to.have.lengthOf(1)
    const { checks, reasons } = await node.health()
    expect(Object.values(checks)).to.not.include(false)
    expect(reasons).to.deep.equal({})
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    expect(node.status).to.equal('stopped')
    expect(await rejectionCode(node.start())).to.equal('NODE_STOPPED')
    // never started, it can be stopped all the same, and leaves its home to the next
    const unused = await createNode({ home: world.home('a'), anchors, network })
    expect(unused.peerId).to.equal(node.peerId)
    await unused.stop()
    const again = await world.node('a')
    expect(again.peerId).to.equal(node.peerId)
  })

  it('can be stopped while it starts', async () => {
    await using world = await nodeWorld()
    const anchors = [localAnchor({ url: world.chain.url })]
    const network = { listen: ['/ip4/127.0.0.1/tcp/0'] }
    const node = await createNode({ home: world.home('a'), anchors, network })
    const starting = node.start().catch(() => {}) // it may have been too late to start
    await node.stop()
    await starting
    expect(node.status).to.equal('stopped')
    await world.node('a')
  })

  it('loses no call that it answered when it is stopped in the middle of many', async () => {
    await using world = await nodeWorld()
    const node = await world.node('a')
    const { context } = await newContext(node)
    const kept: string[] = []
    const enough = Promise.withResolvers<void>()
    const codes = new Set<string>()
    const calls = Array.from({ length: 300 }, async (_, i) => {
      const key = `k${i}`
      const code = await rejectionCode(
        node.contexts.execute({ context, method: 'set', input: kvInput({ key, value: key }) }),
      )
      codes.add(code)
      if (code === 'none') kept.push(key)
      if (kept.length === 20) enough.resolve()
    })
    await enough.promise
    await node.stop()
    await Promise.all(calls)
    console.log(`      answered ${kept.length} of 300; the others ${[...codes].join(', ')}`)
    const again = await world.node('a')
    const entries = (await call(again, context, 'entries')) as Record<string, string> // our app's answer
    expect(kept.filter((key) => entries[key] !== key)).to.deep.equal([])
  })
})

async function collect(node: Node, id: BlobId): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of await node.blobs.read(id)) pieces.push(piece)
  return concat(...pieces)
}

describe('blobs of a context', () => {
  it('reach its members, and nobody else', async () => {
    await using world = await nodeWorld()
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    const other = await newContext(a)
    await admit(a, c, other.context)
    const bytes = new Uint8Array(3 << 20).map((_, i) => i % 251)
    const { id } = await a.blobs.put(bytes, { context })
    const pieces: Uint8Array[] = []
    for await (const piece of await b.blobs.read(id, { context })) pieces.push(piece)
    expect(Buffer.compare(concat(...pieces), bytes)).to.equal(0)

    // c is a member of another context of the same node: neither name of a context helps it
    expect(await rejectionCode(c.blobs.read(id, { context }))).to.equal('CONTEXT_NOT_FOUND')
    expect(await rejectionCode(c.blobs.read(id, { context: other.context }))).to.equal(
      'BLOB_NOT_FOUND',
    )
    expect(await rejectionCode(c.blobs.read(id))).to.equal('BLOB_NOT_FOUND')
    const missing = BlobId.from(new Uint8Array(32).fill(7))
    expect(await rejectionCode(b.blobs.read(missing, { context }))).to.equal('BLOB_NOT_FOUND')
    // asking made nothing of it readable
    expect(await c.blobs.list()).to.have.lengthOf(1)
  })

  it('are fetched again where they are damaged, while they are read', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    const bytes = new Uint8Array(3 << 20).map((_, i) => (i * 7) % 253)
    const { id } = await a.blobs.put(bytes, { context })
    const read = async (offset: number): Promise<Uint8Array> => {
      const pieces: Uint8Array[] = []
      for await (const piece of await b.blobs.read(id, { context, offset })) pieces.push(piece)
      return concat(...pieces)
    }
    await read(0)
    const folder = join(world.home('b'), 'blobs')
    for (const damage of [rm, (path: string) => writeFile(path, 'something else')]) {
      await damage(join(folder, toBase58(sha256(bytes.subarray(2 << 20)))))
      expect(await rejectionCode(collect(b, id))).to.equal('BLOB_CORRUPT') // nobody to ask
      expect(Buffer.compare(await read(5), bytes.subarray(5))).to.equal(0)
      expect(Buffer.compare(await collect(b, id), bytes)).to.equal(0) // mended on disk
    }
  })

  it('put without a context stay here', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const { context } = await newContext(a)
    await admit(a, b, context)
    const { id } = await a.blobs.put(utf8('mine'))
    expect(await rejectionCode(b.blobs.read(id, { context }))).to.equal('BLOB_NOT_FOUND')
  })
})

describe('another application for a context', () => {
  it('takes over on all nodes, with the state and with what was under way', async () => {
    await using world = await nodeWorld()
    const [a, b] = [await world.node('a'), await world.node('b')]
    const bundle = (appVersion: string): Promise<Uint8Array> =>
      appBundle(kvWasm(), { appVersion, package: 'com.example.kv' })
    const first = await a.applications.installBytes(await bundle('1.0.0'), 'test')
    const { context } = await a.contexts.create({ application: first.id })
    await admit(a, b, context)
    await set(a, context, 'old')
    await converged([a, b], context)

    const second = await a.applications.installBytes(await bundle('2.0.0'), 'test')
    expect(second.id).to.not.deep.equal(first.id)
    // both write all along: some of it is made under the old application and met under the new one
    const writes = Array.from({ length: 30 }, async (_, i) => {
      await set(a, context, `a${i}`)
      await set(b, context, `b${i}`)
    })
    await Promise.all([a.contexts.updateApplication(context, second.id), ...writes])
    await becomes('both run it', async () => {
      const infos = await Promise.all([a, b].map((node) => infoOf(node, context)))
      return infos.every(
        ({ applicationRevision, status }) => applicationRevision === 2n && status === 'ready',
      )
    })
    await set(a, context, 'new-a')
    await set(b, context, 'new-b')
    await converged([a, b], context, { applied: 64 })
    for (const node of [a, b]) {
      const { application, deltas, rootMismatches } = await infoOf(node, context)
      expect(application).to.deep.equal(second.id)
      expect({ ...deltas, rootMismatches }).to.deep.equal({
        applied: 64,
        pending: 0,
        parked: 0,
        quarantined: 0,
        rootMismatches: 0,
      })
      expect(await call(node, context, 'len')).to.equal(63)
    }
    // a late joiner gets history that was made under an application nobody runs any more
    const c = await world.node('c')
    await admit(a, c, context)
    await converged([a, b, c], context, { applied: 64 })
  })

  it('comes from the signer of the one before it, where that was signed', async () => {
    await using world = await nodeWorld()
    const a = await world.node('a')
    const [key, other] = [generateSigningKey(), generateSigningKey()]
    const bundle = (appVersion: string, by?: SigningKey): Promise<Uint8Array> => {
      const manifest = manifestFor(kvWasm(), { appVersion, package: 'com.example.kv' })
      const signed = by === undefined ? manifest : signManifest(manifest, by)
      return writeBundle([
        ['manifest.json', JSON.stringify(signed)],
        ['app.wasm', kvWasm()],
      ])
    }
    const install = async (bytes: Promise<Uint8Array>): Promise<ApplicationId> =>
      (await a.applications.installBytes(await bytes, 'test')).id
    const first = await install(bundle('1', key))
    const { context } = await a.contexts.create({ application: first })
    for (const next of [bundle('2'), bundle('3', other)]) {
      const update = a.contexts.updateApplication(context, await install(next))
      expect(await rejectionCode(update)).to.equal('APPLICATION_SIGNER')
    }
    await a.contexts.updateApplication(context, await install(bundle('4', key)))
  })
})

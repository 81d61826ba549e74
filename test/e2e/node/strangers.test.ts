import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  type Cluster,
  type ClusterNode,
  equalRoots,
  refusalOf,
  type SharedContext,
  shareContext,
  startCluster,
} from '../../../scripts/support/cluster.ts'
import { localAnchor } from '../../../src/chains/local/index.ts'
import { decodeInvitation, encodeInvitation } from '../../../src/node/context/invitation.ts'
import { BlobId, ContextId, createNode, PublicKey } from '../../../src/node/index.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { type Lie, lyingAnchor } from '../../support/lying-anchor.ts'
import { takeMutations } from '../../support/cluster-calls.ts'

describe('a node process that is no member', () => {
  let cluster: Cluster
  let a: ClusterNode
  let b: ClusterNode
  let shared: SharedContext
  let secretBlob: string

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster()
    ;[a, b] = await Promise.all([cluster.node('alice'), cluster.node('bob')])
    shared = await shareContext([a, b])
    const put = await a.client.admin.putBlob(new TextEncoder().encode('secret'), {
      contextId: shared.contextId,
    })
    secretBlob = put.blobId
    await set('secret-1')
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  const set = (key: string): Promise<unknown> =>
    a.client.rpc.execute({
      contextId: shared.contextId,
      method: 'set',
      args: { key, value: 'secret' },
    })

  it('gets nothing with the context’s id, the members’ addresses and another’s invitation', async () => {
    const { contextId } = shared
    const carol = await cluster.node('carol')
    const { admin, rpc } = carol.client
    for (const { process } of [a, b]) {
      expect(await admin.dial([...process.ready.addresses])).to.deep.equal({
        peerId: process.ready.peerId,
      })
    }
    expect(await refusalOf(admin.getBlob(secretBlob, { contextId }))).to.equal('context_not_found')
    expect(await refusalOf(admin.getBlob(secretBlob))).to.equal('blob_not_found')
    expect(await refusalOf(admin.sync(contextId, 2_000))).to.equal('context_not_found')
    expect(await refusalOf(admin.context(contextId))).to.equal('context_not_found')
    expect(await refusalOf(rpc.execute({ contextId, method: 'entries' }))).to.equal(
      'ContextNotFound',
    )
    const { publicKey } = await b.client.admin.createIdentity()
    const others = await a.client.admin.invite({ contextId, invitee: publicKey })
    expect(await refusalOf(admin.join(others ?? ''))).to.equal('identity_unusable')

    // the same ticket with an identity of its own in it
    const own = await admin.createIdentity()
    const forged = encodeInvitation({
      ...decodeInvitation(others ?? ''),
      invitee: PublicKey.parse(own.publicKey),
    })
    expect(await refusalOf(admin.join(forged))).to.equal('not_member')
    expect(await admin.contexts()).to.deep.equal([])
    expect(await admin.blobs()).to.deep.equal([])
  }).timeout(30_000)

  it('gets neither key, delta nor blob when it takes itself for a member', async () => {
    const { contextId } = shared
    const context = ContextId.parse(contextId)
    const lie: Lie = {}
    const home = await mkdtemp(join(tmpdir(), 'merogate-test-'))
    const node = await createNode({
      home,
      anchors: [lyingAnchor(localAnchor({ url: cluster.chainUrl }), lie)],
      network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    })
    try {
      await node.start()
      lie.member = await node.identities.create()
      const { publicKey } = await b.client.admin.createIdentity()
      const others = await a.client.admin.invite({ contextId, invitee: publicKey })
      const forged = { ...decodeInvitation(others ?? ''), invitee: lie.member }
      // its own anchor lets it: from here on it knows the topic and asks as a member would
      await node.contexts.join(encodeInvitation(forged))
      for (const { process } of [a, b]) await node.peers.dial(process.ready.addresses)
      expect(await node.contexts.sync(context)).to.deep.equal({ peers: 0 })
      const blob = BlobId.parse(secretBlob)
      expect(await rejectionCode(node.blobs.read(blob, { context }))).to.equal('BLOB_NOT_FOUND')

      // what is written while it listens passes it by
      const events = takeMutations(b.client, contextId, { since: 1, until: 51 })
      for (let i = 0; i < 50; i++) await set(`while-${i}`)
      await events
      await equalRoots([a, b], contextId)
      expect(await node.contexts.sync(context)).to.deep.equal({ peers: 0 })
      const info = await node.contexts.get(context)
      expect(info?.status).to.equal('uninitialized')
      expect(info?.deltas).to.deep.equal({ applied: 0, pending: 0, parked: 0, quarantined: 0 })
      expect(await node.blobs.list()).to.deep.equal([])
      expect(await node.contexts.storageSize(context)).to.equal(0)
      expect(
        await rejectionCode(
          node.contexts.execute({ context, method: 'entries', input: new Uint8Array() }),
        ),
      ).to.equal('CONTEXT_UNINITIALIZED')
    } finally {
      await node.stop()
      await rm(home, { recursive: true })
    }
  }).timeout(30_000)
})

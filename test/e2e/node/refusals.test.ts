import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { U32LE } from 'micro-packed'
import { type Cluster, type ClusterNode, startCluster } from '../../../scripts/support/cluster.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { globalKey, SCHEMA_VERSION } from '../../../src/node/store/keys.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { runCli } from '../../support/cli.ts'

describe('a node process that cannot start', () => {
  let cluster: Cluster
  let alice: ClusterNode

  before(async function () {
    this.timeout(60_000)
    cluster = await startCluster()
    alice = await cluster.node('alice')
  })
  after(function () {
    this.timeout(30_000)
    return cluster.stop()
  })

  async function codeOfRun(name: string, ...args: string[]): Promise<string | undefined> {
    const { code, err } = await runCli([
      ...['--home', cluster.folder, '--node', name, '--output-format', 'json'],
      ...['node', 'run', '--create', ...args],
    ])
    expect(code, err).to.equal(1)
    return /"code":"([A-Z_]+)"/.exec(err)?.[1]
  }
  const listens = (swarm: string): string[] => [
    '--set',
    `anchor.local.url=${cluster.chainUrl}`,
    `swarm.listen=${swarm}`,
    'log.level=silent',
  ]
  const anywhere = '/ip4/127.0.0.1/tcp/0'

  it('says so when another one serves at its port', async () => {
    const { port } = new URL(alice.process.ready.api)
    expect(await codeOfRun('bob', '--server-port', port, ...listens(anywhere))).to.equal(
      'SERVER_PORT_IN_USE',
    )
  })

  it('says so when another one listens at its swarm address', async () => {
    const taken = alice.process.ready.addresses[0]?.replace(/\/p2p\/.*/, '') ?? ''
    expect(await codeOfRun('carol', '--server-port', '0', ...listens(taken))).to.equal(
      'NETWORK_ADDRESS_IN_USE',
    )
  })

  it('says so when another one uses its home', async () => {
    expect(await codeOfRun('alice', '--server-port', '0', ...listens(anywhere))).to.equal(
      'STORE_LOCKED',
    )
  })

  it('leaves a database alone that a newer version wrote', async () => {
    const erin = await cluster.node('erin')
    await erin.process.stop()
    await cp(join(cluster.folder, 'erin'), join(cluster.folder, 'frank'), { recursive: true })
    const store = await openLevelStore(join(cluster.folder, 'frank', 'data'), {
      clock: systemClock,
    })
    const value = U32LE.encode(SCHEMA_VERSION + 98)
    await store.batch([{ type: 'put', key: globalKey('version'), value }])
    await store.close()
    expect(await codeOfRun('frank', '--server-port', '0', ...listens(anywhere))).to.equal(
      'STORE_TOO_NEW',
    )
  })
}).timeout(30_000)

/** `merogate peers`: who a node is connected to. */
import type { Command } from 'commander'
import type { Peer } from '../../client/index.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

export function peersCommand(program: Command): void {
  const peers = program.command('peers').description('list connected peers')
  peers.action(
    action(async ({ output, client }) => {
      const answer = await (await client()).admin.peers()
      const columns = {
        PEER: (row: Peer) => row.id,
        DIRECTION: (row: Peer) => row.direction,
        ADDRESSES: (row: Peer) => row.addresses.join(' '),
      }
      const self = `this node: ${[answer.self.id, ...answer.self.addresses].join('\n  ')}`
      const text = table(answer.peers, columns, 'no peers')
      output.result(answer, `${self}\npeers: ${answer.count}\n${text}`)
    }),
  )
  peers
    .command('dial <addresses...>')
    .description('connect to a peer at its multiaddrs')
    .action(
      action(async ({ output, client }, ...received) => {
        const addresses = received.flat() // a variadic argument comes as one array
        output.result(await (await client()).admin.dial(addresses))
      }),
    )
}

/** The root key that an endpoint speaks of. */
import { systemClock } from '../../../node/primitives/clock.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import { IC_ROOT_KEY } from '../constants.ts'
import { ask } from '../rpc/asked.ts'
import { IcpClient } from '../rpc/agent.ts'

/** DER; undefined where the endpoint keeps it to itself. It is its word alone: whoever believes it has to trust it. @throws ANCHOR_UNREACHABLE (transport) */
export async function readRootKey(url: string): Promise<Uint8Array | undefined> {
  // nothing that is certified is asked
  const client = new IcpClient({ url, rootKey: fromHex(IC_ROOT_KEY), clock: systemClock })
  try {
    return (await ask(client, 'status', {})).rootKey
  } finally {
    client.close()
  }
}

/** The two libraries that speak to the chain, as one: what tests use of them is the same in both. */
import * as agent from '@dfinity/agent'
import * as candid from '@dfinity/candid'
import * as identity from '@dfinity/identity'
import * as principal from '@dfinity/principal'
import * as sdkAgent from '@icp-sdk/core/agent'
import * as sdkCandid from '@icp-sdk/core/candid'
import * as sdkIdentity from '@icp-sdk/core/identity'
import * as sdkPrincipal from '@icp-sdk/core/principal'

export interface IcpClient {
  readonly name: string
  readonly agent: Pick<typeof agent, 'Actor' | 'HttpAgent' | 'pollForResponse'>
  readonly candid: Pick<typeof candid, 'IDL'>
  readonly identity: Pick<
    typeof identity,
    'DelegationChain' | 'DelegationIdentity' | 'ECDSAKeyIdentity' | 'Ed25519KeyIdentity'
  >
  readonly principal: Pick<typeof principal, 'Principal'>
}

export const CLIENTS: readonly IcpClient[] = [
  { name: '@dfinity/agent 3.4', agent, candid, identity, principal },
  {
    name: '@icp-sdk/core 6.1',
    // the successor of the first: classes of their own with the same members
    agent: sdkAgent as unknown as IcpClient['agent'],
    candid: sdkCandid as unknown as IcpClient['candid'],
    identity: sdkIdentity as unknown as IcpClient['identity'],
    principal: sdkPrincipal as unknown as IcpClient['principal'],
  },
]

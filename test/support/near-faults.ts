/** What the tests of faults on NEAR have in common: a chain put back for each, endpoints that misbehave, and services over them. */
import type { NearService, NearServiceInit } from '../../src/chains/near/service.ts'
import type { Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { sign } from '../compliance/anchor-support.ts'
import { ChainFaults } from './chain-faults.ts'
import type { Asked, Rule } from './faulty-rpc.ts'
import { type NearTestChain, openService, startNearTestChain } from './near.ts'

/** How transactions are sent. */
export const SENDING = 'send_tx'

type Init = Partial<NearServiceInit> & { readonly key?: string | undefined }

export class NearFaults extends ChainFaults<NearTestChain, NearService, Init> {
  protected start(): Promise<NearTestChain> {
    return startNearTestChain()
  }

  protected openOver(rpcUrls: readonly string[], init: Init): NearService {
    return openService({ deployment: this.chain.deployment, rpcUrls }, init)
  }

  protected async setInstant(): Promise<void> {
    await this.chain.devnet.setBlocks('instant')
  }

  /** An operation of A's, signed for the contract as it stands. */
  async envelope(service: NearService, operation: Operation): Promise<SignedEnvelope> {
    const { value } = await service.readStanding(this.group, this.a.publicKey, {
      finality: 'optimistic',
    })
    const validUntil = BigInt(Math.floor(Date.now() / 1000)) + 600n
    const domain = await service.readDomain()
    const fields = { domain, subject: this.group, nonce: value.nonce, validUntil }
    return sign(this.a, operation, fields)
  }

  /** Transactions that an account's key has signed and that lie in blocks. */
  async used(index: number = 2): Promise<bigint> {
    const account = this.chain.devnet.accounts[index]
    const nonce = async (): Promise<bigint> => {
      const answer = (await this.chain.devnet.send('query', {
        request_type: 'view_access_key',
        ...{ finality: 'optimistic', account_id: account?.accountId },
        public_key: account?.publicKey,
      })) as { nonce: number } // of our own chain
      return BigInt(answer.nonce)
    }
    return nonce()
  }
}

/** Whether a question is a look for a transaction. */
export function isLook({ method }: Asked): boolean {
  return method === 'tx'
}

/** Takes so many transactions, says yes, and forgets them. */
export function swallow(times: number): Rule {
  return {
    method: SENDING,
    times,
    fault: { kind: 'answer', make: () => ({ final_execution_status: 'NONE' }) },
  }
}

/** Deploying, on any chain: a contract is made once, however often it is asked for, and what is there already is left alone. */
import type { MerogateError } from '../../node/errors.ts'
import type { DeployedContract } from './deployment.ts'
import type { Mined, OnSigned, Refused, Sent } from './delivery.ts'
import { chainError } from './errors.ts'

/** A contract that is to be there. */
export interface NamedContract {
  readonly name: string
  readonly address: string
}

/** Who is told what happens to contracts. */
export interface DeployEvents<C extends NamedContract> {
  /** Told the name of every transaction that is signed to make a contract, before it is sent. */
  readonly onSigned?: ((contract: C, transaction: string) => void) | undefined
  /** Told of a contract: where its transaction lies, or undefined when the contract was there before. */
  readonly onContract?: ((contract: C, mined: Mined | undefined) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** How a contract is made. */
export interface Making {
  send(onSigned: OnSigned): Promise<Sent | Refused>
  /** Whether it is there. */
  isThere(): Promise<boolean>
  /** Whether an error of sending leaves open that somebody else made it. */
  isOpen(error: unknown): boolean
}

/** Makes a contract; undefined when somebody else was faster, which is as good. @throws CHAIN_DEPLOY (chain), and what sending throws */
export async function makeContract<C extends NamedContract>(
  chain: string,
  contract: C,
  { send, isThere, isOpen }: Making,
  onSigned?: DeployEvents<C>['onSigned'],
): Promise<Sent | undefined> {
  let transaction: string | undefined
  let cause: unknown
  try {
    const sent = await send((name) => {
      transaction = name
      onSigned?.(contract, name)
    })
    if (!('refusal' in sent) && sent.succeeded) return sent
    if ('failure' in sent) cause = new Error(sent.failure)
  } catch (error) {
    if (!isOpen(error)) throw error
    cause = error
  }
  if (await isThere()) return undefined
  throw notMade(chain, contract, transaction, cause)
}

/** A transaction lies on the chain, and the contract does not. */
export function notMade(
  chain: string,
  { name, address }: NamedContract,
  transaction: string | undefined,
  cause?: unknown,
): MerogateError {
  return chainError(
    chain,
    'CHAIN_DEPLOY',
    `${transaction === undefined ? 'a transaction' : `the transaction ${transaction}`} made no ${name} at ${address}: repeating the deployment is safe`,
    { contract: name, address, ...(transaction === undefined ? {} : { transaction }) },
    { cause },
  )
}

/** What a deployment file says of a contract. */
export function deployed(
  contract: Pick<DeployedContract, 'address' | 'codeHash'>,
  final: Mined | undefined,
): DeployedContract {
  return {
    ...contract,
    ...(final === undefined ? {} : { transaction: final.transaction, height: Number(final.block) }),
  }
}

/** The deterministic deployer: a contract without owner that makes other contracts, and how it comes to a chain that lacks it. */
import { keccak256 } from 'ethers'
import { DEPLOYER } from '../constants.ts'
import { ethereumError } from '../errors.ts'
import { readBalance } from '../rpc/head.ts'
import { readPresentFees } from '../send/fees.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import type { TransactionSender } from '../send/sender.ts'

/** Whether there is code at an address. */
export async function hasCode(
  rpc: Endpoints,
  address: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await rpc.send('eth_getCode', [address, 'latest'], signal)) !== '0x'
}

/** Wei that the account of the keyless transaction still needs before it can be sent. */
export async function readMissingFunding(rpc: Endpoints, signal?: AbortSignal): Promise<bigint> {
  const balance = await rpc.run((endpoint) => readBalance(endpoint, DEPLOYER.maker), signal)
  return balance >= DEPLOYER.funding ? 0n : DEPLOYER.funding - balance
}

/**
 * Puts the deployer on a chain that does not have it: funds the account of its keyless transaction, then sends that.
 * @throws CHAIN_FEE (limit), CHAIN_DEPLOY (chain), and what sending throws
 */
export async function ensureDeployer(
  rpc: Endpoints,
  sender: TransactionSender,
  signal?: AbortSignal,
): Promise<void> {
  if (await hasCode(rpc, DEPLOYER.address, signal)) return
  const { baseFee } = await rpc.run(readPresentFees, signal)
  if (baseFee > DEPLOYER.gasPrice) {
    throw ethereumError(
      'CHAIN_FEE',
      `the chain asks for ${baseFee} wei per gas, and the transaction that makes the deployer offers ${DEPLOYER.gasPrice} for ever: wait`,
      { asked: String(baseFee), max: String(DEPLOYER.gasPrice) },
    )
  }
  const value = await readMissingFunding(rpc, signal)
  if (value > 0n) await sender.send({ to: DEPLOYER.maker, data: '0x', value }, undefined, signal)
  const hash = keccak256(DEPLOYER.transaction)
  try {
    await rpc.send('eth_sendRawTransaction', [DEPLOYER.transaction], signal)
  } catch (cause) {
    // an earlier attempt may have sent it
    if ((await rpc.send('eth_getTransactionByHash', [hash], signal)) === null) {
      throw ethereumError(
        'CHAIN_DEPLOY',
        `no endpoint takes the transaction that makes the deployer, which has no replay protection on purpose: try again with another endpoint; what ${DEPLOYER.maker} was sent is still there`,
        { transaction: hash, maker: DEPLOYER.maker },
        { cause },
      )
    }
  }
  await sender.until(() => hasCode(rpc, DEPLOYER.address, signal), signal)
}

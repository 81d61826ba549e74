/**
 * The contracts on a local Stellar network, to be measured: instructions and written entries that transactions declare, and what was paid for them, rent
 * included.
 */
import { rpc, xdr } from '@stellar/stellar-sdk'
import { stellarAnchor } from '../../src/chains/stellar/index.ts'
import { stellarRpc } from '../../src/chains/stellar/rpc/rpc.ts'
import { simulate } from '../../src/chains/stellar/rpc/simulate.ts'
import { invoke } from '../../src/chains/stellar/xdr/operations.ts'
import type { Argument } from '../../src/chains/stellar/xdr/values.ts'
import { startStellarChain } from '../../src/cli/chains/stellar/local-chain.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { MeasuredChain } from './measured-chain.ts'

const MEGA = 1e6
/** Stroops of an XLM. */
const XLM = 1e7
const PAGE = 100

export async function stellar(): Promise<MeasuredChain> {
  const { devnet, deployment } = await startStellarChain(0)
  const address = deployment.contracts.contexts.address
  const [, payer = devnet.accounts[0]] = devnet.accounts
  const [clock, logger] = [systemClock, silentLogger]
  const anchor = stellarAnchor({
    rpcUrls: [devnet.url],
    deployment,
    key: { env: 'KEY', from: { KEY: payer.secret } },
  })({ clock, random: systemRandom, logger })
  await anchor.start()
  const server = new rpc.Server(devnet.url, { allowHttp: true })
  const endpoints = stellarRpc({
    ...{ urls: [devnet.url], passphrase: devnet.networkPassphrase, clock, logger },
  })
  const costOfView = async (
    view: string,
    ...args: readonly Argument[]
  ): Promise<Record<string, number>> => {
    const call = invoke(address, view, args)
    const told = await endpoints.run((endpoint) => simulate(endpoint, call))
    if ('reason' in told) throw new TypeError(`${view}: ${told.reason}`)
    const data = told.prepared.resources?.data ?? ''
    const { resources } = xdr.SorobanTransactionData.fromXdr(data, 'base64')
    return { Minstructions: resources.instructions / MEGA }
  }
  let before = 0
  return {
    name: 'stellar',
    anchor,
    async begin() {
      before = await devnet.sequence()
    },
    // of all transactions: sixteen removals are two
    async costOf() {
      const { transactions } = await server.getTransactions({ startLedger: before + 1 })
      before = await devnet.sequence()
      const costs = transactions.map(({ envelopeXdr, resultXdr }) => {
        const { resources } = sorobanData(envelopeXdr)
        return [resources.instructions, resources.footprint.readWrite.length, resultXdr.feeCharged]
      })
      const sum = (at: number): number => costs.reduce((all, cost) => all + Number(cost[at]), 0)
      return { Minstructions: sum(0) / MEGA, writes: sum(1), XLM: sum(2) / XLM }
    },
    views: (group, member) => ({
      'has-member': () => costOfView('member', group, member),
      'page-100': () => costOfView('members', group, 0, PAGE),
    }),
    async stop() {
      endpoints.stop()
      await anchor.stop()
      await devnet.stop()
    },
  }
}

/** What a transaction that calls a contract declares. */
function sorobanData(envelope: xdr.TransactionEnvelope): xdr.SorobanTransactionData {
  const signed =
    envelope.type === 'envelopeTypeTxFeeBump' ? envelope.value.tx.innerTx.value : envelope.value
  const { ext } = (signed as xdr.TransactionV1Envelope).tx // nobody makes older ones any more
  if (ext.type !== 'sorobanData') throw new TypeError('expected a call of a contract')
  return ext.value
}

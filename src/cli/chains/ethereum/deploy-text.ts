/** What `merogate chain deploy` tells people of contracts on Ethereum. */
import type { Deployment } from '../../../chains/ethereum/index.ts'
import { DEPLOYER, networkName } from '../../../chains/ethereum/constants.ts'
import type { Quote, QuotedContract } from '../../../chains/ethereum/deploy/quote.ts'
import { ether, gwei } from '../../../chains/ethereum/deploy/units.ts'
import type { DeployPlan } from '../chain.ts'

/** A row of the table: a contract, or what has to be done before. */
interface Row {
  readonly name: string
  readonly address: string
  readonly state: string
  readonly gas: bigint
  /** Wei that is handed over beside the fee. */
  readonly value: bigint
}

/** The plan: what is there, what is to be made, and what it costs. */
export function quoteLines(
  quote: Quote & { readonly network: string; readonly chainId: number },
): Pick<DeployPlan, 'head' | 'rows' | 'tail'> {
  const { network, chainId, contracts, fees, maxFeePerGas } = quote
  const price = fees.baseFee + fees.tip
  const cost = ({ gas, value }: Row, fee: bigint): string =>
    gas + value === 0n ? '' : ether(gas * fee + value)
  return {
    head: [
      `network  ${network}, chain ${chainId}`,
      `fee      ${gwei(price)} per gas now, ceiling ${gwei(maxFeePerGas)}`,
    ],
    rows: [...deployerRows(quote), ...contracts.map(rowOf)].map((row) => ({
      CONTRACT: row.name,
      ADDRESS: row.address,
      STATE: row.state,
      GAS: row.gas === 0n ? '' : String(row.gas),
      NOW: cost(row, price),
      'AT MOST': cost(row, maxFeePerGas),
    })),
    tail: sumLines(quote),
  }
}

function sumLines(quote: Quote): string[] {
  const { fees, maxFeePerGas, totalGas, totalCost, ceilingCost } = quote
  if (totalGas === 0n) return ['everything is there: nothing to pay']
  return [
    ...(quote.estimate === 'plain'
      ? [
          'gas is that of plain creations: the chain lacks the deployer, which adds less than 3 percent',
        ]
      : []),
    ...(fees.baseFee + fees.tip > maxFeePerGas
      ? ['the fee is above the ceiling: nothing can be sent now']
      : []),
    `total    ${totalGas} gas, ${ether(totalCost)} now, ${ether(ceilingCost)} at most`,
    ...accountLines(quote),
  ]
}

function rowOf({ name, address, isPresent, gas }: QuotedContract): Row {
  return { name, address, state: isPresent ? 'is there' : 'to be made', gas, value: 0n }
}

function deployerRows({ deployer, totalGas }: Quote): Row[] {
  if (deployer === undefined || totalGas === 0n) return []
  return [{ name: 'deployer', address: DEPLOYER.address, state: 'to be made', ...deployer }]
}

function accountLines({ account, needed }: Quote): string[] {
  if (account === undefined) return [`needs    ${ether(needed)} on the account that pays`]
  const { address, balance } = account
  const isEnough = balance >= needed
  return [
    `account  ${address} has ${ether(balance)}, needs ${ether(needed)}: ${isEnough ? 'enough' : `send it ${ether(needed - balance)} or more`}`,
  ]
}

/** Addresses of block explorers, for links. */
const EXPLORERS: Readonly<Record<string, string>> = {
  mainnet: 'https://etherscan.io',
  sepolia: 'https://sepolia.etherscan.io',
  holesky: 'https://holesky.etherscan.io',
  hoodi: 'https://hoodi.etherscan.io',
}

/** What to do so that a block explorer shows the sources. */
export function verificationText({ chainId, contracts, verification }: Deployment): string {
  const explorer = EXPLORERS[networkName(chainId)]
  const link = (address: string): string =>
    explorer === undefined ? address : `${explorer}/address/${address}#code`
  const { compiler, constructorArguments = {} } = verification ?? {}
  const addresses: Readonly<Record<string, string | undefined>> = {
    IdentityRegistry: contracts.identityRegistry.address,
    ContextAnchor: contracts.contextAnchor.address,
    PackageRegistry: contracts.packageRegistry?.address,
  }
  const each = Object.entries(constructorArguments).map(([contract, args]) => {
    const given = args === '0x' ? 'none' : args.slice(2)
    return `  ${contract}  ${link(addresses[contract] ?? '')}\n    constructor arguments: ${given}`
  })
  return [
    '',
    'let a block explorer show the sources, from a checkout of this release:',
    '  node scripts/build-contracts.ts --standard-json FOLDER',
    `then choose "Standard JSON input", compiler v${compiler}, and FOLDER/<contract>.json for each of`,
    ...each,
  ].join('\n')
}

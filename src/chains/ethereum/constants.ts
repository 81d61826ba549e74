/** Facts of Ethereum that the adapter builds on. */

/** Chain number in domains (contracts/interface.json). */
export const EVM_CHAIN = 3

/**
 * The deterministic deployment proxy: a contract without owner that sits at this address on most chains and creates what it is sent
 * (github.com/Arachnid/deterministic-deployment-proxy). With it the contracts have the same addresses everywhere.
 */
export const DEPLOYER = {
  address: '0x4e59b44847b379578588920cA78FbF26c0B4956C',
  /** Account of the keyless transaction that made it; needs `funding` wei before the transaction is sent. */
  maker: '0x3fAB184622Dc19b6109349B94811493BF2a45362',
  /** 100 000 gas at 100 gwei, in wei. What it does not use stays on that account for ever. */
  funding: 10_000_000_000_000_000n,
  /** What its transaction offers per gas, wei: while the base fee is higher, no block takes it. */
  gasPrice: 100_000_000_000n,
  transaction:
    '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222',
} as const

/** Networks by the names that people use. */
export const NETWORKS: Readonly<Record<string, { readonly chainId: number }>> = {
  mainnet: { chainId: 1 },
  sepolia: { chainId: 11_155_111 },
  holesky: { chainId: 17_000 },
  hoodi: { chainId: 560_048 },
  local: { chainId: 31_337 },
}

/** The name that people use for a chain; `chain-<id>` when they have none. */
export function networkName(chainId: number): string {
  const known = Object.entries(NETWORKS).find(([, network]) => network.chainId === chainId)
  return known?.[0] ?? `chain-${chainId}`
}

/** Version of the contracts, as their EIP-712 domains have it (`version` of contracts/interface.json). */
export const CONTRACT_VERSION = '2'

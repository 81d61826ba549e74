/** Which contracts there are to be, and where: the addresses follow from their code alone, so that they are the same on every chain. */
import { AbiCoder, concat, getCreate2Address, keccak256, toBeHex, ZeroAddress } from 'ethers'
import { artifact, CONTRACT_NAMES, type ContractName } from '../contracts/artifacts.ts'
import { DEPLOYER } from '../constants.ts'
import type { Call } from '../send/offer.ts'

/** A contract that is to be there. */
export interface PlannedContract {
  readonly name: ContractName
  readonly address: string
  /** ABI-encoded, hexadecimal with 0x. */
  readonly constructorArguments: string
  /** Creation code with the arguments. */
  readonly code: string
}

const SALT = toBeHex(0, 32)

function planned(name: ContractName, constructorArguments: string): PlannedContract {
  const code = concat([artifact(name).bytecode, constructorArguments])
  const address = getCreate2Address(DEPLOYER.address, SALT, keccak256(code))
  return { name, address, constructorArguments, code }
}

/** All contracts with their addresses, in the order they are made; that of contexts takes groups over from `predecessor`, where there is one. */
export function planDeployment(predecessor?: string): readonly PlannedContract[] {
  const [first, ...others] = CONTRACT_NAMES
  const registry = planned(first, '0x')
  return [
    registry,
    ...others.map((name) =>
      planned(name, constructorArguments(name, registry.address, predecessor)),
    ),
  ]
}

/** What a contract is told when it is made: the registry, and the contract of contexts whose groups may move to it. */
export function constructorArguments(
  name: ContractName,
  registry: string,
  predecessor: string = ZeroAddress,
): string {
  if (name === 'IdentityRegistry') return '0x'
  const told = name === 'ContextAnchor' ? [registry, predecessor] : [registry]
  return AbiCoder.defaultAbiCoder().encode(
    told.map(() => 'address'),
    told,
  )
}

/** The transaction that makes a contract. */
export function creationOf(contract: PlannedContract): Call {
  return { to: DEPLOYER.address, data: concat([SALT, contract.code]) }
}

/** Version of the compiler, as block explorers list it. */
export function compilerVersion(): string {
  const { metadata } = artifact(CONTRACT_NAMES[0])
  const { compiler } = JSON.parse(metadata) as { compiler: { version: string } } // the compiler's own format
  return compiler.version
}

/** What transactions do. */
import { Address, Asset, hash, Operation, xdr } from '@stellar/stellar-sdk'
import { utf8 } from '../../../node/primitives/bytes.ts'
import { type Argument, contractText, toValue } from './values.ts'

/** One operation. */
export type Call = xdr.Operation

/** Calls a contract, `C...`. */
export function invoke(contract: string, method: string, args: readonly Argument[]): Call {
  return Operation.invokeContractFunction({ contract, function: method, args: args.map(toValue) })
}

/** Puts code on the chain. */
export function uploadCode(wasm: Uint8Array): Call {
  return Operation.uploadContractWasm({ wasm })
}

/** From what a contract's address follows. */
export interface ContractPlace {
  /** `G...`. */
  readonly deployer: string
  /** 32 bytes. */
  readonly salt: Uint8Array
}

/** Makes a contract of code that is there, by its SHA-256. */
export function createContract({ deployer, salt }: ContractPlace, codeHash: Uint8Array): Call {
  const address = Address.fromString(deployer)
  return Operation.createCustomContract({ address, wasmHash: codeHash, salt })
}

/** Address of a contract that a deployer makes. */
export function contractAddress(passphrase: string, { deployer, salt }: ContractPlace): string {
  const preimage = xdr.HashIdPreimage.envelopeTypeContractId(
    new xdr.HashIdPreimageContractId({
      networkId: hash(utf8(passphrase)),
      contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAddress(
        new xdr.ContractIdPreimageFromAddress({
          address: Address.fromString(deployer).toScAddress(),
          salt,
        }),
      ),
    }),
  )
  return contractText(hash(preimage.toXdr()))
}

/** Makes an account, with stroops of who sends it. */
export function createAccount(destination: string, stroops: bigint): Call {
  return Operation.createAccount({ destination, startingBalance: decimal(stroops) })
}

/** Gives an account stroops. */
export function pay(destination: string, stroops: bigint): Call {
  return Operation.payment({ destination, asset: Asset.native(), amount: decimal(stroops) })
}

/** XLM with all digits, as the SDK takes them. */
function decimal(stroops: bigint): string {
  const digits = stroops.toString().padStart(8, '0')
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`
}

/** Tells operations apart by what they do. */
export function wishOf(call: Call): string {
  return call.toXdr('base64')
}

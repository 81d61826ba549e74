/** Runs one function of the host, which is what a transaction with contracts asks for. */
import type { xdr } from '@stellar/stellar-sdk'
import { runAssetContract } from '../asset/contract.ts'
import { type AuthMode, Authorization } from '../auth/authorization.ts'
import type { Budget } from '../budget/budget.ts'
import { XdrReader } from '../codec/xdr.ts'
import type { LedgerInfo, Storage } from '../storage/storage.ts'
import { type Address, readAddress } from '../value/address.ts'
import { HostError, hostError } from '../value/errors.ts'
import type { Val } from '../value/word.ts'
import { checkImports, runContract } from '../vm/run.ts'
import { readCreation } from './creation.ts'
import { Host, type Programs } from './host.ts'
import { createContract, uploadCode } from './lifecycle.ts'

const PROGRAMS: Programs = {
  wasm: runContract,
  asset: runAssetContract,
  link: checkImports,
}

/** Decoding a call, encoding what it gives, instructions. */
const ENVELOPE = 20_000

export interface Invocation {
  readonly call: xdr.HostFunction
  readonly source: Address
  readonly storage: Storage
  readonly info: LedgerInfo
  readonly budget: Budget
  readonly auth: AuthMode
  readonly seed: Uint8Array
}

export interface InvocationOutcome {
  readonly host: Host
  readonly auth: Authorization
  /** XDR of what was returned, or why it failed. */
  readonly result: Uint8Array | HostError
}

export function invoke(invocation: Invocation): InvocationOutcome {
  const { call, auth: mode, budget } = invocation
  let auth: Authorization | undefined
  const host = new Host({
    ...invocation,
    programs: PROGRAMS,
    authorizer: (one) => (auth = new Authorization(one, mode)),
  })
  // made by the constructor
  const made = auth as unknown as Authorization
  try {
    budget.work(ENVELOPE)
    host.storage.begin()
    const value = host.top(() => {
      made.begin()
      return runFunction(host, call)
    })
    const result = host.toXdr(value)
    host.storage.settle()
    return { host, auth: made, result }
  } catch (error) {
    if (error instanceof HostError) return { host, auth: made, result: error }
    throw error
  }
}

function runFunction(host: Host, call: xdr.HostFunction): Val {
  const { objects } = host
  switch (call.type) {
    case 'hostFunctionTypeInvokeContract': {
      const { contractAddress, functionName, args } = call.value
      const contract = readAddress(new XdrReader(contractAddress.toXdr()))
      const values = args.map((one) => host.fromXdr(one.toXdr()))
      return host.call(contract, functionName.toString(), values)
    }
    case 'hostFunctionTypeUploadContractWasm':
      return objects.newBytes(uploadCode(host, call.value))
    case 'hostFunctionTypeCreateContract': {
      const creation = readCreation(new XdrReader(call.value.toXdr()), false)
      return objects.newAddress(createContract(host, creation, []))
    }
    case 'hostFunctionTypeCreateContractV2': {
      const creation = readCreation(new XdrReader(call.value.toXdr()), true)
      const args = creation.args.map((one) => host.fromXdr(one))
      return objects.newAddress(createContract(host, creation, args))
    }
    default:
      throw hostError('Value', 'InvalidInput', 'unknown host function')
  }
}

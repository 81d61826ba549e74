/** A local Stellar network with a client of its SDK, and what is done to contracts on it. */
import {
  Account,
  Address,
  BASE_FEE,
  Keypair,
  nativeToScVal,
  Operation,
  rpc,
  scValToNative,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import {
  type StellarDevnet,
  type StellarDevnetInit,
  startStellarDevnet,
} from '../../src/devnet/stellar/index.ts'

/** An answer about a transaction that is over. */
export type Done = rpc.Api.GetSuccessfulTransactionResponse | rpc.Api.GetFailedTransactionResponse

export interface StellarWorld extends AsyncDisposable {
  readonly chain: StellarDevnet
  readonly server: rpc.Server
  /** Of the account that is there from the beginning. */
  readonly keys: Keypair
  /** With the sequence number that is next. */
  build(operation: xdr.Operation, options?: BuildOptions): Promise<Transaction>
  /** Simulated, assembled and signed. */
  prepare(operation: xdr.Operation, options?: BuildOptions): Promise<Transaction>
  /** Sends it and waits for its ledger. */
  send(tx: Transaction): Promise<Done>
  /** Prepares and sends, whatever comes of it. */
  run(operation: xdr.Operation, options?: BuildOptions): Promise<Done>
  /** Sends what needs no simulation. */
  classic(operation: xdr.Operation, options?: BuildOptions): Promise<Done>
  /** @returns hash of the module */
  upload(wasm: Uint8Array): Promise<Buffer>
  /** @returns `C...` */
  deploy(wasm: Uint8Array, args?: readonly xdr.ScVal[]): Promise<string>
  /** Calls and gives what was returned, as a native value; throws where it fails. */
  call(contract: string, method: string, ...args: readonly xdr.ScVal[]): Promise<unknown>
  simulate(
    operation: xdr.Operation,
    options?: BuildOptions,
  ): Promise<rpc.Api.SimulateTransactionResponse>
  /** Another account with coins. */
  account(): Promise<Keypair>
}

export interface BuildOptions {
  readonly keys?: Keypair
  readonly fee?: string
  readonly timeout?: number
}

export async function openStellar(init: StellarDevnetInit = {}): Promise<StellarWorld> {
  const chain = await startStellarDevnet({ port: 0, ...init })
  const server = new rpc.Server(chain.url, { allowHttp: true })
  const keys = Keypair.fromSecret(chain.accounts[0].secret)
  return worldOf(chain, server, keys)
}

function worldOf(chain: StellarDevnet, server: rpc.Server, keys: Keypair): StellarWorld {
  const builder = async (by: Keypair, fee: string): Promise<TransactionBuilder> => {
    const account = await server.getAccount(by.publicKey())
    return new TransactionBuilder(new Account(account.accountId(), account.sequenceNumber()), {
      fee,
      networkPassphrase: chain.networkPassphrase,
    })
  }
  const world: StellarWorld = {
    chain,
    server,
    keys,
    async build(operation, { keys: by = keys, fee = BASE_FEE, timeout = 0 } = {}) {
      return (await builder(by, fee)).addOperation(operation).setTimeout(timeout).build()
    },
    async prepare(operation, options = {}) {
      const tx = await server.prepareTransaction(await world.build(operation, options))
      tx.sign(options.keys ?? keys)
      return tx
    },
    async send(tx) {
      const sent = await server.sendTransaction(tx)
      if (sent.status !== 'PENDING') {
        throw new Error(`${sent.status} ${sent.errorResult?.result.type ?? ''}`)
      }
      const done = await server.getTransaction(sent.hash)
      if (done.status === rpc.Api.GetTransactionStatus.NOT_FOUND) throw new Error('NOT_FOUND')
      return done
    },
    run: async (operation, options) => world.send(await world.prepare(operation, options)),
    async classic(operation, options = {}) {
      const tx = await world.build(operation, options)
      tx.sign(options.keys ?? keys)
      return world.send(tx)
    },
    async upload(wasm) {
      const done = await world.run(Operation.uploadContractWasm({ wasm }))
      return Buffer.from(valueOf(done) as Uint8Array)
    },
    async deploy(wasm, args = []) {
      const wasmHash = await world.upload(wasm)
      const address = Address.fromString(keys.publicKey())
      const salt = Keypair.random().rawPublicKey()
      const create = { address, wasmHash, salt, constructorArgs: [...args] }
      return valueOf(await world.run(Operation.createCustomContract(create))) as string
    },
    async call(contract, method, ...args) {
      return valueOf(await world.run(invocation(contract, method, ...args)))
    },
    async simulate(operation, options) {
      return server.simulateTransaction(await world.build(operation, options))
    },
    async account() {
      const made = Keypair.random()
      await chain.fund(made.publicKey(), 100_000_000_000n)
      return made
    },
    [Symbol.asyncDispose]: () => chain.stop(),
  }
  return world
}

/** What a transaction returned, as a native value. */
export function valueOf(done: Done): unknown {
  if (done.status !== rpc.Api.GetTransactionStatus.SUCCESS) {
    throw new Error(`FAILED ${resultOf(done)}`)
  }
  return done.returnValue === undefined ? undefined : scValToNative(done.returnValue)
}

/** Of the first operation: `invokeHostFunctionTrapped`, or of the transaction. */
export function resultOf({ resultXdr }: { readonly resultXdr: xdr.TransactionResult }): string {
  const { result } = resultXdr
  const inner = result.value
  if (!Array.isArray(inner)) return result.type
  const [first] = inner as readonly xdr.OperationResult[]
  if (first?.type !== 'opInner') return first?.type ?? result.type
  const { value } = first
  return (value.value as { readonly type: string }).type
}

export function invocation(
  contract: string,
  method: string,
  ...args: readonly xdr.ScVal[]
): xdr.Operation {
  return Operation.invokeContractFunction({ contract, function: method, args: [...args] })
}

export const sym = (text: string): xdr.ScVal => xdr.ScVal.scvSymbol(text)
export const u32 = (value: number): xdr.ScVal => xdr.ScVal.scvU32(value)
export const u64 = (value: bigint): xdr.ScVal => nativeToScVal(value, { type: 'u64' })
export const bytesVal = (value: Uint8Array): xdr.ScVal => xdr.ScVal.scvBytes(value)
export const addressVal = (text: string): xdr.ScVal => Address.fromString(text).toScVal()

/** Kinds of storage, as the contracts of these tests take them. */
export const KIND: Readonly<Record<'temporary' | 'persistent' | 'instance', xdr.ScVal>> = {
  temporary: u32(0),
  persistent: u32(1),
  instance: u32(2),
}

/** Key of an entry of a contract. */
export function dataKey(contract: string, key: xdr.ScVal, isPersistent = true): xdr.LedgerKey {
  return xdr.LedgerKey.contractData(
    new xdr.LedgerKeyContractData({
      contract: new Address(contract).toScAddress(),
      key,
      durability: isPersistent
        ? xdr.ContractDataDurability.persistent
        : xdr.ContractDataDurability.temporary,
    }),
  )
}

export function codeKey(hash: Uint8Array): xdr.LedgerKey {
  return xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash }))
}

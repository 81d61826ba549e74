/**
 * Limits, lifetimes and fees of a network, as data: those of the public test network in protocol 28, where nothing else is said. Lifetimes are
 * in ledgers of about five seconds, fees in stroops, ten million to the XLM.
 */
import { type CostRow, PUBLIC_COSTS } from './budget/costs.ts'

/** `instant`: a ledger closes with each transaction. `manual`: when it is told to. */
export type LedgerMode = 'instant' | 'manual'

/** Fees of resources. */
export interface ResourceFees {
  readonly instructions10k: bigint
  readonly readEntry: bigint
  readonly writeEntry: bigint
  readonly read1Kb: bigint
  readonly write1Kb: bigint
  /** Kept in history: the envelope, and an estimate of its result. */
  readonly historical1Kb: bigint
  readonly events1Kb: bigint
  readonly envelope1Kb: bigint
  /** Of what is kept, for as many ledgers as the denominators say. */
  readonly rent1Kb: bigint
  readonly persistentRentDenominator: bigint
  readonly temporaryRentDenominator: bigint
}

/** Limits of one transaction. */
export interface TransactionLimits {
  readonly instructions: number
  readonly memory: number
  /** Entries that are read from disk: of accounts, and archived ones. */
  readonly readEntries: number
  readonly readBytes: number
  readonly writeEntries: number
  readonly writeBytes: number
  readonly footprint: number
  readonly envelopeBytes: number
  /** Events and the returned value. */
  readonly eventsBytes: number
}

export interface StellarParameters {
  readonly protocol: number
  /** Of an operation. */
  readonly baseFee: number
  /** Of an account two, and one of each signer. */
  readonly baseReserve: number
  readonly transaction: TransactionLimits
  /** What fits into a ledger of everything, and into the queue before it. */
  readonly ledger: {
    readonly operations: number
    readonly contractTransactions: number
    readonly instructions: number
    readonly writeEntries: number
    readonly writeBytes: number
    readonly envelopeBytes: number
    readonly queuedLedgers: number
  }
  readonly contract: {
    readonly codeBytes: number
    readonly keyBytes: number
    readonly entryBytes: number
  }
  readonly lifetime: {
    readonly minTemporary: number
    readonly minPersistent: number
    readonly max: number
  }
  readonly fees: ResourceFees
  readonly costs: readonly CostRow[]
}

/** Seconds from a ledger to the next. */
export const LEDGER_SECONDS = 5

export const TESTNET: StellarParameters = {
  protocol: 28,
  baseFee: 100,
  baseReserve: 5_000_000,
  transaction: {
    instructions: 100_000_000,
    memory: 41_943_040,
    readEntries: 100,
    readBytes: 200_000,
    writeEntries: 50,
    writeBytes: 132_096,
    footprint: 100,
    envelopeBytes: 132_096,
    eventsBytes: 16_384,
  },
  ledger: {
    operations: 100,
    contractTransactions: 100,
    instructions: 500_000_000,
    writeEntries: 250,
    writeBytes: 143_360,
    envelopeBytes: 266_240,
    queuedLedgers: 2,
  },
  contract: { codeBytes: 131_072, keyBytes: 250, entryBytes: 65_536 },
  lifetime: { minTemporary: 720, minPersistent: 120_960, max: 3_110_400 },
  fees: {
    instructions10k: 25n,
    readEntry: 6_250n,
    writeEntry: 10_000n,
    read1Kb: 1_786n,
    write1Kb: 3_500n,
    historical1Kb: 16_235n,
    events1Kb: 10_000n,
    envelope1Kb: 1_624n,
    rent1Kb: 1_000n,
    persistentRentDenominator: 1_215n,
    temporaryRentDenominator: 2_430n,
  },
  costs: PUBLIC_COSTS,
}

/** Parts of {@link StellarParameters} that are to be other than the test network's. */
export type ParametersInit = {
  readonly [K in Exclude<keyof StellarParameters, 'costs'>]?: StellarParameters[K] extends object
    ? Partial<StellarParameters[K]>
    : StellarParameters[K]
}

/** The test network's, but for what is said. */
export function parametersOf(init: ParametersInit = {}): StellarParameters {
  return {
    ...TESTNET,
    protocol: init.protocol ?? TESTNET.protocol,
    baseFee: init.baseFee ?? TESTNET.baseFee,
    baseReserve: init.baseReserve ?? TESTNET.baseReserve,
    transaction: { ...TESTNET.transaction, ...init.transaction },
    ledger: { ...TESTNET.ledger, ...init.ledger },
    contract: { ...TESTNET.contract, ...init.contract },
    lifetime: { ...TESTNET.lifetime, ...init.lifetime },
    fees: { ...TESTNET.fees, ...init.fees },
  }
}

/** Facts of the Internet Computer that sign-in and deploying build on. */
import type { Unit } from '../shared/amount.ts'

/** Key of the root subnet of the main network, DER, hexadecimal. */
export const IC_ROOT_KEY: string =
  '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100' +
  '814c0e6ec71fab583b08bd81373c255c3c371b2e84863c98a4f1e08b74235d14fb5d9c0cd546d968' +
  '5f913a0c0b2cc5341583bf4b4392e467db96d65b9bb4cb717112f8472e0d5a4d14505ffd7484b012' +
  '91091c5f87b98883463f98091a0baaae'

/** The canister of Internet Identity. */
export const INTERNET_IDENTITY = 'rdmx6-jaaaa-aaaaa-aaadq-cai'

/** Where people meet it. */
export const IDENTITY_PROVIDER = 'https://identity.internetcomputer.org'

/** Chain number in domains (contracts/interface.json). */
export const ICP_CHAIN = 2

/** The ledger of cycles, which makes canisters: one id on every network. */
export const CYCLES_LEDGER = 'um5iw-rqaaa-aaaaq-qaaba-cai'

/** What each of its operations costs. */
export const LEDGER_FEE = 100_000_000n

/** Cycles are counted one by one, and people speak of millions of millions. */
export const CYCLES: Unit = { symbol: 'T cycles', decimals: 12 }

/** Cycles of making a canister, on a subnet of 13 nodes. */
export const CREATION_CYCLES = 500_000_000_000n

/** Cycles that a GiB takes each second there. */
export const GIB_SECOND_CYCLES = 127_000n

/** Days for which our canisters keep cycles: a canister that has fewer freezes, and answers nobody. */
export const FREEZING_DAYS = 90

/** Where the main network is asked when nothing else is said: every answer that counts is certified. */
export const IC_URL = 'https://icp-api.io'

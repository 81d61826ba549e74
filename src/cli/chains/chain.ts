/**
 * The port between the commands and a chain: {@link Chain} is what they know of it before anything of it is loaded, {@link ChainTools} what
 * they ask of it. Options come to a chain as it has declared them: commander has checked them, so its tools name their own type.
 */
import type { Check } from '../../chains/shared/checks.ts'
import type { AnchorFactory } from '../../node/anchor/anchor.ts'
import { toMerogateError } from '../../node/errors.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import type { SecretReference } from '../../node/secret.ts'
import type { RelayCarrier } from '../../server/index.ts'
import type { ChainSettings } from '../config/option-group.ts'
import { hintFor } from '../errors.ts'
import type { Output } from '../output.ts'

/** An option of a command that one or several chains take. */
export interface ChainOption {
  /** As commander has it: `--rpc-url <url...>`. */
  readonly flags: string
  readonly text: string
  /** Whether the command cannot do without, on this chain. @default false */
  readonly isRequired?: boolean
  /** Names of options that cannot stand beside it: `keyFile`. */
  readonly conflicts?: readonly string[]
}

/** What a chain adds to a command. */
export interface ChainCommand {
  /** @default none */
  readonly options?: readonly ChainOption[]
  /** Options after the command's own. @default none */
  readonly details?: readonly ChainOption[]
  /** A paragraph of the help, before the examples. @default none */
  readonly about?: string
  /** Commands among the help's examples. @default none */
  readonly examples?: readonly string[]
  /** A paragraph of the help, after the examples. @default none */
  readonly note?: string
}

/** Commands that a chain may add to. */
export type ChainCommandName =
  'init' | 'run' | 'deploy' | 'upgrade' | 'key' | 'keep-alive' | 'status' | 'doctor' | 'dev'

/** A chain, before anything of it is loaded. */
export interface Chain {
  /** As the configuration, invitations and `--chain` have it. */
  readonly name: string
  /** For people, within a sentence. */
  readonly words: {
    /** What nodes ask, on one that runs here. */
    readonly anchor: string
    /** One that runs here. */
    readonly chain: string
  }
  /** Where tools look for one on this machine. */
  readonly defaultPort: number
  /** What it adds; to one with contracts, `deploy` puts them. */
  readonly commands: { readonly [N in ChainCommandName]?: ChainCommand }
  settings(): Promise<ChainSettings>
  tools(): Promise<ChainTools>
}

/** What the commands ask of a chain. */
export interface ChainTools {
  /** What `node init` writes for it. @throws CLI_USAGE (input), and what the chain says of files that are named */
  init(options: object): Promise<object>
  /** The anchor of a node. @param entry as the chain's settings have resolved it */
  openAnchor(entry: object): Promise<AnchorFactory>
  /** The account that pays for members without funds. Undefined: nobody can pay on this chain. */
  openCarrier?(init: CarrierInit): Promise<RelayCarrier>
  /** What `status` and `doctor` look at: the anchor of a node. @param entry as for {@link openAnchor} @param details the chain's `details` of the command */
  configured(entry: object, details: object): ChainTarget
  /** The same from options, without a node. Undefined: there are only nodes' anchors to look at. @throws CLI_USAGE (input) */
  given?(deployment: string, options: object): ChainTarget
  /** Putting contracts there. Undefined: there are none. @throws CLI_USAGE (input), and what the chain says of keys and endpoints */
  deploy?(options: object, output: Output): Promise<Deployment>
  /** Bringing contracts there to this release. Undefined: nobody can change them. @throws as {@link deploy} */
  upgrade?(options: object, output: Output): Promise<Deployment>
  /** A key for a node, and what it needs on the chain. Undefined: any will do there. @throws CLI_USAGE (input), and what the chain says */
  key?(options: object, output: Output): Promise<Report>
  /** Paying for what would lapse otherwise. Undefined: nothing lapses there. @throws CLI_USAGE (input), and what the chain says of keys and files */
  keepAlive?(init: KeepAliveInit): Promise<KeepAlive>
  /** What `chain run` serves, with the chain's own options. */
  run(options: object, place: RunPlace): Promise<Serving>
  /** A chain on this machine with its contracts on it, for `dev`, the demo and tests. @param folder for its files */
  start(folder: string): Promise<LocalChain>
}

export interface CarrierInit {
  /** Both as the chain's settings have resolved them; undefined: the configuration says nothing. */
  readonly payer: object
  readonly entry: object | undefined
  readonly logger: Logger
}

/** An anchor that `status` and `doctor` look at. */
export interface ChainTarget {
  readonly protocol: string
  /** Where the key of its account is. @default nobody has to pay, or nobody is said to */
  readonly key?: SecretReference | undefined
  /** Name of the account: of {@link key}, or the one that was given beside or instead. @throws what the chain says of keys */
  account?(): Promise<string | undefined>
  /** One look. @throws what the chain says of files and keys; that an endpoint does not answer is part of the report */
  inspect(): Promise<Report>
  /** The same, judged; never rejects. */
  judge(options: JudgeOptions): Promise<readonly Check[]>
}

export interface JudgeOptions {
  /** Operations that the account should be able to pay. */
  readonly operations: number
  /** What {@link ChainTarget.account} said; undefined when there is none, or none that can be read. */
  readonly account: string | undefined
}

/** Something for scripts and for people. */
export interface Report {
  /** JSON-safe. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly text: string
}

/** A deployment, from looking at what is there to the file that says where the contracts are. Repeated, it makes what is missing and keeps the rest. */
export interface Deployment extends Disposable {
  /** Name of the network, for the file. */
  readonly network: string
  /** Looks at what is there, and at what the rest would cost. @param path of the file that is to be written, which may know of earlier runs */
  plan(path: string): Promise<DeployPlan>
  /** The file to write, looked at before anything is sent. @throws CLI_FILE (input) */
  openFile(path: string, options: { readonly force?: boolean | undefined }): Promise<OutFile>
  /** Makes what the plan says, and tells each step. Resolves with what the file is to hold, when that is final. */
  send(output: Output): Promise<{ readonly deployment: object; readonly text: string }>
  /** Told when the file is written: what was noted, for a run that would have to go on, is not needed any more. @default nothing was */
  written?(): Promise<void>
}

export interface KeepAliveInit {
  /** A node's anchor, as the chain's settings have resolved it; undefined: the options say where. */
  readonly entry: object | undefined
  /** Ids of contexts or groups. */
  readonly contexts: readonly string[]
  readonly options: object
}

/** Paying for what would lapse otherwise; repeated it pays for what is due. */
export interface KeepAlive extends Disposable {
  /** What is due, and what that costs. */
  plan(): Promise<DeployPlan>
  /** Pays, and tells each step. */
  send(output: Output): Promise<void>
}

/** What a deployment would do. */
export interface DeployPlan {
  /** JSON-safe. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Lines before the table. */
  readonly head: readonly string[]
  /** What is there and what is to be made, under the headings of the first. */
  readonly rows: readonly Readonly<Record<string, string>>[]
  /** Lines after it: sums, and who pays. */
  readonly tail: readonly string[]
  /** What somebody has to agree to, as in `0.1 ETH`. Undefined: nobody has to pay. */
  readonly cost: string | undefined
  /** What somebody has to agree to beside that, in a sentence. @default nothing */
  readonly consent?: string | undefined
  /** Why it cannot be sent now: no funds, fees that are too high. @default nothing is missing */
  readonly missing?: Error | undefined
}

/** A deployment file to be written. */
export interface OutFile {
  readonly path: string
  /** Writes; keeps what the file knows more about the same contracts. @returns whether that changed anything */
  write(deployment: object): Promise<boolean>
}

export interface RunPlace {
  readonly port: number
  /** Folder of all nodes. */
  readonly home: string
}

/** What `chain run` serves, until it is stopped. */
export interface Serving extends AsyncDisposable {
  /** Once it can be used. */
  readonly ready: Report
}

/** A chain on this machine. */
export interface LocalChain extends AsyncDisposable {
  readonly url: string
  /** For people: what runs, and where. */
  readonly text: string
  /** Private key of an account with funds, one for each node. Undefined: nobody pays. */
  key?(index: number): string
  /** Settings of a node as KEY=VALUE. @param key where that node finds its key; only where there are keys */
  settings(key: SecretReference): readonly string[]
  /** One request to it, in its own language: mine, set the clock, ... Undefined: it takes none. */
  send?(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Safe to repeat. */
  stop(): Promise<void>
}

/** A check that passed. */
export function passed(name: string, message: string): Check {
  return { name, level: 'ok', message }
}

/** A check that an error kept from passing, with what to do about it. */
export function failed(name: string, error: unknown): Check {
  const failure = toMerogateError(error)
  const { code, message } = failure
  const next = hintFor(failure)
  return {
    ...{ name, level: 'fail', message: `${message} (${code})` },
    ...(next === undefined ? {} : { next }),
  }
}

/** The rules in Rust as a bare module, which remembers what it was asked and what it said: for the same requests elsewhere. */
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { equalBytes, toHex } from '../../../src/node/primitives/bytes.ts'
import {
  CoreModule,
  type Question,
  type Rules,
  type Told,
  type ToldEvent,
} from '../core/core-module.ts'

/** A key and its value, hexadecimal; none removes. */
export type Write = readonly [key: string, value: string | null]

/** A request and what became of it, as JSON. */
export interface Step {
  readonly now: number
  readonly envelope: string
  readonly signature: string
  /** Of the refusal, or 0. */
  readonly number: number
  /** Nonce that would have been right. */
  readonly expected: number | null
  readonly event: Readonly<Record<keyof ToldEvent, string>> | null
  readonly writes: readonly Write[]
}

function plainEvent({ name, subject, signer, nonce, revision, fields }: ToldEvent): Step['event'] {
  return {
    ...{ name, subject: toHex(subject), signer: toHex(signer), fields: toHex(fields) },
    ...{ nonce: String(nonce), revision: String(revision) },
  }
}

export class Recorder implements Rules {
  readonly domain: Domain
  readonly steps: Step[] = []
  readonly #module: CoreModule
  readonly #successor: Uint8Array

  constructor(domain: Domain, successor: Uint8Array) {
    this.domain = domain
    this.#module = new CoreModule(domain)
    this.#successor = successor
  }

  isContract(address: Uint8Array): boolean {
    return [this.#successor, this.domain.contract].some((other) => equalBytes(other, address))
  }

  ask(question: Question): Told {
    const answer = this.#module.ask({
      ...question,
      isContract: (address) => this.isContract(address),
    })
    if (!answer.accepted) {
      const { number, expected } = answer
      this.#remember(question, {
        number,
        expected: expected === undefined ? null : Number(expected),
      })
    }
    return answer
  }

  apply(question: Question, answer: Extract<Told, { accepted: true }>): ToldEvent | undefined {
    const event = this.#module.apply(question, answer)
    const writes = answer.writes.map(({ key, value }): Write => [
      toHex(key),
      value === undefined ? null : toHex(value),
    ])
    this.#remember(question, { event: event === undefined ? null : plainEvent(event), writes })
    return event
  }

  plant(key: string, value: string): void {
    this.#module.plant(key, value)
  }

  stored(): Map<string, string> {
    return this.#module.stored()
  }

  #remember({ now, envelope, signature }: Question, told: Partial<Step>): void {
    this.steps.push({
      ...{ now: Number(now), envelope: toHex(envelope), signature: toHex(signature) },
      ...{ number: 0, expected: null, event: null, writes: [], ...told },
    })
  }
}

/**
 * Whether the contract at an address is ours: its code is what our artefact puts there, or that of an earlier release of the same interface, it names itself in the domain of its signatures
 * (EIP-5267), and asks our registry who speaks for whom. A name alone anybody may give to a contract of his.
 */
import { getAddress, getBytes, hexlify } from 'ethers'
import { artifact, type ContractName, type ReleasedCode, releasedCodes } from './artifacts.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { abiOf, decodeView, isRevert } from './codec.ts'
import { CONTRACT_VERSION } from '../constants.ts'
import { ethereumError } from '../errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'

/** How the contracts call themselves. */
const DOMAIN_NAMES: Readonly<Record<ContractName, string>> = {
  IdentityRegistry: 'merogate identities',
  ContextAnchor: 'merogate contexts',
  PackageRegistry: 'merogate packages',
}

/** What is to be there. */
export interface ExpectedContract {
  readonly contract: ContractName
  readonly address: string
  /** Address of the IdentityRegistry it must have been told; left out for the registry itself. */
  readonly registry?: string | undefined
}

/** Instructions that push two bytes, and 32: so many of nothing are the place of an immutable until the constructor writes it. */
const PUSH2 = 0x61
const PUSH32 = 0x7f
const WORD = 32

const templates = new Map<ContractName, Uint8Array>()

/** Whether code is what our artefact leaves, or what an earlier release did, whatever its immutables are. */
export function isOurCode(
  contract: ContractName,
  code: string,
  released: readonly ReleasedCode[] = releasedCodes(contract),
): boolean {
  const deployed = getBytes(code)
  return isBuiltCode(contract, deployed) || released.some((each) => isReleasedCode(each, deployed))
}

function isReleasedCode({ bytes, places, sha256: hash }: ReleasedCode, code: Uint8Array): boolean {
  if (code.length !== bytes) return false
  const blank = Uint8Array.from(code)
  for (const place of places) blank.fill(0, place, place + WORD)
  return toHex(sha256(blank)) === hash
}

function isBuiltCode(contract: ContractName, deployed: Uint8Array): boolean {
  let template = templates.get(contract)
  if (template === undefined) {
    template = templateOf(contract)
    templates.set(contract, template)
  }
  if (template.length !== deployed.length) return false
  for (let i = 0; i < template.length; i++) {
    if (template[i] !== deployed[i]) return false
    const word = template.subarray(i + 1, i + 1 + WORD)
    const isPlace =
      template[i] === PUSH32 && word.length === WORD && word.every((byte) => byte === 0)
    if (isPlace) i += WORD
  }
  return true
}

/** What an artefact's creation code deploys: its end, whose place and length the part before it pushes to copy it. */
function templateOf(contract: ContractName): Uint8Array {
  const creation = getBytes(artifact(contract).bytecode)
  const text = hexlify(creation).slice(2)
  const pushed = (value: number): string =>
    hexlify(Uint8Array.of(PUSH2, value >> 8, value & 0xff)).slice(2)
  for (let start = 1; start < creation.length; start++) {
    const before = text.slice(0, 2 * start)
    const isCopied = [start, creation.length - start].every((value) =>
      before.includes(pushed(value)),
    )
    if (isCopied) return creation.subarray(start)
  }
  throw new RangeError(`expected an artefact of ${contract} that deploys a contract`)
}

/** @throws CHAIN_NO_CONTRACT when there is none, or another */
export async function checkContract(
  endpoint: Endpoint,
  { contract, address, registry }: ExpectedContract,
): Promise<void> {
  const code = await endpoint.send('eth_getCode', [address, 'latest'])
  if (code === '0x') throw noContract(contract, address, 'nothing that answers')
  const isCode = typeof code === 'string' && /^0x(?:[0-9a-f]{2})+$/i.test(code)
  if (!isCode || !isOurCode(contract, code)) {
    const releases = releasedCodes(contract).map(({ release }) => release)
    const found = isCode ? `code of SHA-256 ${toHex(sha256(getBytes(code)))}` : 'no code'
    const known = `which is that of no release known here (${releases.join(', ')})`
    throw noContract(contract, address, `${found}, ${known}`)
  }
  const ask = (view: string): ReturnType<typeof asked> => asked(endpoint, contract, address, view)
  const [, name, version] = await ask('eip712Domain')
  if (name !== DOMAIN_NAMES[contract]) {
    throw noContract(contract, address, `one that signs for ${String(name)}`)
  }
  if (version !== CONTRACT_VERSION) {
    throw noContract(contract, address, `one of version ${String(version)}`)
  }
  if (registry === undefined) return
  const [identities] = await ask('identities')
  if (String(identities).toLowerCase() !== registry.toLowerCase()) {
    throw noContract(contract, address, `one that asks the registry ${String(identities)}`)
  }
}

/** The contract that a ContextAnchor takes groups over from; zero for none. @throws CHAIN_NO_CONTRACT when it is none, or another */
export async function readPredecessor(
  endpoint: Endpoint,
  expected: ExpectedContract,
): Promise<string> {
  await checkContract(endpoint, expected)
  const [before] = await asked(endpoint, expected.contract, expected.address, 'predecessor')
  return getAddress(String(before))
}

/** What a constructor was told. @throws CHAIN_NO_CONTRACT when a contract does not say it */
async function asked(
  endpoint: Endpoint,
  contract: ContractName,
  address: string,
  view: string,
): Promise<ReturnType<typeof decodeView>> {
  const data = abiOf(contract).encodeFunctionData(view)
  try {
    const answer = await endpoint.send('eth_call', [{ to: address, data }, 'latest'])
    return decodeView(contract, view, answer)
  } catch (error) {
    if (isRevert(error)) throw noContract(contract, address, 'another contract', error)
    throw error
  }
}

/** Something else lies where a contract should be. */
export function noContract(
  contract: ContractName,
  address: string,
  got: string,
  cause?: unknown,
): Error {
  return ethereumError(
    'CHAIN_NO_CONTRACT',
    `expected ${contract} at ${address}, got ${got}: is the deployment of this network?`,
    { address, contract },
    { cause },
  )
}

/** Contract wallets (EIP-1271) on a real EVM, and behind endpoints that misbehave. */
import { expect } from 'chai'
import { AbiCoder, concat, Wallet } from 'ethers'
import type { WalletSubject, WalletVerifier } from '../../../src/auth/wallet-verifier.ts'
import { MAX_WITNESS_BYTES } from '../../../src/auth/wallet-verifier.ts'
import {
  MAX_WALLET_SIGNATURE_BYTES,
  SIGN_IN_LOOKUP_MS,
} from '../../../src/chains/ethereum/limits.ts'
import { ethereumWallet } from '../../../src/chains/ethereum/wallet.ts'
import { type EthereumDevnet, startEthereumDevnet } from '../../../src/devnet/ethereum/index.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { type Fault, type FaultyRpc, startFaultyRpc } from '../../support/faulty-rpc.ts'
import { handClock } from '../../support/hand-clock.ts'
import { recordLogger } from '../../support/record-logger.ts'
import { fixedTerms, refusal, signInWith } from '../../support/sign-in-attempts.ts'
import { compile } from '../../support/solidity.ts'

const CHAIN_ID = 31_337
const YES = `0x1626ba7e${'00'.repeat(28)}`
const first = new Wallet(`0x${'11'.repeat(32)}`)
const second = new Wallet(`0x${'22'.repeat(32)}`)
const stranger = new Wallet(`0x${'33'.repeat(32)}`)

describe('Ethereum wallet that is a contract', function () {
  this.timeout(60_000)

  let chain: EthereumDevnet
  let contracts: ReturnType<typeof compile>
  let snapshot: unknown
  /** Address of a wallet of `first` and `second`. */
  let wallet: string

  const transact = async (to: string | undefined, data: string): Promise<string> => {
    const [{ address: from }] = chain.accounts
    const hash = await chain.send('eth_sendTransaction', [
      { from, data, ...(to === undefined ? {} : { to }) },
    ])
    const receipt = await chain.send('eth_getTransactionReceipt', [hash])
    return (receipt as { contractAddress: string }).contractAddress
  }
  const deploy = async (name: string, types: string[], values: unknown[]): Promise<string> => {
    const { bytecode = '0x' } = contracts.get(name) ?? {}
    const args = AbiCoder.defaultAbiCoder().encode(types, values)
    return transact(undefined, concat([bytecode, args]))
  }
  const replace = async (place: number, by: string): Promise<void> => {
    const data = contracts.get('SignInWallet')?.abi.encodeFunctionData('replace', [place, by])
    await transact(wallet, data ?? '0x')
  }
  const verifierOf = (...rpcUrls: string[]): WalletVerifier =>
    ethereumWallet({ chains: [{ chainId: CHAIN_ID, rpcUrls }, { chainId: 1 }] })
  /** A sign-in with the node's text for an address, which these keys signed one after the other. */
  const signIn = async (
    verifier: WalletVerifier,
    address: string,
    ...by: Wallet[]
  ): Promise<WalletSubject> =>
    signInWith(verifier, fixedTerms({ subject: address }), async (message = '') => {
      const signatures = await Promise.all(by.map((each) => each.signMessage(message)))
      return { publicKey: address, data: { message, signature: concat(signatures) } }
    })

  before(async () => {
    chain = await startEthereumDevnet({ port: 0 })
    contracts = compile('test/support/SignInWallet.sol')
    const owners = [first.address, second.address]
    wallet = (await deploy('SignInWallet', ['address', 'address'], owners)).toLowerCase()
    snapshot = await chain.send('evm_snapshot')
  })
  afterEach(async () => {
    await chain.send('evm_revert', [snapshot])
    snapshot = await chain.send('evm_snapshot')
  })
  after(() => chain.stop())

  it('gets in by what both its owners signed, as itself on its chain', async () => {
    const found = await signIn(verifierOf(chain.url), wallet, first, second)
    expect(found.subject).to.equal(`eth:${CHAIN_ID}:${wallet}`)
    expect(found.mayChange).to.equal(true)
  })

  it('keeps a witness that fits, however long its signature may be', async () => {
    const yes = await deploy('SignInAnswer', ['bytes'], [YES])
    const found = await signInWith(
      verifierOf(chain.url),
      fixedTerms({ subject: yes }),
      async (message = '') => ({
        publicKey: yes,
        data: { message, signature: `0x${'ab'.repeat(MAX_WALLET_SIGNATURE_BYTES)}` },
      }),
    )
    expect(JSON.stringify(found.witness).length).to.be.within(1_700, MAX_WITNESS_BYTES)
  })

  const refused: Record<string, [(verifier: WalletVerifier) => Promise<WalletSubject>, string]> = {
    'one owner alone': [
      (v) => signIn(v, wallet, first),
      'signed by another key; the contract reverts',
    ],
    'an owner and a stranger': [
      (v) => signIn(v, wallet, first, stranger),
      'a signature of 130 bytes',
    ],
    'owners in another order': [
      (v) => signIn(v, wallet, second, first),
      'a signature of 130 bytes',
    ],
    'an account without code': [
      (v) => signIn(v, stranger.address, first),
      'signed by another key; no contract lies at the address',
    ],
    // answers with what it is asked, which begins with the magic value
    'the precompile that echoes': [
      (v) => signIn(v, `0x${'4'.padStart(40, '0')}`, first),
      'signed by another key; no contract lies at the address',
    ],
  }
  for (const [name, [attempt, reason]] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      expect(await refusal(attempt(verifierOf(chain.url)))).to.include(reason)
    })
  }

  const answers: Record<string, string> = {
    nothing: '0x',
    'the magic value alone, four bytes': '0x1626ba7e',
    'the magic value with more behind it': `0x1626ba7e${'00'.repeat(27)}01`,
    'two words': `${YES}${'00'.repeat(32)}`,
    'the magic value as a number': `0x${'00'.repeat(28)}1626ba7e`,
    true: `0x${'1'.padStart(64, '0')}`,
    'the value that says no': `0xffffffff${'00'.repeat(28)}`,
  }
  for (const [name, answer] of Object.entries(answers)) {
    it(`refuses a contract that answers ${name}`, async () => {
      const odd = await deploy('SignInAnswer', ['bytes'], [answer])
      expect(await refusal(signIn(verifierOf(chain.url), odd, first))).to.equal(
        'signed by another key; the contract does not stand by the signature',
      )
    })
  }

  it('refuses what its owners signed for another chain, where nobody is asked', async () => {
    const attempt = signInWith(
      verifierOf(chain.url),
      fixedTerms({ subject: wallet, network: '1' }),
      async (message = '') => {
        const signatures = [await first.signMessage(message), await second.signMessage(message)]
        return { publicKey: wallet, data: { message, signature: concat(signatures) } }
      },
    )
    expect(await refusal(attempt)).to.equal("a signature of 130 bytes, a key's has 65")
  })

  it('does not ask the chain for an account that signs itself', async () => {
    await using rpc = await startFaultyRpc(chain.url)
    const found = await signIn(verifierOf(rpc.url), first.address, first)
    expect(found).to.deep.equal({ subject: `eth:${first.address.toLowerCase()}` })
    expect(rpc.asked).to.deep.equal([])
  })

  it('is let in until its contract says otherwise, and asked again after a minute', async () => {
    await using rpc = await startFaultyRpc(chain.url)
    const clock = handClock()
    const verifier = ethereumWallet({
      chains: [{ chainId: CHAIN_ID, rpcUrls: [rpc.url] }],
      clock,
    })
    const found = await signIn(verifier, wallet, first, second)
    const stored = JSON.parse(JSON.stringify(found)) as WalletSubject
    await replace(1, stranger.address)
    expect(await verifier.isStill?.(stored)).to.equal(true)
    expect(rpc.count('eth_call')).to.equal(1)
    clock.advance(60_000)
    expect(await verifier.isStill?.(stored)).to.equal(false)
    // a no is not kept
    await replace(1, second.address)
    expect(await verifier.isStill?.(stored)).to.equal(true)
    expect(rpc.count('eth_call')).to.equal(3)
  })

  it('is not let in by a witness that is none, or of a chain that is gone', async () => {
    const verifier = verifierOf(chain.url)
    const found = await signIn(verifier, wallet, first, second)
    const later = ethereumWallet({ chains: [{ chainId: 1, rpcUrls: [chain.url] }] })
    expect(await later.isStill?.(found)).to.equal(false)
    for (const witness of [undefined, null, {}, 'yes', { chainId: CHAIN_ID, address: wallet }]) {
      expect(await verifier.isStill?.({ ...found, witness })).to.equal(false)
    }
  })

  describe('behind an endpoint that misbehaves', () => {
    let rpc: FaultyRpc
    beforeEach(async () => {
      rpc = await startFaultyRpc(chain.url)
    })
    afterEach(() => rpc[Symbol.asyncDispose]())

    const faults: Record<string, Fault> = {
      'ends the connection': { kind: 'refuse' },
      'answers 500': { kind: 'http', status: 500, body: 'oops' },
      'answers no JSON': { kind: 'http', status: 200, body: '<html>' },
      'answers JSON that is no answer': { kind: 'http', status: 200, body: '{"result":"0x"}' },
      'sends elsewhere': { kind: 'http', status: 302, location: 'http://127.0.0.1:1/' },
      'answers too much': { kind: 'oversized' },
      'has too much to do': { kind: 'error', code: 429, message: 'too many requests' },
      'answers a number': { kind: 'answer', make: () => 1 },
      'answers half a byte': { kind: 'answer', make: () => '0x1' },
      'answers an object': { kind: 'answer', make: () => ({ toString: 'x' }) },
    }
    for (const [name, fault] of Object.entries(faults)) {
      for (const method of ['eth_chainId', 'eth_getCode', 'eth_call']) {
        it(`says nothing of the attempt when it ${name} to ${method}`, async () => {
          rpc.rules({ method, fault })
          const error = await failure(signIn(verifierOf(rpc.url), wallet, first, second))
          expect([error.code, error.kind]).to.deep.equal(['AUTH_CHAIN_UNAVAILABLE', 'transport'])
          // the next is asked
          const both = verifierOf(rpc.url, chain.url)
          const found = await signIn(both, wallet, first, second)
          expect(found.subject).to.equal(`eth:${CHAIN_ID}:${wallet}`)
        })
      }
    }

    it('gives up an endpoint that hangs for the next, and all of them after a bounded time', async () => {
      rpc.rules({ fault: { kind: 'hang' } })
      const urls = Array.from({ length: 5 }, () => rpc.url)
      const begun = performance.now()
      const [found, code] = await Promise.all([
        signIn(verifierOf(rpc.url, chain.url), wallet, first, second),
        rejectionCode(signIn(verifierOf(...urls), wallet, first, second)),
      ])
      expect(found.mayChange).to.equal(true)
      expect(code).to.equal('AUTH_CHAIN_UNAVAILABLE')
      expect(performance.now() - begun).to.be.below(SIGN_IN_LOOKUP_MS + 2_000)
    })

    it('ends when its caller goes', async () => {
      rpc.rules({ fault: { kind: 'hang' } })
      const verifier = verifierOf(rpc.url)
      const terms = fixedTerms({ subject: wallet })
      const challenge = await verifier.challenge(terms)
      const gone = new AbortController()
      const message = challenge.message ?? ''
      const data = { message, signature: await first.signMessage(message) }
      const attempt = { terms, challenge, publicKey: wallet, data }
      const code = rejectionCode(verifier.verify(attempt, { signal: gone.signal }))
      await rpc.seen('eth_chainId')
      gone.abort()
      expect(await code).to.equal('ABORTED')
    })

    it('does not take the word of another chain', async () => {
      rpc.rules({ method: 'eth_chainId', fault: { kind: 'answer', make: () => '0x1' } })
      const logger = recordLogger()
      const verifier = ethereumWallet({
        chains: [{ chainId: CHAIN_ID, rpcUrls: [rpc.url] }],
        logger,
      })
      const code = await rejectionCode(signIn(verifier, wallet, first, second))
      expect(code).to.equal('AUTH_CHAIN_UNAVAILABLE')
      expect(rpc.count('eth_call')).to.equal(0)
      expect(logger.lines.map(({ message }) => message)).to.include('endpoint serves another chain')
    })

    it('cannot say that somebody is refreshed, nor that it is not', async () => {
      const clock = handClock()
      const chains = [{ chainId: CHAIN_ID, rpcUrls: [rpc.url] }] as const
      const verifier = ethereumWallet({ chains, clock })
      const found = await signIn(verifier, wallet, first, second)
      clock.advance(60_000)
      await rpc.down()
      const again = verifier.isStill?.(found) ?? Promise.resolve(true)
      expect(await rejectionCode(again)).to.equal('AUTH_CHAIN_UNAVAILABLE')
    })
  })
})

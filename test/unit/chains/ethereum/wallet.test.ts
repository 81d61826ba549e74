import { expect } from 'chai'
import fc from 'fast-check'
import { type HDNodeWallet, Signature, Wallet } from 'ethers'
import type { ChallengeTerms, SignInAttempt } from '../../../../src/auth/wallet-verifier.ts'
import { ethereumWallet } from '../../../../src/chains/ethereum/wallet.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { handClock, START_MS } from '../../../support/hand-clock.ts'
import {
  fixedTerms,
  isRefused,
  NONCE,
  refusal,
  signInWith,
} from '../../../support/sign-in-attempts.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const wallet = new Wallet(`0x${'11'.repeat(32)}`)
const other = new Wallet(`0x${'22'.repeat(32)}`)
const verifier = ethereumWallet({ chains: [{ chainId: 1 }, { chainId: 10 }], clock: handClock() })
const subject = `eth:${wallet.address.toLowerCase()}`

const iso = (ms: number): string => new Date(ms).toISOString()

/** What sign-in libraries make texts of. */
interface Fields {
  scheme?: string
  domain: string
  address: string
  statement: string | null
  uri: string
  version: string
  chainId: string
  nonce: string
  issuedAt: string
  expirationTime: string | null
  notBefore?: string
  requestId?: string
  resources?: readonly string[]
}

const FIELDS: Fields = {
  domain: 'node.example',
  address: wallet.address,
  statement: 'Sign in to Calimero node',
  uri: 'https://node.example',
  version: '1',
  chainId: '1',
  nonce: NONCE,
  issuedAt: iso(START_MS),
  expirationTime: iso(START_MS + 300_000),
}

/** A text as such libraries write it: by the grammar of EIP-4361. */
function siwe(changes: Partial<Fields> = {}): string {
  const f = { ...FIELDS, ...changes }
  const scheme = f.scheme === undefined ? '' : `${f.scheme}://`
  const lines = [
    `${scheme}${f.domain} wants you to sign in with your Ethereum account:`,
    ...[f.address, '', ...(f.statement === null ? [] : [f.statement]), ''],
    ...[`URI: ${f.uri}`, `Version: ${f.version}`, `Chain ID: ${f.chainId}`],
    ...[`Nonce: ${f.nonce}`, `Issued At: ${f.issuedAt}`],
  ]
  if (f.expirationTime !== null) lines.push(`Expiration Time: ${f.expirationTime}`)
  if (f.notBefore !== undefined) lines.push(`Not Before: ${f.notBefore}`)
  if (f.requestId !== undefined) lines.push(`Request ID: ${f.requestId}`)
  if (f.resources !== undefined) lines.push('Resources:', ...f.resources.map((r) => `- ${r}`))
  return lines.join('\n')
}

type Answer = Pick<SignInAttempt, 'publicKey' | 'data'>

async function signed(message: string, by: Wallet | HDNodeWallet = wallet): Promise<Answer> {
  return { publicKey: wallet.address, data: { message, signature: await by.signMessage(message) } }
}

/** A sign-in with the node's text, and what is done to the answer. */
async function withOurText(
  change: (answer: { publicKey: string; message: string; signature: string }) => unknown,
  terms: ChallengeTerms = fixedTerms({ subject: wallet.address }),
): Promise<unknown> {
  return refusal(
    signInWith(verifier, terms, async (message = '') => {
      const signature = await wallet.signMessage(message)
      const changed = change({ publicKey: wallet.address, message, signature })
      const { publicKey = wallet.address, ...data } = changed as { publicKey?: string }
      return { publicKey, data }
    }),
  )
}

/** Why a text that the wallet itself made and signed is refused. */
async function withItsText(
  message: string,
  terms: ChallengeTerms = fixedTerms(),
  by: Wallet = wallet,
): Promise<unknown> {
  return refusal(signInWith(verifier, terms, async () => signed(message, by)))
}

/** The signature with its other s: of the same key over the same text. */
function highS(signature: string): string {
  const { r, s, v } = Signature.from(signature)
  const twin = (N - BigInt(s)).toString(16).padStart(64, '0')
  return `${r}${twin}${v === 27 ? '1c' : '1b'}`
}

describe('Ethereum wallet', () => {
  describe('the text of the node', () => {
    it('is that of EIP-4361, with the account and the permissions asked for', async () => {
      const permissions = ['context:execute[abc,def]', 'a\nNonce: 1']
      const terms = fixedTerms({
        subject: wallet.address.toLowerCase(),
        network: '10',
        permissions,
      })
      const { message, parameters } = await verifier.challenge(terms)
      expect(message).to.equal(
        siwe({
          chainId: '10',
          issuedAt: '2026-01-01T00:00:00Z',
          expirationTime: '2026-01-01T00:05:00Z',
          resources: [
            'urn:calimero:permission:context:execute%5Babc,def%5D',
            'urn:calimero:permission:a%0ANonce:%201',
          ],
        }),
      )
      expect(parameters).to.deep.equal({
        domain: 'node.example',
        uri: 'https://node.example',
        version: '1',
        chain_id: '10',
        statement: 'Sign in to Calimero node',
        address: wallet.address,
      })
    })

    it('has room for as many permissions as a key may have, however they are escaped', async () => {
      const permissions = Array.from({ length: 64 }, () => '['.repeat(64))
      const terms = fixedTerms({ subject: wallet.address, permissions })
      const found = await signInWith(verifier, terms, async (message = '') => signed(message))
      expect(found).to.deep.equal({ subject })
    })

    it('is signed by the wallet, who gets in by its address', async () => {
      const terms = fixedTerms({ subject: wallet.address, permissions: ['admin'] })
      const found = await signInWith(verifier, terms, async (message = '') => signed(message))
      expect(found).to.deep.equal({ subject })
    })

    it('is taken with v of 0 and 1 too, as some devices write it', async () => {
      for (const by of [0, 1, 2, 3, 4, 5].map((n) => Wallet.createRandom().deriveChild(n))) {
        const found = await signInWith(
          verifier,
          fixedTerms({ subject: by.address }),
          async (message = '') => {
            const { r, s, yParity } = Signature.from(await by.signMessage(message))
            const signature = `${r}${s.slice(2)}0${yParity}`
            return { publicKey: by.address.toLowerCase(), data: { message, signature } }
          },
        )
        expect(found.subject).to.equal(`eth:${by.address.toLowerCase()}`)
      }
    })

    it('is not made for what is no account or no chain here', async () => {
      const wrong: Partial<ChallengeTerms>[] = [
        { subject: 'alice.near' },
        { subject: wallet.address.slice(2) },
        { subject: `${wallet.address}0` },
        // a wrong checksum, and ICAP, which the SDK takes
        { subject: wallet.address.replace('A', 'a') },
        { subject: 'XE65GB6LDNXYOFTX0NSV3FUWKOWIXAMJK36' },
        { network: '5' },
        { network: '01' },
        { network: '' },
        { subject: wallet.address, permissions: ['x'.repeat(20_000)] },
      ]
      for (const changes of wrong) {
        const code = await rejectionCode(verifier.challenge(fixedTerms(changes)))
        expect(code, JSON.stringify(changes).slice(0, 80)).to.equal('AUTH_BAD_REQUEST')
      }
    })

    const attacks: Record<string, [Parameters<typeof withOurText>[0], string]> = {
      'another text with a good signature': [
        () => ({ message: 'hello', signature: '0x00' }),
        'not the text that was issued',
      ],
      'an altered line': [
        (a) => ({ ...a, message: a.message.replace('Chain ID: 1', 'Chain ID: 10') }),
        'not the text that was issued',
      ],
      'a line end behind it': [
        (a) => ({ ...a, message: `${a.message}\n` }),
        'not the text that was issued',
      ],
      'another account': [
        (a) => ({ ...a, publicKey: other.address }),
        'another address than the challenge was issued for',
      ],
      'no address': [(a) => ({ ...a, publicKey: 'alice' }), 'public_key is no address'],
      'an address with a wrong checksum': [
        (a) => ({ ...a, publicKey: a.publicKey.replace('A', 'a') }),
        'public_key is no address',
      ],
      'a high s': [
        (a) => ({ ...a, signature: highS(a.signature) }),
        'a signature whose s is not low',
      ],
      's of zero': [
        (a) => ({ ...a, signature: `${a.signature.slice(0, 66)}${'0'.repeat(64)}1b` }),
        'a signature whose s is not low',
      ],
      'r of zero': [
        (a) => ({ ...a, signature: `0x${'0'.repeat(64)}${a.signature.slice(66)}` }),
        'a signature whose r is out of range',
      ],
      'r that is the order': [
        (a) => ({ ...a, signature: `0x${N.toString(16)}${a.signature.slice(66)}` }),
        'a signature whose r is out of range',
      ],
      'r that is no point': [
        (a) => ({ ...a, signature: `0x${'5'.padStart(64, '0')}${a.signature.slice(66)}` }),
        'a signature that no key makes',
      ],
      'v of a transaction (EIP-155)': [
        (a) => ({ ...a, signature: `${a.signature.slice(0, 130)}25` }),
        'a signature with v 37',
      ],
      'the other v': [
        (a) => ({
          ...a,
          signature: a.signature.slice(0, 130) + (a.signature.endsWith('1b') ? '1c' : '1b'),
        }),
        'signed by another key',
      ],
      'the compact form (EIP-2098)': [
        (a) => ({ ...a, signature: Signature.from(a.signature).compactSerialized }),
        "a signature of 64 bytes, a key's has 65",
      ],
      'a cut signature': [
        (a) => ({ ...a, signature: a.signature.slice(0, -2) }),
        "a signature of 64 bytes, a key's has 65",
      ],
      'half a byte': [
        (a) => ({ ...a, signature: a.signature.slice(0, -1) }),
        'the signature is not hexadecimal',
      ],
      'a signature without 0x': [
        (a) => ({ ...a, signature: a.signature.slice(2) }),
        'the signature is not hexadecimal',
      ],
      'an oversized signature': [
        (a) => ({ ...a, signature: `0x${'00'.repeat(833)}` }),
        'the signature is too long',
      ],
      'an oversized message': [
        (a) => ({ ...a, message: a.message.padEnd(16_385, ' ') }),
        'the message is too long',
      ],
      'no signature': [({ message }) => ({ message }), 'the signature is no text'],
      'a signature that is a number': [(a) => ({ ...a, signature: 1 }), 'the signature is no text'],
      'a message that is a list': [
        (a) => ({ ...a, message: [a.message] }),
        'the message is no text',
      ],
    }
    for (const [name, [change, reason]] of Object.entries(attacks)) {
      it(`refuses ${name}`, async () => {
        expect(await withOurText(change)).to.equal(reason)
      })
    }

    it('refuses the signature of another key', async () => {
      const terms = fixedTerms({ subject: wallet.address })
      const attempt = signInWith(verifier, terms, async (message = '') => signed(message, other))
      expect(await refusal(attempt)).to.equal('signed by another key')
    })

    it('refuses the text of another challenge, signed by the right key', async () => {
      const earlier = await verifier.challenge(
        fixedTerms({ subject: wallet.address, nonce: 'ff'.repeat(32) }),
      )
      const attempt = signInWith(verifier, fixedTerms({ subject: wallet.address }), async () =>
        signed(earlier.message ?? ''),
      )
      expect(await refusal(attempt)).to.equal('not the text that was issued')
    })

    it('refuses a challenge of a chain that is not configured any more', async () => {
      const terms = fixedTerms({ subject: wallet.address, network: '10' })
      const challenge = await verifier.challenge(terms)
      const later = ethereumWallet({ chains: [{ chainId: 1 }], clock: handClock() })
      const answer = await signed(challenge.message ?? '')
      const attempt = later.verify({ terms, challenge, ...answer })
      expect(await refusal(attempt)).to.equal('the chain of the challenge is not allowed')
    })

    it('refuses whatever else may stand in a request', async () => {
      const terms = fixedTerms({ subject: wallet.address })
      const challenge = await verifier.challenge(terms)
      await fc.assert(
        fc.asyncProperty(fc.string(), fc.anything(), async (publicKey, data) => {
          await isRefused(verifier.verify({ terms, challenge, publicKey, data }))
        }),
        { numRuns: 300 },
      )
    })
  })

  describe('a text that the client made', () => {
    const permissions = ['context:execute']
    const accepted: Record<string, [string, ChallengeTerms?]> = {
      'as libraries make it': [siwe()],
      'with the scheme': [siwe({ scheme: 'https' })],
      'of another allowed chain': [siwe({ chainId: '10' })],
      'with a path in its URI': [siwe({ uri: 'https://node.example/auth/login' })],
      'with all that may stand in it': [
        siwe({
          notBefore: iso(START_MS - 1000),
          requestId: 'some-id',
          resources: ['urn:calimero:permission:context:execute'],
        }),
        fixedTerms({ permissions }),
      ],
      'by a clock a minute ahead': [
        siwe({ issuedAt: iso(START_MS + 60_000), expirationTime: iso(START_MS + 660_000) }),
      ],
      'with times of another zone': [siwe({ issuedAt: '2026-01-01T02:00:00.5+02:00' })],
    }
    for (const [name, [text, terms = fixedTerms()]] of Object.entries(accepted)) {
      it(`is taken ${name}`, async () => {
        const found = await signInWith(verifier, terms, async () => signed(text))
        expect(found).to.deep.equal({ subject })
        expect(verifier.nonceOf?.({ message: text })).to.equal(NONCE)
      })
    }

    const refusals: Record<string, [string, string, ChallengeTerms?]> = {
      'of another domain': [siwe({ domain: 'evil.example' }), 'another domain than was issued'],
      'of a domain above ours': [siwe({ domain: 'example' }), 'another domain than was issued'],
      'with another port': [siwe({ domain: 'node.example:1' }), 'another domain than was issued'],
      'with a name before the domain': [
        siwe({ domain: 'me@node.example' }),
        'another domain than was issued',
      ],
      'of another scheme': [siwe({ scheme: 'http' }), 'another scheme than the origin has'],
      'of another origin': [
        siwe({ uri: 'https://node.example@evil.example' }),
        'URI is of another origin',
      ],
      'with a name in its URI': [
        siwe({ uri: 'https://evil.example@node.example' }),
        'URI is of another origin',
      ],
      'with credentials in its URI': [
        siwe({ uri: 'https://a:b@node.example' }),
        'URI is of another origin',
      ],
      'without TLS in its URI': [siwe({ uri: 'http://node.example' }), 'URI is of another origin'],
      'with another nonce': [siwe({ nonce: 'ff'.repeat(32) }), 'another nonce than was issued'],
      'of another version': [siwe({ version: '2' }), 'another version than was issued'],
      'of a chain that is not allowed': [siwe({ chainId: '5' }), 'chain 5 is not allowed'],
      'of another chain than was asked for': [
        siwe({ chainId: '10' }),
        'chain 10 is not allowed',
        fixedTerms({ network: '1' }),
      ],
      'with another address': [siwe({ address: other.address }), 'another address than was issued'],
      'with an address without checksum': [
        siwe({ address: wallet.address.toLowerCase() }),
        'the address in the text lacks its checksum (EIP-55)',
      ],
      'with another statement': [
        siwe({ statement: 'Claim your prize' }),
        'another statement than was issued',
      ],
      'without a statement': [siwe({ statement: null }), 'another statement than was issued'],
      'that never expires': [siwe({ expirationTime: null }), 'the text never expires'],
      'that is expired': [
        siwe({ issuedAt: iso(START_MS - 60_000), expirationTime: iso(START_MS) }),
        'the text is expired',
      ],
      'from the future': [siwe({ issuedAt: iso(START_MS + 60_001) }), 'issued in the future'],
      'that is not valid yet': [siwe({ notBefore: iso(START_MS + 60_001) }), 'not valid yet'],
      'that is valid too long': [
        siwe({ expirationTime: iso(START_MS + 600_001) }),
        'the text is valid for too long',
      ],
      'that asks for more than the challenge': [
        siwe({ resources: ['urn:calimero:permission:admin'] }),
        'the resources are not the permissions that were asked for',
      ],
      'that hides what is asked for': [
        siwe(),
        'the resources are not the permissions that were asked for',
        fixedTerms({ permissions }),
      ],
      'with a second nonce': [
        siwe().replace('Issued At', `Nonce: ${NONCE}\nIssued At`),
        'not a text of EIP-4361: Issued At is missing on line 10',
      ],
      'with a line behind it': [
        `${siwe()}\nresources: all`,
        'not a text of EIP-4361: line 12 has no place in the text',
      ],
      'with a line end behind it': [
        `${siwe()}\n`,
        'not a text of EIP-4361: line 12 has no place in the text',
      ],
      'with lines in another order': [
        siwe().replace(/(URI: .*)\n(Version: .*)/, '$2\n$1'),
        'not a text of EIP-4361: URI is missing on line 6',
      ],
      'with a statement of two lines': [
        siwe({ statement: 'Sign in to Calimero node\nand more' }),
        'not a text of EIP-4361: line 5 is not empty',
      ],
      'with line ends of two characters': [
        siwe().replaceAll('\n', '\r\n'),
        'not a text of EIP-4361: a character that no text has',
      ],
      'with letters that look alike': [
        siwe({ domain: 'nоde.example' }),
        'not a text of EIP-4361: a character that no text has',
      ],
      'with a chain id in another notation': [
        siwe({ chainId: '0x1' }),
        'not a text of EIP-4361: Chain ID is none',
      ],
      'with a time that is none': [
        siwe({ issuedAt: 'yesterday' }),
        'not a text of EIP-4361: Issued At is none',
      ],
      'with a nonce that is none': [
        siwe({ nonce: 'short' }),
        'not a text of EIP-4361: Nonce is none',
      ],
      'that is cut': [siwe().slice(0, 60), 'not a text of EIP-4361: the first line is none'],
      'that is empty': ['', 'not a text of EIP-4361: the first line is none'],
      'of another ecosystem': [
        siwe().replace('Ethereum', 'Stellar'),
        'not a text of EIP-4361: the first line is none',
      ],
    }
    for (const [name, [text, reason, terms]] of Object.entries(refusals)) {
      it(`is refused ${name}`, async () => {
        expect(await withItsText(text, terms)).to.equal(reason)
      })
    }

    it('is refused with the signature of another key', async () => {
      expect(await withItsText(siwe(), fixedTerms(), other)).to.equal('signed by another key')
    })

    it('is refused whatever is changed in it', async () => {
      const text = siwe()
      const { data } = await signed(text)
      const terms = fixedTerms()
      const challenge = await verifier.challenge(terms)
      const edits = fc.tuple(fc.nat(text.length), fc.nat(3), fc.string({ maxLength: 3 }))
      await fc.assert(
        fc.asyncProperty(edits, async ([at, cut, put]) => {
          const message = text.slice(0, at) + put + text.slice(at + cut)
          fc.pre(message !== text)
          const attempt = { terms, challenge, publicKey: wallet.address }
          await isRefused(verifier.verify({ ...attempt, data: { ...(data as object), message } }))
        }),
        { numRuns: 300 },
      )
    })
  })

  it('finds no nonce where there is none, and throws nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        expect(verifier.nonceOf?.(data)).to.equal(undefined)
      }),
    )
    for (const data of [
      { message: siwe({ nonce: 'abcdefgh' }) },
      { message: siwe().padEnd(16_385) },
      { message: [siwe()] },
      null,
    ]) {
      expect(verifier.nonceOf?.(data)).to.equal(undefined)
    }
  })

  it('is not made with chain ids that are none', () => {
    expect(() => ethereumWallet({ chains: [{ chainId: 0 }] })).to.throw(TypeError)
    expect(() => ethereumWallet({ chains: [{ chainId: 1 }, { chainId: 1 }] })).to.throw(TypeError)
    expect(() => ethereumWallet({ chains: [{ chainId: 1, rpcUrls: ['x'] }] })).to.throw(TypeError)
  })
})

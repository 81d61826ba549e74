import { expect } from 'chai'
import type { ChallengeTerms } from '../../../../src/auth/wallet-verifier.ts'
import { permissionUri, signInText } from '../../../../src/chains/shared/sign-in-text.ts'
import { thrownCode } from '../../../support/error-code.ts'

const TERMS: ChallengeTerms = {
  nonce: 'ab'.repeat(32),
  domain: 'node.example',
  origin: 'https://node.example',
  issuedAtMs: Date.UTC(2026, 10, 21, 20),
  expiresAtMs: Date.UTC(2026, 10, 21, 20, 5),
  permissions: [],
}
const OPTIONS = { chainName: 'Stellar', chainId: 'stellar:testnet', account: 'GABC' }

describe('the text of a sign-in', () => {
  it('is the one of CAIP-122', () => {
    expect(signInText(TERMS, OPTIONS)).to.equal(
      [
        'node.example wants you to sign in with your Stellar account:',
        'GABC',
        '',
        'Sign in to Calimero node',
        '',
        'URI: https://node.example',
        'Version: 1',
        'Chain ID: stellar:testnet',
        `Nonce: ${'ab'.repeat(32)}`,
        'Issued At: 2026-11-21T20:00:00Z',
        'Expiration Time: 2026-11-21T20:05:00Z',
      ].join('\n'),
    )
  })

  it('lists permissions as resources, none of which can write a line of its own', () => {
    const permissions = ['context:execute[a,b]', 'admin\nNonce: 0']
    expect(
      signInText({ ...TERMS, permissions }, OPTIONS)
        .split('\n')
        .slice(11),
    ).to.deep.equal([
      'Resources:',
      '- urn:calimero:permission:context:execute%5Ba,b%5D',
      '- urn:calimero:permission:admin%0ANonce:%200',
    ])
  })

  it('refuses a permission that is no text', () => {
    expect(thrownCode(() => permissionUri('\ud800'))).to.equal('AUTH_BAD_REQUEST')
  })
})

import { expect } from 'chai'
import { hiddenLabels, shownAddress } from '../../../src/node/primitives/shown-address.ts'
import { endpointAddress } from '../../../src/chains/shared/endpoint-address.ts'

const KEY = '0123456789abcdef0123456789abcdef'

describe('the address of a service as it is shown', () => {
  const shown: Readonly<Record<string, string>> = {
    [`https://${KEY}.provider.example/v3`]: 'https://….provider.example',
    [`https://${KEY}.eth-mainnet.provider.example:8545`]:
      'https://….eth-mainnet.provider.example:8545',
    [`wss://eth-mainnet2.${KEY}.provider.example`]: 'wss://eth-mainnet2.….provider.example',
    'https://wild-tame-river.quiknode.example/token': 'https://….quiknode.example',
    'https://mainnet.provider.example/v3/key?key=key': 'https://mainnet.provider.example',
    'https://user:password@rpc.provider.example/': 'https://rpc.provider.example',
    'https://provider.example': 'https://provider.example',
    'http://127.0.0.1:8545/key': 'http://127.0.0.1:8545',
    'http://[2001:db8::1]:8545': 'http://[2001:db8::1]:8545',
    'http://localhost:8545': 'http://localhost:8545',
  }
  for (const [url, text] of Object.entries(shown)) {
    it(`is ${text} for one such as ${url.replaceAll(KEY, '<key>')}`, () => {
      expect(shownAddress(url)).to.equal(text)
    })
  }

  it('names what is hidden, for words of others that repeat it', () => {
    expect(hiddenLabels(`https://${KEY}.mainnet.provider.example`)).to.deep.equal([KEY])
    const { name, redact } = endpointAddress(`https://${KEY}.mainnet.provider.example/path-secret`)
    expect(name).to.equal('https://….mainnet.provider.example')
    const words = `getaddrinfo ENOTFOUND ${KEY}.mainnet.provider.example /path-secret`
    expect(redact(words)).to.equal('getaddrinfo ENOTFOUND …mainnet.provider.example /…')
  })
})

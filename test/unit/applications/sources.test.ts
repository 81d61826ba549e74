import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  MAX_PATH_LENGTH,
  MAX_REDIRECTS,
  MAX_URL_LENGTH,
} from '../../../src/node/applications/limits.ts'
import { isPublicAddress } from '../../../src/node/applications/public-address.ts'
import {
  fetchInstallUrl,
  fileSource,
  readInstallFile,
} from '../../../src/node/applications/sources.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { tempFolder } from '../../support/temp-folder.ts'

interface Web extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly hits: string[]
}

/** A web server on loopback. */
async function web(listener: RequestListener): Promise<Web> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(request.url ?? '')
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hits,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const open = { allowPrivateHosts: true }

describe('isPublicAddress', () => {
  it('knows private, special and mapped addresses', () => {
    const special = [
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      'fe80::1',
      'fc00::1',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '2001:0:1::',
      'localhost',
      '',
    ]
    for (const address of special) expect(isPublicAddress(address), address).to.equal(false)
    for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700::1111']) {
      expect(isPublicAddress(address), address).to.equal(true)
    }
  })
})

describe('fetchInstallUrl', () => {
  it('refuses loopback and private addresses in every spelling, without connecting', async () => {
    await using site = await web((_, response) => response.end('secret'))
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]']
    for (const host of [...hosts, '169.254.169.254', '10.0.0.1', '0.0.0.0']) {
      const code = await rejectionCode(fetchInstallUrl(`http://${host}:${site.port}/app`))
      expect(code, host).to.equal('INSTALL_URL_REFUSED')
    }
    expect(site.hits).to.deep.equal([])
  })

  it('refuses a public name when any of its addresses is private', async () => {
    const resolve = (): Promise<{ address: string; family: number }[]> =>
      Promise.resolve([
        { address: '203.0.114.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ])
    const code = await rejectionCode(fetchInstallUrl('http://rebind.example/app', { resolve }))
    expect(code).to.equal('INSTALL_URL_REFUSED')
  })

  it('connects to the address it checked: the name is resolved once per request', async () => {
    await using site = await web((_, response) => response.end('bytes'))
    let resolved = 0
    const resolve = (): Promise<{ address: string; family: number }[]> => {
      resolved++
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }])
    }
    const url = `http://app.example:${site.port}/`
    expect(await fetchInstallUrl(url, { ...open, resolve })).to.deep.equal(utf8('bytes'))
    expect(resolved).to.equal(1)
  })

  it('says that a name is unknown', async () => {
    const resolve = (): Promise<never> => Promise.reject(new Error('ENOTFOUND'))
    expect(await rejectionCode(fetchInstallUrl('http://nowhere.example/', { resolve }))).to.equal(
      'INSTALL_FETCH_FAILED',
    )
    const none = { resolve: () => Promise.resolve([]) }
    expect(await rejectionCode(fetchInstallUrl('http://nowhere.example/', none))).to.equal(
      'INSTALL_URL_REFUSED',
    )
  })

  it('checks the target of a redirect anew', async () => {
    await using inner = await web((_, response) => response.end('secret'))
    await using outer = await web((_, response) =>
      response.writeHead(302, { location: `${inner.url}/app` }).end(),
    )
    // the first name may go to loopback only because this resolver calls it public
    const url = `http://public.example:${outer.port}/`
    const resolve = (): Promise<{ address: string; family: number }[]> =>
      Promise.resolve([{ address: '127.0.0.1', family: 4 }])
    expect(await fetchInstallUrl(url, { ...open, resolve })).to.deep.equal(utf8('secret'))
    expect(await rejectionCode(fetchInstallUrl(url, { resolve }))).to.equal('INSTALL_URL_REFUSED')
    expect(inner.hits).to.have.length(1)
  })

  it('follows as many redirects as the limit says and not one more', async () => {
    await using site = await web((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(307, { location: `/${left - 1}` }).end()
    })
    expect(await fetchInstallUrl(`${site.url}/${MAX_REDIRECTS}`, open)).to.deep.equal(utf8('there'))
    expect(await rejectionCode(fetchInstallUrl(`${site.url}/${MAX_REDIRECTS + 1}`, open))).to.equal(
      'INSTALL_FETCH_FAILED',
    )
  })

  it('refuses redirects to other schemes', async () => {
    await using site = await web((_, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    )
    expect(await rejectionCode(fetchInstallUrl(site.url, open))).to.equal('INSTALL_URL_INVALID')
  })

  it('refuses other schemes, passwords and endless URLs', async () => {
    const urls = [
      'file:///etc/passwd',
      'ftp://example.org/x',
      'not a url',
      '',
      'http://user:pass@example.org/',
      `http://example.org/${'x'.repeat(MAX_URL_LENGTH)}`,
    ]
    for (const url of urls) {
      expect(await rejectionCode(fetchInstallUrl(url)), url.slice(0, 40)).to.equal(
        'INSTALL_URL_INVALID',
      )
    }
  })

  it('takes as many bytes as the limit says and not one more, announced or not', async () => {
    const body = new Uint8Array(100_000)
    await using site = await web((request, response) => {
      if (request.url === '/chunked') response.write(body.subarray(0, 10))
      response.end(request.url === '/chunked' ? body.subarray(10) : body)
    })
    for (const path of ['/plain', '/chunked']) {
      const url = site.url + path
      expect(await fetchInstallUrl(url, { ...open, maxBytes: 100_000 })).to.have.length(100_000)
      expect(await rejectionCode(fetchInstallUrl(url, { ...open, maxBytes: 99_999 }))).to.equal(
        'INSTALL_TOO_LARGE',
      )
    }
  })

  it('ends a download that hangs, that is cut off, and that is refused', async () => {
    await using site = await web((request, response) => {
      if (request.url === '/hang') response.write('a')
      else if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '10' })
        response.write('a', () => response.destroy())
      } else response.writeHead(404).end()
    })
    const code = (path: string, options = {}): Promise<string> =>
      rejectionCode(fetchInstallUrl(site.url + path, { ...open, ...options }))
    expect(await code('/hang', { timeoutMs: 100 })).to.equal('INSTALL_TIMEOUT')
    expect(await code('/hang', { signal: AbortSignal.timeout(50) })).to.equal('ABORTED')
    expect(await code('/hang', { signal: AbortSignal.abort() })).to.equal('ABORTED')
    expect(await code('/cut')).to.equal('INSTALL_FETCH_FAILED')
    expect(await code('/missing')).to.equal('INSTALL_FETCH_FAILED')
  })
})

describe('readInstallFile', () => {
  it('reads a file up to the limit and not beyond', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'app.wasm')
    await writeFile(path, 'abc')
    expect(await readInstallFile(path, 3)).to.deep.equal(Buffer.from('abc'))
    expect(await rejectionCode(readInstallFile(path, 2))).to.equal('INSTALL_TOO_LARGE')
  })

  it('refuses what is no readable file, without waiting for a pipe', async () => {
    await using folder = await tempFolder()
    const pipe = join(folder.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const path of [pipe, folder.path, join(folder.path, 'none'), '/dev/zero', '\0']) {
      expect(await rejectionCode(readInstallFile(path)), path).to.equal('INSTALL_FILE_UNREADABLE')
    }
    expect(await rejectionCode(readInstallFile('/'.repeat(MAX_PATH_LENGTH + 1)))).to.equal(
      'INSTALL_FILE_UNREADABLE',
    )
  })

  it('names a file without its folders', () => {
    expect(fileSource('/home/somebody/my app.wasm')).to.equal('file:my%20app.wasm')
  })
})

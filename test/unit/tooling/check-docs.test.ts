import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { findDefaultProblems, findErrorProblems } from '../../../scripts/check-docs.ts'
import { findRouteProblems } from '../../../scripts/support/documented-routes.ts'
import { errorsPage } from '../../../scripts/docs-errors.ts'
import { type ErrorEntry, findErrors } from '../../../scripts/support/error-catalogue.ts'

describe('documentation checks', () => {
  let root: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'check-docs-'))
    await mkdir(join(root, 'room'))
    await mkdir(join(root, 'other'))
  })
  afterEach(() => rm(root, { recursive: true }))

  const plant = (path: string, text: string): Promise<void> => writeFile(join(root, path), text)
  const entry = (code: string): ErrorEntry | undefined =>
    findErrors(root).find((each) => each.code === code)

  it('takes meanings and kinds from the union and the table of a room', async () => {
    await plant(
      'room/errors.ts',
      `
        /**
         * ROOM_FULL no place is
         * left; ROOM_GONE it is not there: look elsewhere.
         */
        export type RoomErrorCode = 'ROOM_FULL' | 'ROOM_GONE'
        const KINDS: Record<RoomErrorCode, ErrorKind> = { ROOM_FULL: 'limit', ROOM_GONE: 'missing' }
      `,
    )
    expect(entry('ROOM_FULL')).to.deep.include({
      room: 'room',
      kinds: new Set(['limit']),
      meaning: 'no place is left',
    })
    expect(entry('ROOM_GONE')?.meaning).to.equal('it is not there: look elsewhere')
  })

  it('takes meanings from comments inside the table', async () => {
    await plant(
      'room/errors.ts',
      `
        const KINDS = {
          /** Nobody is in. */
          ROOM_EMPTY: 'missing',
        } as const satisfies Record<string, ErrorKind>
      `,
    )
    expect(entry('ROOM_EMPTY')?.meaning).to.equal('Nobody is in.')
  })

  it('takes kind and message from where a code is thrown, values left out', async () => {
    await plant(
      'room/a.ts',
      `
        const message = \`expected at most \${max} chairs\`
        throw new MerogateError(isBig ? 'ROOM_BIG' : 'ROOM_HUGE', 'limit', message)
      `,
    )
    for (const code of ['ROOM_BIG', 'ROOM_HUGE']) {
      expect(entry(code)).to.deep.include({
        kinds: new Set(['limit']),
        message: 'expected at most … chairs',
      })
    }
    expect(errorsPage(findErrors(root))).to.include(
      '| `ROOM_BIG` | limit | “expected at most … chairs” |',
    )
  })

  it('finds codes that two rooms declare and codes that nobody explains', async () => {
    await plant('room/errors.ts', `/** X_A a thing. */\nexport type RoomErrorCode = 'X_A' | 'X_B'`)
    await plant('other/errors.ts', `export type OtherErrorCode = 'X_A'`)
    const problems = findErrorProblems(findErrors(root))
    expect(problems).to.have.length(2)
    expect(problems[0]).to.match(/^X_A is declared in other\/errors\.ts.*and room\/errors\.ts/)
    expect(problems[1]).to.match(/^X_B of src\/room has no meaning/)
  })

  it('finds a default that names no constant', async () => {
    await plant(
      'room/a.ts',
      `
        export const MAX_CHAIRS = 4
        interface Init {
          /** @default MAX_CHAIRS */ a: number
          /** @default {@link MAX_TABLES} */ b: number
          /** @default none */ c: number
        }
      `,
    )
    expect(findDefaultProblems(root)).to.deep.equal([
      'src/room/a.ts: @default MAX_TABLES names no constant',
    ])
  })
})

describe('the list of routes in the documentation', () => {
  const page = `
## Calls: \`POST /jsonrpc\`

| route                                   | data |
| --------------------------------------- | ---- |
| \`GET /auth/challenge\`, **+** \`POST\` | text |
| \`GET\`, \`POST /auth/check\`           | text |
| \`DELETE /keys/:key_id\`, \`/\`         | text |

| what        | permission |
| ----------- | ---------- |
| \`/unread\` | none       |

## Administration: \`/admin-api\`

\`execute\` is a method.

| method, path                                            | body |
| ------------------------------------------------------- | ---- |
| \`GET /blobs\`, \`GET /blobs/:id?a=\`, \`HEAD\`, \`DELETE\` |      |
| \`POST /x/grant\`, \`.../revoke\`                       |      |
`
  const rows = [
    ...['POST /jsonrpc', 'GET /auth/challenge', 'POST /auth/challenge', 'GET /auth/check'],
    ...['POST /auth/check', 'DELETE /keys/:id', 'DELETE /', 'GET /admin-api/blobs'],
    ...['GET /admin-api/blobs/:id', 'DELETE /admin-api/blobs/:id', 'POST /admin-api/x/grant'],
    ...['POST /admin-api/x/revoke', 'rpc execute'],
  ]

  it('has every way to write a route down', () => {
    expect(findRouteProblems(page, rows)).to.deep.equal([])
  })

  it('says what is not in it, and what it has that nothing serves', () => {
    const others = [...rows.filter((row) => row !== 'GET /auth/check'), 'PUT /secret', 'ws nothing']
    expect(findRouteProblems(page, others)).to.deep.equal([
      'docs/api.md has no row for PUT /secret',
      'docs/api.md does not say what ws nothing does',
      'docs/api.md has GET /auth/check, which nothing serves',
    ])
  })
})

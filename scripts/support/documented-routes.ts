/** Reads which routes, RPC methods and commands of a socket `docs/api.md` has, to hold it against the table of what each of them needs. */

/** First cells of tables that list routes. */
const ROUTE_COLUMNS = ['route', 'path', 'method, path']

const METHOD = /^(?:GET|PUT|POST|DELETE|HEAD)$/

/** A template without the names of its places, queries or a slash at the end: `GET /contexts/:`. */
function normal(method: string, path: string): string {
  const bare = path.replace(/\?.*$/, '').replace(/:\w+/g, ':')
  return `${method === 'HEAD' ? 'GET' : method} ${bare.length > 1 ? bare.replace(/\/$/, '') : bare}`
}

/** Pieces of code in a cell or heading, in order. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/**
 * Routes that one cell names. A path has the methods before it, or those of the path before; methods that nothing follows are those of the last path.
 * `.../x` stands for the path before with another end.
 */
function routesIn(cell: string, prefix: string): string[] {
  const found: string[] = []
  let path = ''
  let methods = ['GET']
  let fresh: string[] = []
  const add = (): void => {
    for (const method of methods) found.push(normal(method, prefix + path))
  }
  for (const code of codeIn(cell)) {
    const words = code.split(' ')
    const [word = ''] = words
    if (METHOD.test(word)) fresh.push(word)
    const given = METHOD.test(word) ? words[1] : word
    if (given === undefined) continue
    if (!/^(?:\/|\.\.\.)/.test(given)) continue
    path = given.replace(/^\.\.\./, path.replace(/\/[^/]*$/, ''))
    if (fresh.length > 0) [methods, fresh] = [fresh, []]
    add()
  }
  if (fresh.length > 0) {
    methods = fresh
    add()
  }
  return found
}

/** All routes of a page: those in its headings with their method, and in the first column of its tables of routes, whose paths are below the one that the heading names. */
export function documentedRoutes(page: string): ReadonlySet<string> {
  const routes = new Set<string>()
  let prefix = ''
  let isListing = false
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) {
      const [code = ''] = codeIn(line)
      prefix = code === '/admin-api' ? code : ''
      if (METHOD.test(code.split(' ')[0] ?? '')) {
        for (const route of routesIn(line, '')) routes.add(route)
      }
    }
    if (!line.startsWith('|')) {
      isListing = false
      continue
    }
    const [, first = ''] = line.split('|')
    if (ROUTE_COLUMNS.includes(first.trim())) isListing = true
    else if (isListing) for (const route of routesIn(first, prefix)) routes.add(route)
  }
  return routes
}

/** What the page lacks of the rows, and what it has besides, one line each. @param rows as in the table of what everything needs */
export function findRouteProblems(page: string, rows: readonly string[]): string[] {
  const documented = documentedRoutes(page)
  const served = new Set<string>()
  const problems = rows.flatMap((row) => {
    const [kind = '', name = ''] = row.split(' ')
    if (METHOD.test(kind)) {
      const route = normal(kind, name)
      served.add(route)
      return documented.has(route) ? [] : [`docs/api.md has no row for ${row}`]
    }
    return page.includes(`\`${name}\``) ? [] : [`docs/api.md does not say what ${row} does`]
  })
  const more = [...documented].filter((route) => !served.has(route))
  return [...problems, ...more.map((route) => `docs/api.md has ${route}, which nothing serves`)]
}

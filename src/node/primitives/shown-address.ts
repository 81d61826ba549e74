/**
 * The address of a service as it may be shown and logged. Providers put keys of their customers into user, path, query, and names of hosts:
 * `https://<key>.provider.example`.
 */

/** Takes the place of what is not shown. */
const HIDDEN = '…'
/** Parts of a host's name that stand for themselves; whatever else stands before the last two may be a key. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'www rpc api json http https ws wss eth ethereum evm main mainnet net test testnet dev devnet sepolia holesky hoodi goerli l1 l2 base ' +
    'optimism op arbitrum arb polygon matic gnosis bsc linea scroll zksync near stellar horizon soroban futurenet archival archive full light ' +
    'beacon execution node nodes gateway gw relayer relay public open free eu us asia ap west east north south central'
  ).split(' '),
)

/** Scheme, host and port of an address, without what may be a key. @throws TypeError when it is none */
export function shownAddress(text: string): string {
  const { protocol, host } = new URL(text)
  return `${protocol}//${publicHost(host)}`
}

/** A host and its port; parts of the name that may be a key are hidden. */
function publicHost(host: string): string {
  const labels = host.split('.')
  if (labels.length <= 2 || isNumeric(host)) return host
  const shown = labels.map((label, i) => (isShown(label, labels.length - i) ? label : HIDDEN))
  return shown.join('.')
}

/** Parts of an address's host that {@link shownAddress} hides. */
export function hiddenLabels(text: string): readonly string[] {
  const { host } = new URL(text)
  const labels = host.split('.')
  if (labels.length <= 2 || isNumeric(host)) return []
  return labels.filter((label, i) => !isShown(label, labels.length - i))
}

/** The name of whoever offers the service, and words. `fromEnd`: 1 for the last part. */
function isShown(label: string, fromEnd: number): boolean {
  if (fromEnd <= 2) return true
  return label
    .split('-')
    .every((word) => WORDS.has(word) || WORDS.has(word.replace(/\d{1,2}$/, '')))
}

/** An address of the fourth or sixth version. */
function isNumeric(host: string): boolean {
  return host.startsWith('[') || /^[\d.]+(?::\d+)?$/.test(host)
}

/** What `merogate chain status` tells people of any chain: where it stands, then what each endpoint showed. */
import type {
  BlockState,
  CommonReport,
  CommonState,
  HeightReport,
  NetworkEndpointReport,
} from '../../../chains/shared/inspect.ts'
import { table } from '../../output.ts'

/** Seconds from which minutes are shown. */
const MINUTES_FROM = 120

/** What only one chain has. */
export interface StatusParts<S> {
  /** What the report is of: the first line. */
  readonly title: string
  /** Lines below it: where the chain stands, and what else there is. */
  state(state: S): readonly string[]
  /** Lines below the endpoints. @default none */
  readonly endpoints?: readonly string[]
  /** Tables at the end. */
  tables(state: S): readonly string[]
}

export function statusText<S extends CommonState>(
  { endpoints, state }: CommonReport<string | number, S>,
  parts: StatusParts<S>,
): string {
  const tail = [
    '',
    table(endpoints, ENDPOINT_COLUMNS, 'no endpoints'),
    ...endpoints.flatMap(({ reason }) => reason ?? []),
    ...(parts.endpoints ?? []),
  ]
  if (state === undefined) return [parts.title, ...tail, '', 'no endpoint can be used'].join('\n')
  return [
    parts.title,
    ...parts.state(state),
    ...tail,
    ...parts.tables(state).flatMap((each) => ['', each]),
  ].join('\n')
}

/** Where a chain of blocks stands. */
export function heightLines({ head, final }: BlockState): readonly string[] {
  return [`head       ${heightText(head)}`, `final      ${heightText(final)}`]
}

function heightText({ number, ageSeconds }: HeightReport): string {
  const isRecent = ageSeconds < MINUTES_FROM
  return `${number}, ${isRecent ? `${ageSeconds} s` : `${Math.round(ageSeconds / 60)} min`} ago`
}

type Row = NetworkEndpointReport<string | number>

const ENDPOINT_COLUMNS = {
  ENDPOINT: ({ name }: Row) => name,
  STATE: ({ state }: Row) => state,
  CHAIN: ({ chainId }: Row) => String(chainId ?? ''),
  BLOCK: ({ head }: Row) => String(head ?? ''),
  LATENCY: ({ latencyMs }: Row) => (latencyMs === undefined ? '' : `${latencyMs} ms`),
}

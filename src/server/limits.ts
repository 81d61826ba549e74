/** Every bound on what a client of the server can send or hold. The times are defaults of {@link HttpServerInit}. */

/** JSON bodies of admin routes, bytes after decompression: the framework default of the original API. */
export const MAX_JSON_BYTES: number = 2 * 1024 * 1024

/** Bodies of sign-in and of keys, bytes. */
export const MAX_AUTH_BYTES: number = 64 * 1024

/** Bodies of `/jsonrpc`, bytes: {@link MAX_ARGS_BYTES} of arguments and room for the envelope. */
export const MAX_RPC_BYTES: number = 12 * 1024 * 1024

/** Arguments of one call as JSON text, bytes. */
export const MAX_ARGS_BYTES: number = 10 * 1024 * 1024

/** Nesting of arrays and objects in any JSON a client sends: the recursion limit of serde_json, so guests can read it too. */
export const MAX_JSON_DEPTH = 128

/** Arrays, objects and their elements in any JSON a client sends: those of a byte vector of this length in arguments. */
export const MAX_JSON_ELEMENTS = 1_000_000

/** JSON that is parsed in the main thread, bytes: at most 5 ms of work, whatever is in it. Larger texts are read in a thread of their own; besides the arguments of calls they may hold as much. */
export const MAX_INLINE_JSON_BYTES: number = 32 * 1024

/** JSON that waits for that thread, bytes. */
export const MAX_READ_AHEAD_BYTES: number = 96 * 1024 * 1024

/** Of it what comes from one address that is none of this machine, or from one key, bytes. */
export const MAX_READ_AHEAD_BYTES_PER_SENDER: number = 32 * 1024 * 1024

/** Bodies of requests that are not answered yet, bytes of all together. */
export const MAX_BODY_BYTES: number = 128 * 1024 * 1024

/** Those from one address that is none of this machine, bytes. */
export const MAX_BODY_BYTES_PER_ADDRESS: number = 32 * 1024 * 1024

/** A body up to this many bytes is small. */
export const MAX_SMALL_BODY_BYTES: number = 64 * 1024

/** Room that only small bodies may take, bytes of all together, besides {@link MAX_BODY_BYTES}. */
export const SMALL_BODIES_BYTES: number = 16 * 1024 * 1024

/** Large bodies of one sender, bytes a second: reading one costs the main thread 5 ms for each MiB. What is above it is read later. */
export const LARGE_BODY_BYTES_PER_SECOND: number = 16 * 1024 * 1024

/** So much of that at once, ms of it. */
export const LARGE_BODY_BURST_MS = 1_000

/** Longest time that a large body waits to be read, ms; what would wait longer is refused. It has its room meanwhile, so one sender cannot have all of that. */
export const MAX_LARGE_BODY_WAIT_MS = 2_000

/** Senders of large bodies that are told apart; of more, who sent longest ago is forgotten. */
export const MAX_PACED_SENDERS = 4_096

/** A client has this long to send a JSON body, ms. */
export const BODY_TIMEOUT_MS = 60_000

/** Characters of a method name. */
export const MAX_METHOD_CHARS = 256
/** Characters of a service's name. */
export const MAX_SERVICE_CHARS = 256

/** Requests in one JSON-RPC batch. */
export const MAX_BATCH = 50

/** Entries of `substitute` in one call. */
export const MAX_SUBSTITUTIONS = 64

/** One call or one batch may take this long, ms; then what is not being stored is given up. With the grace below less than the minute that clients wait. */
export const RPC_TIMEOUT_MS = 55_000

/** How long after that the node may still say what became of a call, ms; then the answer is that nobody knows. */
export const RPC_GRACE_MS = 2_000

/** Longest wait a client may ask for with `?wait=`, ms. */
export const MAX_WAIT_MS = 60_000

/** One uploaded blob, bytes. */
export const MAX_UPLOAD_BYTES: number = 512 * 1024 * 1024

/** Metadata of an application, bytes (the anchor refuses more). */
export const MAX_METADATA_BYTES = 1024

/** A URL or path to install from, characters. */
export const MAX_SOURCE_CHARS = 2048

/** An invitation as text, characters. */
export const MAX_INVITATION_CHARS = 16_384

/** Identities in one membership request. */
export const MAX_MEMBERS_PER_REQUEST = 256

/** Addresses in one dial request. */
export const MAX_DIAL_ADDRESSES = 16

/** Rows of a list that was asked for without `limit`. */
export const MAX_LIST_ROWS = 10_000

/** Rows of one page. */
export const MAX_PAGE_ROWS = 1000

/** Calls of one caller into one context that may use up their fuel or time in a burst: each takes a thread for up to 5 s. */
export const MAX_OVERRUNS = 3

/** After this one more may, ms. */
export const OVERRUN_REFILL_MS = 10_000

/** Calls of one key that are not answered yet. */
export const MAX_CALLS_PER_KEY = 256

/** Callers and contexts whose overruns are counted. */
export const MAX_OVERRUNNERS = 4096

/** Between two looks at how late the event loop is, ms. */
export const LOAD_LOOK_MS = 50

/** Looks of this long count, ms. */
export const LOAD_WINDOW_MS = 5_000

/** When what comes waits this long for the event loop, ms, requests without a token are refused where others have one. */
export const BUSY_FOR_STRANGERS_MS = 200

/** The same for requests that only read, ms; from then on `/ready` says no. */
export const BUSY_FOR_READERS_MS = 500

/** The same for all, ms, health aside. */
export const BUSY_FOR_ALL_MS = 1_500

/** How long a client that takes 202 for an answer waits for a better one when it does not say, ms. */
export const OPERATION_WAIT_MS = 10_000

/** How long the outcome of an operation is kept for whoever asks again, ms. */
export const OPERATION_KEPT_MS = 600_000

/** Operations that run or are kept. */
export const MAX_KEPT_OPERATIONS = 1024

/** Those of one key. */
export const MAX_OPERATIONS_PER_CALLER = 256

/** Of so many operations of a route, the last ones, it is known how long they took. */
export const OPERATION_SAMPLES = 20

/** Characters of a request id a client may choose. */
export const MAX_REQUEST_ID_CHARS = 128

/** Open connections of clients, WebSockets among them. */
export const MAX_CONNECTIONS = 1024

/** Those from one address that is none of this machine. */
export const MAX_CONNECTIONS_PER_ADDRESS = 128

/** Requests on one connection that are not answered yet. */
export const MAX_REQUESTS_PER_CONNECTION = 4

/** Bytes of answers and events that wait for their clients to read them, of all together; above it those are cut off that read nothing. */
export const MAX_UNREAD_BYTES: number = 32 * 1024 * 1024

/** For so long they have read nothing, ms. */
export const STUCK_MS = 1_000

/** Between two looks at that, ms. */
export const UNREAD_LOOK_MS = 250

/** Open WebSockets. */
export const MAX_WS_CONNECTIONS = 256

/** Open WebSockets of one key. */
export const MAX_WS_PER_KEY = 64

/** Open WebSockets from one address that is none of this machine. */
export const MAX_WS_PER_ADDRESS = 64

/** One frame from a WebSocket client, bytes; larger ones close the socket with 1009. */
export const MAX_WS_FRAME_BYTES: number = 1024 * 1024

/** Ids in one subscribe or unsubscribe. */
export const MAX_WS_IDS_PER_COMMAND = 256

/** Contexts one socket is subscribed to. */
export const MAX_WS_SUBSCRIPTIONS = 1024

/** Commands of one socket that are not answered yet. */
export const MAX_WS_IN_FLIGHT = 32

/** What the frames of one key may cost in a second, in units of some 10 us of the main thread, and twice as much at once; above it they are read more slowly. Where nobody signs in, those of one socket. */
export const WS_UNITS_PER_SECOND = 10_240

/** Bytes of a frame that cost a unit. */
export const WS_BYTES_PER_UNIT = 32

/** Each context that is subscribed to costs as much as so many bytes more: it is looked up. */
export const WS_BYTES_PER_ID = 160

/** Bytes queued on a socket above which its subscriptions stop sending and later continue from the event log. */
export const WS_SOFT_BUFFER_BYTES: number = 1024 * 1024

/** Bytes queued on a socket above which it is closed with 1013. Only unread answers can get there. */
export const WS_HARD_BUFFER_BYTES: number = 8 * 1024 * 1024

/** Mutations read from the event log at once while a subscription catches up. */
export const WS_REPLAY_PAGE = 256

/** Between two pings of a socket, ms. */
export const WS_PING_INTERVAL_MS = 30_000

/** A socket without a pong for one ping interval and this long is closed, ms. */
export const WS_PONG_TIMEOUT_MS = 10_000

/** How long `stop()` waits for requests that are being answered, ms. */
export const DRAIN_MS = 10_000

/** A connection without a request is kept this long after an answer, ms. */
export const KEEP_ALIVE_MS = 5_000

/** A client that reads nothing of its answer for this long is cut off, ms. */
export const UNREAD_TIMEOUT_MS = 120_000

/** A client has this long to send the headers of a request, from the opening of the connection too, ms. */
export const HEADERS_TIMEOUT_MS = 10_000

/** A client has this long to send a whole request, uploads included, ms. */
export const REQUEST_TIMEOUT_MS = 300_000

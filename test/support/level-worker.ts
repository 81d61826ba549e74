/** Runs in a worker thread: opens the database that the main thread holds open and answers keys with values, read synchronously. */
import { parentPort, workerData } from 'node:worker_threads'
import { Level } from 'level'

const db = new Level<Uint8Array, Uint8Array>(String(workerData), {
  keyEncoding: 'view',
  valueEncoding: 'view',
  multithreading: true,
})
await db.open()
parentPort?.on('message', (key: Uint8Array | undefined) => {
  if (key === undefined) void db.close().then(() => parentPort?.close())
  else parentPort?.postMessage(db.getSync(key))
})
parentPort?.postMessage('ready')

/** An endpoint that is there and says nothing. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** Takes connections and never answers. */
export async function muteServer(port: number): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {})) // the other side may go away
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

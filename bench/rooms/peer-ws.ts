import { DatabaseSync } from "node:sqlite";
import { textOfData } from "./raw-client.ts";
import { type WebSocket, WebSocketServer } from "ws";

/** A room as one writes it with `ws` alone: whatever one says everybody gets. Prints its port. */
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
const insert = process.argv[2] === "--sqlite" ? openLog(process.argv[3] ?? "") : undefined;

server.on("connection", (socket: WebSocket) => {
  socket.on("message", (data) => {
    const text = textOfData(data);
    insert?.(text);
    for (const other of server.clients) other.send(text);
  });
});
server.on("listening", () => {
  const address = server.address();
  console.log(typeof address === "object" && address ? address.port : "");
});

function openLog(file: string): (text: string) => void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE message (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  const statement = database.prepare("INSERT INTO message (text) VALUES (?)");
  return (text) => void statement.run(text);
}

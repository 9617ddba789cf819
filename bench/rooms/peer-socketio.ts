import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Server } from "socket.io";

/**
 * A room as one writes it with socket.io: everybody joins, whatever one says everybody gets. With `--sqlite <file>` each message is one
 * insert, durable before it goes out. Prints its port.
 */
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
const insert = process.argv[2] === "--sqlite" ? openLog(process.argv[3] ?? "") : undefined;

io.on("connection", (socket) => {
  void socket.join("bench");
  socket.on("m", (text: string) => {
    insert?.(text);
    io.to("bench").emit("m", text);
  });
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  console.log(typeof address === "object" && address ? address.port : "");
});

function openLog(file: string): (text: string) => void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE message (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  const statement = database.prepare("INSERT INTO message (text) VALUES (?)");
  return (text) => void statement.run(text);
}

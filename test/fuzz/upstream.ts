import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chatAnswer, messagesAnswer, responsesAnswer, type Said } from "../clients/provider-bytes.ts";

/**
 * A provider that answers everything, whatever it is asked, in the protocol of the path: what then goes wrong is the gateway's. Every few
 * answers call a tool.
 */
export async function openUpstream(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  let count = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("error", () => response.destroy());
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      count += 1;
      const isStream = /"stream"\s*:\s*true/.test(Buffer.concat(chunks).toString("latin1"));
      const said: Said =
        count % 5 === 0 ? { tool: "get_weather", input: { city: "Paris" } } : { text: "Hello, héllo 👋" };
      const path = request.url ?? "";
      const made = path.includes("/responses")
        ? responsesAnswer(said, isStream)
        : path.endsWith("/messages")
          ? messagesAnswer(said, isStream)
          : path.includes("/chat/completions")
            ? chatAnswer(said, isStream)
            : { pieces: [JSON.stringify({ object: "list", data: [], input_tokens: 3 })] };
      response.setHeader("content-type", made.isStream === true ? "text/event-stream" : "application/json");
      for (const piece of made.pieces) response.write(piece);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

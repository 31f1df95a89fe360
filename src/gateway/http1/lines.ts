import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Line, type LineHouse } from "./line.ts";

/** What clients may take their time for, in ms, and how often it is looked at. */
export type LineTimes = {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly checkMs: number;
};

export type LineOptions = Pick<LineHouse, "isServed" | "take" | "maxHeadBytes"> & {
  readonly times: LineTimes;
  /** Of the server: its connections that are ready to be read. */
  readonly event: "connection" | "secureConnection";
};

/** The connections of a server that are served here; the others are node:http's. */
export type Lines = {
  /** Ends those that wait for nothing; the others with their answers. */
  close(): void;
  cutOff(): void;
};

/** Kept for longer than clients are told: what they send at the last moment is not lost. As node:http has it. */
const KEEP_ALIVE_GRACE_MS = 1000;

type Connected = (this: Server, socket: Socket) => void;

/**
 * Stands before node:http on the connections of its server: reads the requests that are usual, and gives the connection to node:http, bytes and all, at
 * the first that is not. Ends with the server.
 */
export function openLines(server: Server, options: LineOptions): Lines {
  const { times, event } = options;
  const [toNode, ...others] = server.listeners(event) as Connected[];
  if (toNode === undefined || others.length > 0)
    throw new Error(`node:http does not listen to "${event}" as it did`);
  server.removeListener(event, toNode);
  const lines = new Set<Line>();
  let isClosing = false;
  const house: LineHouse = {
    ...options,
    keepAliveS: Math.floor(times.keepAliveMs / 1000),
    get isClosing() {
      return isClosing;
    },
    giveAway(line, bytes) {
      const { socket } = line;
      lines.delete(line);
      // Not read on before node:http listens.
      socket.pause();
      socket.unshift(bytes);
      toNode.call(server, socket);
      socket.resume();
    },
    closed: (line) => lines.delete(line),
  };
  server.on(event, (socket: Socket) => lines.add(new Line(socket, house)));
  const check = setInterval(() => endLate(lines, times), times.checkMs);
  check.unref();
  server.once("close", () => clearInterval(check));
  return {
    close() {
      isClosing = true;
      for (const line of lines) if (line.awaits === "next") line.socket.destroy();
    },
    cutOff() {
      for (const line of lines) line.socket.destroy();
    },
  };
}

function endLate(lines: ReadonlySet<Line>, times: LineTimes): void {
  const next = times.keepAliveMs + KEEP_ALIVE_GRACE_MS;
  const most = { first: times.headersMs, next, body: times.requestMs };
  const now = performance.now();
  for (const line of lines) {
    const { awaits, sinceMs } = line;
    if (awaits === null || now - sinceMs <= most[awaits]) continue;
    // What has come meanwhile is read first: it may be what was waited for.
    setImmediate(() => {
      const isStill = lines.has(line) && line.awaits === awaits && line.sinceMs === sinceMs;
      if (isStill) line.cutOff();
    });
  }
}

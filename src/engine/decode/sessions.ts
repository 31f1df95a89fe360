import type { Session } from "../onnx/runtime.ts";
import type { AdapterShape } from "./linear-groups.ts";

/** One model as several graphs: alone, and with adapters of each shape. */
export type Sessions = {
  get(shape: AdapterShape | null): Promise<Session>;
  close(): Promise<void>;
};

// Each holds its own copy of the weights. The model alone, LoRA, DoRA, and one more choice of target modules.
const MAX_SESSIONS = 4;

/** Opens a session when it is first asked for: most processes need one. The least recently used makes room. */
export function createSessions(open: (shape: AdapterShape | null) => Promise<Session>): Sessions {
  const sessions = new Map<string, Promise<Session>>();
  const remove = async (key: string): Promise<void> => {
    const session = sessions.get(key);
    sessions.delete(key);
    await (await session)?.close();
  };
  return {
    async get(shape) {
      const key = shape === null ? "plain" : `${shape.kind}:${shape.number}:${shape.groups.join()}`;
      const session = sessions.get(key) ?? open(shape);
      // A map keeps the order of insertion: the first is the one used longest ago.
      sessions.delete(key);
      sessions.set(key, session);
      if (sessions.size > MAX_SESSIONS) await remove([...sessions.keys()][0]);
      return session;
    },
    async close() {
      for (const key of sessions.keys()) await remove(key);
    },
  };
}

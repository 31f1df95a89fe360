import type { Accountant, Caller, Gatekeeper, Observer } from "./hooks.ts";

const ANYONE: Caller = { keyId: "anonymous", role: "viewer", models: null, hasKey: false };

/** Lets everyone in who can reach the port: on loopback, without keys. */
export const openDoor: Gatekeeper = { admit: () => ANYONE };

/** No limits. */
export const noLimits: Accountant = {
  reserve: () => ({ settle: () => {}, release: () => {} }),
};

export const nobodyWatches: Observer = () => {};

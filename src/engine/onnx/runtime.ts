import { availableParallelism } from "node:os";
import { HouseError } from "../../core/index.ts";
import type * as OrtModule from "onnxruntime-common";
import type { InferenceSession, Tensor as OrtTensor, TypedTensor } from "onnxruntime-common";

/** A tensor handed to a session or filled by it. Data is used in place, never copied on the native runtime. */
export type SessionTensor = OrtTensor;

export type TensorData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array | Uint16Array;

export type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Blocks its thread while it computes. Outputs named in `fetches` with a tensor are written into that tensor's data in place. */
  run(
    feeds: Record<string, SessionTensor>,
    fetches?: Record<string, SessionTensor | null>,
  ): Promise<Record<string, SessionTensor>>;
  close(): Promise<void>;
};

export type SessionOptions = {
  /** Threads of one operator; 1 unless said otherwise: more spin against each other on busy machines. */
  readonly threads?: number;
  /** Allocates the intermediate values of a run as one block after the first run; true unless said otherwise. */
  readonly memoryPattern?: boolean;
  /** Keeps freed memory for the session's next run; true unless said otherwise. False shares it with other sessions. */
  readonly memoryArena?: boolean;
};

/** ONNX Runtime, natively or as WebAssembly: the same graphs run on both. */
export type Runtime = {
  readonly kind: "native" | "wasm";
  tensor(type: "float32", data: Float32Array, shape: readonly number[]): TypedTensor<"float32">;
  tensor(type: SessionTensor["type"], data: TensorData, shape: readonly number[]): SessionTensor;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
};

type Ort = typeof OrtModule;

/**
 * The native runtime where its library loads, else the WebAssembly one (about 5 times slower).
 * Throws HouseError `no-engine` when neither is installed.
 */
export async function openRuntime(kind?: Runtime["kind"]): Promise<Runtime> {
  if (kind !== undefined) return load(kind);
  try {
    return await load("native");
  } catch (nativeError) {
    try {
      return await load("wasm");
    } catch {
      throw new HouseError(
        "no-engine",
        'Cannot load ONNX Runtime: install it with "npm install onnxruntime-node", or "npm install onnxruntime-web" where it has no build for this machine',
        { cause: nativeError },
      );
    }
  }
}

const load = (kind: Runtime["kind"]): Promise<Runtime> => (kind === "native" ? loadNative() : loadWasm());

async function loadNative(): Promise<Runtime> {
  const module = (await import("onnxruntime-node")) as unknown as Ort & { default?: Ort };
  return runtimeOf("native", module.default ?? module);
}

async function loadWasm(): Promise<Runtime> {
  // By a variable: the package is optional, and types need not resolve it.
  const name = "onnxruntime-web";
  const module = (await import(name)) as Ort & { default?: Ort };
  const ort = module.default ?? module;
  ort.env.wasm.numThreads = 1;
  return runtimeOf("wasm", ort);
}

function runtimeOf(kind: Runtime["kind"], ort: Ort): Runtime {
  return {
    kind,
    tensor(type: "float32", data: Float32Array, shape: readonly number[]) {
      // The library's constructor is a union of overloads, one per type; ours are a subset of them.
      const tensor = new ort.Tensor(type, data, [...shape]);
      // On Node 24 it makes a Float16Array of float16 patterns, which onnxruntime-node 1.30 then takes for an empty one.
      if ((type as string) === "float16") Object.assign(tensor, { cpuData: data });
      return tensor;
    },
    async createSession(model, options = {}) {
      const session = await ort.InferenceSession.create(model, sessionOptions(kind, options));
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run(feeds, fetches) {
          // Without fetches all outputs are made anew.
          if (fetches === undefined) return session.run(feeds);
          return kind === "native" ? session.run(feeds, fetches) : runInto(session, feeds, fetches);
        },
        close: () => session.release(),
      };
    },
  };
}

// onnxruntime-web 1.30 copies a tensor to write into to its own memory, and never copies the result back.
async function runInto(
  session: InferenceSession,
  feeds: Parameters<Session["run"]>[0],
  fetches: NonNullable<Parameters<Session["run"]>[1]>,
): Promise<Record<string, SessionTensor>> {
  const names = Object.keys(fetches);
  const results = await session.run(feeds, names);
  for (const name of names) {
    // Both are of the output's type: the caller made the tensor for it.
    const given = fetches[name]?.data as Float32Array | undefined;
    given?.set(results[name].data as Float32Array);
  }
  return results;
}

function sessionOptions(
  kind: Runtime["kind"],
  { threads = 1, memoryPattern = true, memoryArena = true }: SessionOptions,
): InferenceSession.SessionOptions {
  return {
    enableMemPattern: memoryPattern,
    enableCpuMemArena: memoryArena,
    executionProviders: [kind === "native" ? "cpu" : "wasm"],
    intraOpNumThreads: Math.max(1, Math.min(threads, availableParallelism())),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    // 3 is errors only: warnings about unused initialisers are for its developers.
    logSeverityLevel: 3,
    // Spinning threads collapse on a busy machine. set_denormal_as_zero is not for us: the first session of a process sets it for its whole
    // thread, and all arithmetic of that thread loses its smallest numbers.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

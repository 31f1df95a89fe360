import type { ChatRequest, Json, TaskForm, Tool, ToolForm } from "../core/index.ts";
import { createMasker } from "../guard/index.ts";

/** Gathers what requests say about the form of their answers. */
export type FormReader = {
  read(request: ChatRequest): void;
  /** Null when no request said anything. */
  form(): TaskForm | null;
};

/**
 * What a task's requests, read in time order, say about the form of its answers: the newest schema, and every tool as the newest
 * request that offers it describes it (an older prompt may have offered other tools, and its answers are material, too).
 * Masked, names apart: a description can hold a key or an address as well as any other text.
 */
export function createFormReader(): FormReader {
  let schema: Json = null;
  const tools = new Map<string, ToolForm>();
  return {
    read(request) {
      schema = schemaOf(request) ?? schema;
      for (const tool of request.tools ?? []) tools.set(tool.function.name, toolFormOf(tool));
    },
    form() {
      if (schema === null && tools.size === 0) return null;
      const masker = createMasker();
      const sorted = [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return {
        schema: masker.maskJson(schema),
        tools: sorted.map(({ name, description, parameters }) => ({
          name,
          description: description === null ? null : masker.mask(description),
          parameters: masker.maskJson(parameters),
        })),
      };
    },
  };
}

function toolFormOf({ function: { name, description, parameters } }: Tool): ToolForm {
  // Requests are parsed JSON: so is every part of them.
  return { name, description: description ?? null, parameters: (parameters ?? null) as Json };
}

/** The schema a request asks its answer to have; null when it asks for none, or for any JSON. */
function schemaOf({ response_format: format }: ChatRequest): Json {
  if (typeof format !== "object" || format === null) return null;
  const { type, json_schema: named } = format as { readonly type?: unknown; readonly json_schema?: unknown };
  if (type !== "json_schema" || typeof named !== "object" || named === null) return null;
  const { schema } = named as { readonly schema?: Json };
  return schema ?? null;
}

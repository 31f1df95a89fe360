import { z } from "zod";

// The forms of log lines, as loosely as they can be read safely. Unknown fields are kept everywhere.

const ROLES = ["system", "developer", "user", "assistant", "tool", "function"] as const;

const toolCall = z.looseObject({
  function: z.looseObject({
    name: z.string(),
    // Some recorders keep parsed arguments; the wire form is text.
    arguments: z.union([
      z.string(),
      z.record(z.string(), z.unknown()).transform((value) => JSON.stringify(value)),
    ]),
  }),
});

const contentPart = z.looseObject({ type: z.string(), text: z.string().optional() });

export const messageForm = z.looseObject({
  role: z.enum(ROLES),
  content: z.union([z.string(), z.array(contentPart), z.null()]).optional(),
  tool_calls: z
    .array(toolCall)
    .nullish()
    .transform((calls) => calls ?? undefined),
});

const tool = z.looseObject({
  function: z.looseObject({ name: z.string(), description: z.string().optional() }),
});

export const requestForm = z.looseObject({
  model: z.string().default("unknown"),
  messages: z.array(messageForm).min(1),
  tools: z
    .array(tool)
    .nullish()
    .transform((tools) => tools ?? undefined),
});

const finish = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** `{message, finish_reason}`: one choice, taken out. */
export const choiceForm = z.looseObject({ message: messageForm, finish_reason: finish });

/** A chat.completion body. */
export const completionForm = z.looseObject({ choices: z.array(choiceForm).min(1) });

export const usageForm = z.looseObject({
  prompt_tokens: z.number().nonnegative().optional(),
  completion_tokens: z.number().nonnegative().optional(),
  input_tokens: z.number().nonnegative().optional(),
  output_tokens: z.number().nonnegative().optional(),
});

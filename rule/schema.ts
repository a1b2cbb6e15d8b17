/** The zod face of a configuration, for records and files; apart because zod costs start-up time. */

import { z } from "zod";
import { checkConfiguration, type Configuration } from "./configuration.ts";
import { GATE_NAMES, ROUTER_NAMES } from "./router.ts";

const size = z.int().positive();

/**
 * Schema of {@link Configuration}: strict shapes here, how sizes fit together by
 * `checkConfiguration`, whose message becomes the issue's.
 *
 * Error: accepts exactly what `checkConfiguration` does (tests/rule/schema_test.ts).
 *
 * @ignore
 */
export const configurationSchema: z.ZodType<Configuration> = z.strictObject({
  width: size,
  depth: size,
  ffn: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("dense"), hidden: size }),
    z.strictObject({
      kind: z.literal("moe"),
      experts: size,
      active: size,
      expertWidth: size,
      shared: z.int().nonnegative(),
      groups: size,
      gate: z.enum(GATE_NAMES).optional(),
      pick: z.enum(ROUTER_NAMES).optional(),
      limit: size.optional(),
      capacity: z.number().positive().optional(),
      biasRate: z.number().positive().optional(),
    }),
  ]),
  batchTokens: size.nullable(),
  tokens: size.nullable(),
  headWidth: size,
}).superRefine((c, context) => {
  try {
    checkConfiguration(c);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

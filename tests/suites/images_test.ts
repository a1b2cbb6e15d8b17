/** Suites on images speak of images. */
import assert from "node:assert/strict";
import { factsOf } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";

Deno.test("no suite on images speaks of nats, text or a language model's logits", () => {
  for (const suite of SUITES.filter(({ task }) => task === "diffusion")) {
    for (const [name, words] of Object.entries(factsOf(suite))) {
      assert.doesNotMatch(words, /\bnats\b|\btext\b|\blogits\b|language/, `${suite.id}: ${name}`);
    }
  }
});

/** Mistakes with the other commands, and machines without an adapter. */
import type { Chapter, Files, Mistake } from "./mistake.ts";

const make = (command: string) => (did: string, ...args: string[]): Mistake => ({
  did,
  args: [command, ...args],
});
const rule = make("rule");

/** A pair that the rule takes, with more arguments. */
const pair = (did: string, ...more: string[]) =>
  rule(did, "--from", "dense:d=128,L=4,H=128", "--to", "64e8a:d=1024", "--lr", "0.01", ...more);

/** The same with another target. */
const target = (did: string, to: string) =>
  rule(did, "--from", "dense:d=128,L=4,H=128", "--to", to, "--lr", "0.01");

/** A Hugging Face configuration as the target. */
const model = (did: string, content: Files[string], to = "DIR/config.json"): Mistake => ({
  ...target(did, to),
  files: { "config.json": content },
});

const MIXTRAL = {
  model_type: "mixtral",
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  vocab_size: 256,
  intermediate_size: 32,
  num_local_experts: 4,
  num_experts_per_tok: 2,
};

export const RULE: Chapter = {
  title: "`rule`",
  mistakes: [
    rule("no argument"),
    rule("no target", "--from", "dense:d=128,L=4,H=128"),
    rule("no learning rate", "--from", "dense:d=128,L=4,H=128", "--to", "64e8a:d=1024"),
    pair("a learning rate that is no number", "--lr", "fast"),
    pair("a learning rate below 0", "--lr", "-1"),
    pair("a learning rate beyond all numbers", "--lr", "1e999"),
    pair("a decay of moments of 1", "--beta1", "1"),
    pair("no weight decay", "--wd="),
    pair("a rule that there is not", "--rule", "mu"),
    pair("a rule's name that programs know", "--rule", "__proto__"),
    pair("a task that there is not", "--task", "speech"),
    pair("another unembedding", "--unembedding", "mine"),
    pair("a decay that there is not", "--decay", "l2"),
    pair("two formats at once", "--json", "--csv"),
    pair("a format that there is not", "--format", "yaml"),
    pair(
      "a format of PyTorch with its optimizer's other decay",
      "--format",
      "torch",
      "--decay",
      "independent",
    ),
    pair("a word too many", "dense"),
    pair("an option that there is not", "--lrr", "1"),
    pair("a row that there is not", "--explain", "wside"),
    pair("an explanation of all rules", "--explain", "--compare"),
    pair("an option of images for text", "--patch-init-std", "0.1"),
    target("10 experts in 3 groups", "10e3a3g:d=64"),
    target("more active experts than there are", "8e9a:d=64"),
    target("a name that is no configuration", "big"),
    target("an expert of no width", "8e2a:d=64,h=0"),
    target("a width beyond all numbers", `8e2a:d=${"9".repeat(400)}`),
    target("a key twice", "8e2a:d=64,d=128"),
    target("a key that there is not", "8e2a:d=64,__proto__=1"),
    target("a batch the reference does not have", "8e2a:d=64,B=1024"),
    target("a gate that there is not", "8e2a:d=64,gate=foo"),
    target("heads that do not divide d", "8e2a:d=64,heads=7"),
    target("KV heads that do not divide the heads", "8e2a:d=64,kv=3"),
    target("`tied` with a value", "8e2a:d=64,tied=yes"),
    target("a number with a suffix that there is not", "8e2a:d=64,h=4Q"),
    target("a configuration file that is not there", "DIR/none.json"),
    { ...target("a folder as a configuration file", "DIR/a.json"), files: { "a.json": null } },
    model("a configuration file that is not JSON", "{broken"),
    model("a configuration file of a gigabyte", 2 ** 30),
    model("JSON that is no configuration", []),
    model("a configuration of no known family", { ...MIXTRAL, model_type: "bert" }),
    model("a configuration with fields missing", { model_type: "mixtral", hidden_size: 64 }),
    model("a configuration with a word for a size", { ...MIXTRAL, hidden_size: "big" }),
    model("a configuration file with a size of one's own", MIXTRAL, "DIR/config.json:d=64"),
    model("a batch the reference does not have, with a file", MIXTRAL, "DIR/config.json:B=1K"),
  ],
};

const parity = (did: string, files: Files, ...args: string[]): Mistake => ({
  did,
  args: ["parity", ...args],
  files,
});

export const PARITY: Chapter = {
  title: "`parity`",
  mistakes: [
    parity("no case", {}),
    parity("a case that is not there", {}, "DIR/none.json"),
    parity("a folder", {}, "DIR"),
    parity("a case that is not JSON", { "a.json": "{broken" }, "DIR/a.json"),
    parity("JSON that is no case", { "a.json": { schema: 1 } }, "DIR/a.json"),
    parity("a case of a gigabyte", { "a.json": 2 ** 30 }, "DIR/a.json"),
    parity("a device that never ends", {}, "/dev/zero"),
  ],
};

const selftest = make("selftest"), kernels = make("bench-kernels"), peers = make("bench-peers");

export const MEASURING: Chapter = {
  title: "`selftest`, `bench:kernels`, `bench:peers`, `setup`, and none of them",
  mistakes: [
    selftest("an option that `selftest` has not", "--fast"),
    selftest("a word too many", "all"),
    kernels("a part that there is not", "--only", "everything"),
    kernels("no process for the sweep", "--workers", "none"),
    kernels("an option that `bench:kernels` has not", "--fast"),
    peers("a work that there is not", "--only", "everything"),
    peers("no rounds", "--samples", "0"),
    make("setup")("an option that `setup` has not", "--fast"),
    make("banch")("a command that there is not"),
    make("worker")("a worker process by hand"),
  ],
};

/** Settings that hide every driver. */
const env = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" };
const without = (command: string, ...args: string[]): Mistake => ({
  did: `\`${command}\` on a machine without a driver`,
  args: [command, ...args, "--no-install"],
  code: 3,
  env,
});

export const ADAPTER: Chapter = {
  title: "No adapter",
  mistakes: [
    without("bench", "capacity", "--profile", "smoke", "--out", "DIR/out"),
    without("selftest"),
    without("setup"),
    without("parity", "fixtures/parity/dense.json"),
    { ...without("bench", "roofline"), did: "`bench roofline` on a machine without a driver" },
    without("bench-kernels"),
    without("bench-peers"),
  ],
};

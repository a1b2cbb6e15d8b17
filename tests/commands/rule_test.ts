/** The rule command as its users meet it: a subprocess, its output, its exit code, its time. */

import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { ruleCommand } from "../../commands/rule.ts";

const COMMAND = fileURLToPath(new URL("../../commands/rule.ts", import.meta.url));
const PAIR = ["--from", "dense:d=128,L=4,H=128", "--to", "64e8a:d=1024,L=24,h=128"];
const AUTHORS = [
  "--from",
  "dense:d=128,L=32,H=128,B=65536,D=1638400000",
  "--to",
  "128e8a1s:d=1024,h=1024,D=6553600000",
  "--lr",
  "1e-3",
];

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", COMMAND, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const lineOf = (text: string, word: string) =>
  text.split("\n").find((line) => line.trim().split(/\s+/)[0] === word)?.trim().split(/\s+/);

Deno.test("the table of the readme's pair has every number, formula and source", async () => {
  const { code, stdout, stderr } = await run(...PAIR, "--lr", "0.01");
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  assert.match(stdout, /rho_d 8, rho_L 6, rho_H 1, rho_B 1, rho_D 1; q 1/);
  assert.deepEqual(lineOf(stdout, "residual"), [
    "residual",
    "0.16667",
    "1",
    "/",
    "rho_L",
    "2505.01618",
  ]);
  assert.deepEqual(lineOf(stdout, "routeScale"), ["routeScale", "8", "a", "[authors]", "layer"]);
  assert.equal(lineOf(stdout, "logits")?.[1], "0.125");
  assert.equal(lineOf(stdout, "outputMultiplier")?.[1], "1");
  assert.deepEqual(lineOf(stdout, "beta1")?.slice(0, 2), ["beta1", "0.9"]);
  for (const tensor of ["wq", "wk", "wv", "wo", "wrouter", "wgate", "wup", "wdown"]) {
    const cells = lineOf(stdout, tensor)?.slice(1, 5);
    assert.deepEqual(cells, ["0.0035355", "0.00125", "0.1", "2.0833e-10"], tensor);
  }
  assert.deepEqual(lineOf(stdout, "embed")?.slice(1, 5), ["0.01", "0.01", "0.1", "1e-8"]);
  assert.deepEqual(lineOf(stdout, "norm")?.slice(1, 5), ["0", "0.01", "0", "1e-8"]);
  assert.match(stdout, /0\.00125 +eta \* q \/ rho_d +\[authors\] layer, batch/);
  assert.match(stdout, /sigma \* sqrt\(rho_H \/ rho_d\)/);
});

Deno.test("table and help fit 100 columns under every rule", async () => {
  const { RULES } = await import("../../rule/registry.ts");
  const runs = RULES.map((r) =>
    run(...AUTHORS, "--rule", r.id, "--decoupled-decay", "--unembedding", "completed-p")
  );
  for (const { stdout } of await Promise.all([...runs, run(...AUTHORS), run("--help")])) {
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  }
});

Deno.test("--json holds the authors' worked example, unrounded", async () => {
  const { code, stdout } = await run(...AUTHORS, "--json");
  assert.equal(code, 0);
  const answer = JSON.parse(stdout);
  assert.equal(answer.rule, "complete-mue");
  assert.equal(answer.gate, "sigmoid");
  assert.equal(answer.to.text, "128e8a1s:d=1024,L=32,h=1024,B=65536,D=6553600000");
  assert.equal(answer.to.ffn.shared, 1);
  assert.equal(answer.q, 0.5);
  assert.deepEqual(answer.ratios, { width: 8, depth: 1, activeWidth: 9, batch: 1, tokens: 4 });
  assert.deepEqual(answer.multipliers, {
    residual: 1,
    outputMultiplier: 1 / 9,
    routeScale: 8,
    logits: 0.125,
  });
  assert.equal(answer.rows.length, 15);
  const wdown = answer.rows.find((r: { tensor: string }) => r.tensor === "wdown");
  assert.equal(wdown.lr, 0.0000625);
  assert.equal(wdown.weightDecay, 0.05);
  assert.ok(Math.abs(wdown.initStd - 0.010606601717798213) < 1e-16);
  assert.equal(wdown.formulas.lr, "eta * q / rho_d");
  assert.match(wdown.sources.initStd, /^\[authors\]/);
});

Deno.test("--csv has one line per tensor and knob, and the model's own", async () => {
  const { code, stdout } = await run(...AUTHORS, "--csv");
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines[0], "tensor,quantity,value,formula,source");
  assert.equal(lines.length, 1 + 7 + 4 + 15 * 4); // multipliers, scale and betas; sentences; rows
  assert.ok(lines.includes("model,attentionScale,0.25,1 / sqrt(dh),[ours] not scaled"));
  assert.ok(lines.includes("model,routeScale,8,a,[authors] layer"));
  assert.ok(lines.includes('wdown,lr,0.0000625,eta * q / rho_d,"[authors] layer, batch"'));
});

Deno.test("every flag reaches the rule", async () => {
  const { stdout } = await run(
    ...["--from", "dense:d=64,L=4,H=64,B=64,D=64000", "--to", "dense:d=256,L=16,H=256,D=1024000"],
    ...["--lr", "1", "--wd", "0.2", "--eps=1e-6", "--beta1", "0.8", "--beta2", "0.9"],
    ...["--init-std", "0.02", "--embed-init-std", "0.5", "--unembed-init-std", "0"],
    ...["--unembedding", "completed-p", "--decoupled-decay", "--depth-alpha", "0.5"],
    ...["--duration-exponent", "0.25", "--json"],
  );
  const { rows, ...answer } = JSON.parse(stdout);
  const row = (tensor: string) => rows.find((r: { tensor: string }) => r.tensor === tensor);
  const near = (x: number, y: number) => assert.ok(Math.abs(x / y - 1) < 1e-12, `${x}, not ${y}`);
  assert.equal(answer.q, 0.5); // 16^-1/4
  near(1 - answer.beta1, 0.0125); // 0.2 / 16
  near(1 - answer.beta2, 0.00625);
  assert.equal(answer.multipliers.residual, 0.5);
  assert.equal(answer.multipliers.logits, 1);
  near(row("wq").lr, 0.0625); // 1/2 / 4 / sqrt(4)
  near(row("wq").weightDecay, 0.4); // 0.2 / 2 · 4
  near(row("wq").eps, 2.5e-7); // 1e-6 · 2 / 4 / sqrt(4)
  near(row("wq").initStd, 0.01);
  assert.equal(row("embed").initStd, 0.5);
  assert.equal(row("unembed").initStd, 0);
});

Deno.test("--rule picks the rule, --list names all, --help teaches", async () => {
  const other = await run(...PAIR, "--lr", "0.01", "--rule", "standard", "--json");
  assert.equal(JSON.parse(other.stdout).multipliers.routeScale, 1);
  const list = await run("--list");
  assert.equal(list.code, 0);
  const { RULES } = await import("../../rule/registry.ts");
  for (const { id } of RULES) {
    assert.match(list.stdout, RegExp(`^${id} `, "m"));
  }
  const help = await run("--help");
  assert.equal(help.code, 0);
  for (const flag of ["from", "to", "lr", "wd", "eps", "beta1", "beta2", "init-std"]) {
    assert.ok(help.stdout.includes(`--${flag}`), flag);
  }
});

const EXAMPLE =
  "try --from dense:d=128,L=4,H=128 --to 64e8a:d=1024,L=24,h=128 --lr 0.01, or --help";
const ERRORS: [string[], string][] = [
  [[], `Cannot print a table without --from: ${EXAMPLE}`],
  [PAIR.slice(0, 2), `Cannot print a table without --to: ${EXAMPLE}`],
  [PAIR, `Cannot print a table without --lr: ${EXAMPLE}`],
  [[...PAIR, "--lr", "abc"], "Cannot use --lr abc: not a positive number"],
  [[...PAIR, "--lr", "-1"], "Cannot use --lr -1: not a positive number"],
  [[...PAIR, "--lr", "NaN"], "Cannot use --lr NaN: not a positive number"],
  [[...PAIR, "--lr", "0"], "Cannot use --lr 0: not a positive number"],
  [[...PAIR, "--lr", "1", "--wd", "-0.1"], "Cannot use --wd -0.1: not a number, 0 or more"],
  [[...PAIR, "--lr", "1", "--wd="], "Cannot use --wd : not a number, 0 or more"],
  [[...PAIR, "--lr", "1", "--beta1", "1"], "Cannot use --beta1 1: not a number in [0, 1)"],
  [
    [...PAIR, "--lr", "1", "--unembedding", "mine"],
    "Cannot use --unembedding mine: not authors or completed-p",
  ],
  [[...PAIR, "--lr", "1", "--decay", "l2"], "Cannot use --decay l2: not coupled or independent"],
  [[...PAIR, "--lr", "1", "--json", "--csv"], "Cannot print --json and --csv: choose one"],
  [
    [...PAIR, "--lr", "1", "--rule", "mu"],
    "Cannot find rule mu: the rules are complete-mue, standard, mup",
  ],
  [[...PAIR, "--lrr", "1"], "Cannot read the arguments: Unknown option '--lrr'"],
  [["dense"], "Cannot read the arguments: Unexpected argument 'dense'"],
  [
    ["--from", "dense:d=128,L=4,h=128", "--to", "dense", "--lr", "1"],
    "Cannot use h=128 in dense: a dense FFN takes H, its hidden width",
  ],
  [
    [...PAIR.slice(0, 3), "10e3a3g", "--lr", "1"],
    "Cannot route 10e3a into 3 groups: 10 experts do not divide by 3",
  ],
  [
    ["--from", "dense:d=64,L=2,H=64,B=64,D=6400", "--to", "dense:B=1280", "--lr", "1"],
    "Cannot transfer to dense:d=64,L=2,H=64,B=1280,D=6400: 1 - beta1 = 0.1 times 20 is above 1; " +
    "the nearest reference that would do is dense:d=64,L=2,H=64,B=128,D=6400",
  ],
];

Deno.test("mistakes cost one line on stderr and exit code 2, without a stack trace", async () => {
  for (const [args, message] of ERRORS.slice(0, 6)) {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.equal(stderr, `error: ${message}\n`);
  }
});

for (const [args, message] of ERRORS) {
  Deno.test(`refused: ${args.join(" ") || "no arguments"}`, async () => {
    const said: string[] = [];
    const original = console.error;
    console.error = (...parts: unknown[]) => said.push(parts.join(" "));
    try {
      assert.equal(await ruleCommand(args), 2);
    } finally {
      console.error = original;
    }
    assert.equal(said.length, 1);
    assert.ok(said[0].startsWith(`error: ${message}`), said[0]);
    assert.ok(!said[0].includes("\n"), said[0]);
  });
}

Deno.test("the table is there in under 0.3 s, best of five", async () => {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await run(...PAIR, "--lr", "0.01");
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  assert.ok(best < 0.3, `${best} s`);
});

Deno.test("--task diffusion prints its tensors, and refuses what only it knows without it", async () => {
  const lines: string[] = [], errors: string[] = [];
  const { log, error } = console;
  console.log = (text: string) => lines.push(text);
  console.error = (text: string) => errors.push(text);
  try {
    const pair = ["--from", "dense:d=16,L=2,H=16", "--to", "16e4a:d=64", "--lr", "0.01"];
    assert.equal(
      await ruleCommand([...pair, "--task", "diffusion", "--patch-init-std", "0.25"]),
      0,
    );
    assert.equal(await ruleCommand([...pair, "--patch-init-std", "0.25"]), 2);
    assert.equal(await ruleCommand([...pair, "--task", "video"]), 2);
  } finally {
    Object.assign(console, { log, error });
  }
  const text = lines.join("\n");
  for (const name of ["patch", "time1", "time2", "class", "mod", "velocity"]) {
    assert.match(text, RegExp(`^ +${name} `, "m"));
  }
  assert.match(text, /sigma_patch 0\.25/);
  assert.ok(text.split("\n").every((line) => line.length <= 100));
  assert.match(errors[0], /--patch-init-std without --task diffusion/);
  assert.match(errors[1], /the tasks are language, diffusion/);
});

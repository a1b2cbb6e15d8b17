/** `--explain` and `--compare` as printed: the numbers shown compute, and everything fits. */

import assert from "node:assert/strict";
import { ruleCommand } from "../../commands/rule.ts";
import { said } from "./said.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { RULES } from "../../rule/registry.ts";
import { TASK_KINDS } from "../../rule/rule.ts";

const PAIR = [
  ...["--from", "dense:d=96,L=3,H=192,B=512,D=1000000"],
  ...["--to", "24e6a2g2s:d=288,L=12,h=144,B=1024,D=8000000"],
];
const OPTIONS = [
  [],
  ["--decoupled-decay", "--unembedding", "completed-p", "--depth-alpha", "0.75"],
  ["--duration-exponent", "0.3"],
];

const run = (...args: string[]) => said(ruleCommand, ...args);

/** The value of printed arithmetic, e.g. `0.01 * sqrt(9 / 8)`. */
function compute(text: string): number {
  const script = text.replaceAll("sqrt(", "Math.sqrt(").replaceAll("^", "**");
  return new Function(`return ${script}`)() as number;
}

for (const { id } of RULES) {
  Deno.test(`--explain under ${id}: the arithmetic it prints gives the number it prints`, async () => {
    for (const options of OPTIONS) {
      const { code, out } = await run(
        "--explain",
        ...PAIR,
        "--lr",
        "0.01",
        "--rule",
        id,
        ...options,
      );
      assert.equal(code, 0);
      let sums = 0;
      for (const line of out.split("\n")) {
        assert.ok(line.length <= 100, line);
        const [name, ...parts] = line.trim().split(" = ");
        if (!/^ {2}\S/.test(line) || parts.length < 2 || !/^\d/.test(parts.at(-2)!)) continue;
        const [sum, result] = [compute(parts.at(-2)!), Number(parts.at(-1))];
        assert.ok(Math.abs(sum / result - 1) < 3e-4, `${name}: ${sum}, not ${result}`);
        sums++;
      }
      assert.ok(sums >= 5, `only ${sums} sums under ${id} ${options}`);
      for (const tensor of TASK_KINDS.language) {
        assert.match(out, RegExp(`^(.* )?${tensor}( |$)`, "m"));
      }
    }
  });
}

Deno.test("--explain wdown says what keeps the output's size at init, with numbers and source", async () => {
  const { code, out } = await run("--explain", "wdown", ...PAIR, "--lr", "0.01");
  assert.equal(code, 0);
  // rho_H = (8·144/288)/(192/96) = 2, rho_d = 3
  assert.match(
    out,
    /init std = sigma \* sqrt\(rho_H \/ rho_d\) = 0\.01 \* sqrt\(2 \/ 3\) = 0\.008165/,
  );
  assert.match(out, /rho_H\^0\.5: Bridge I: side by side/);
  assert.match(out, /a and N do not appear \(Bridge II\)/);
  assert.match(out, /source: \[authors\] layer; \[ours\] if H\* != d\*/);
  assert.doesNotMatch(out, /^wup/m);
  assert.equal((await run(`--explain=wdown`, ...PAIR, "--lr", "0.01")).out, out);
});

Deno.test("--explain takes multipliers and betas, and gives JSON unrounded", async () => {
  const { out } = await run("--explain", "routeScale", ...PAIR, "--lr", "1", "--rule", "moe-dmft");
  assert.match(out, /routeScale = 1 \/ a = 1 \/ 6 = 0\.16667/);
  const { out: json } = await run("--explain", "beta1", ...PAIR, "--lr", "1", "--json");
  const [beta] = JSON.parse(json);
  assert.ok(Math.abs(beta.value - 0.975) < 1e-12); // 1 - 0.1 · 2/8
  assert.deepEqual(beta.factors.map((f: { value: number }) => f.value), [2, 8]);
});

Deno.test("--explain says a reason in full once, then where it stands", async () => {
  const { out } = await run("--explain", ...PAIR, "--lr", "0.01");
  assert.equal(out.match(/keeps the horizon/g)?.length, 1);
  assert.match(out, /q: as under embed lr/);
});

Deno.test("--compare and --rule all put every rule's factors side by side, in 100 columns", async () => {
  const { code, out } = await run("--compare", ...PAIR);
  assert.equal(code, 0);
  assert.equal((await run("--rule", "all", ...PAIR)).out, out);
  for (const line of out.split("\n")) assert.ok(line.length <= 100, line);
  const lines = out.split("\n").map((line) => line.trim().split(/\s+/));
  const factors = (name: string) => lines.filter((line) => line[0] === name).map((l) => l.slice(1));
  // q 1/2, rho_d 3, rho_H 2, rho_h 144/192 = 3/4, rho_a 1/4: LR, then init std
  assert.deepEqual(factors("wdown"), [
    ["0.16667", "1", "0.33333", "1.3333", "1.3333", "1", "0.083333"],
    ["0.8165", "1.1547", "1.1547", "2.3094", "1.1547", "1.1547", "0.8165"],
  ]);
  assert.deepEqual(factors("routeScale"), [["6", "1", "1", "0.16667", "1", "1", "6"]]);
  assert.deepEqual(factors("embed")[0], ["0.5", "1", "1", "1", "1", "3", "0.5"]);
});

Deno.test("--compare as JSON and CSV holds each rule's own factors, unrounded", async () => {
  const [from, to] = [PAIR[1], PAIR[3]].map((text) => parseConfiguration(text));
  const { factors } = JSON.parse((await run("--compare", ...PAIR, "--json")).out);
  assert.equal(factors.length, 5 + 15 * 4);
  for (const line of factors.filter((f: { tensor: string }) => f.tensor !== "model")) {
    for (const rule of RULES) {
      const own = rule.factors(from, to).rows as Record<string, Record<string, number>>;
      assert.equal(line[rule.id], own[line.tensor][line.quantity]);
    }
  }
  const csv = (await run("--compare", ...PAIR, "--csv")).out.trimEnd().split("\n");
  assert.equal(csv.length, 1 + 5 + 15 * 4);
  assert.equal(csv[0], `tensor,quantity,${RULES.map((r) => r.id).join(",")}`);
});

Deno.test("a diffusion model's last product gives velocities, in every output, and only routers have logits", async () => {
  const diffusion = [...PAIR, "--lr", "0.01", "--task", "diffusion"];
  const outputs = [[], ["--json"], ["--csv"], ["--explain"], ["--explain", "--json"]];
  const asked = [
    ...RULES.flatMap(({ id }) =>
      ["authors", "completed-p"].flatMap((unembedding) =>
        outputs.map((output) => ["--rule", id, "--unembedding", unembedding, ...output])
      )
    ),
    ...[[], ["--json"], ["--csv"]].map((output) => ["--compare", ...output]),
  ];
  for (const args of asked) {
    const { code, out } = await run(...args, ...diffusion);
    assert.equal(code, 0, args.join(" "));
    assert.match(out, /\bvelocityMultiplier\b/, args.join(" "));
    for (const found of out.replace(/\s+/g, " ").matchAll(/.{0,20}logits?\b.{0,10}/gi)) {
      assert.match(found[0], /router logits|its N logits/i, args.join(" "));
    }
    if (args.includes("--json")) assert.doesNotMatch(out, /"logits"/);
  }
  const text = await run(...PAIR, "--lr", "0.01", "--explain");
  assert.match(text.out, /^logits$/m);
  assert.doesNotMatch(text.out, /velocit/);
  const { out } = await run("--explain", "velocityMultiplier", ...diffusion);
  assert.match(out, /^ {2}velocityMultiplier = 1 \/ rho_d = 1 \/ 3 = 0\.33333$/m);
  const { code, err: error } = await run("--explain", "logits", ...diffusion);
  assert.equal(code, 2);
  assert.match(error, /^error: Cannot explain logits: known are .*velocityMultiplier/);
});

Deno.test("the help has one line for every rule", async () => {
  const { out } = await run("--help");
  for (const { id, title } of RULES) assert.match(out, RegExp(`^ +${id} +`, "m"), title);
});

const DENSE = ["--from", "dense:d=64,L=2,H=64", "--to", "dense:d=128", "--lr", "1"];
const ERRORS: [string[], string][] = [
  [["--explain", "wfoo", ...PAIR, "--lr", "1"], "Cannot explain wfoo: known are residual, "],
  [["--explain", "wrouter", ...DENSE], "Cannot explain wrouter: dense:d=128,L=2,H=64 has none"],
  [["--explain", "wq", "wk", ...DENSE], "Cannot read the arguments: Unexpected argument 'wk'"],
  [["--explain", ...PAIR], "Cannot explain a row without --lr: "],
  [["--explain", ...DENSE, "--csv"], "Cannot print --explain as --csv: it is text or --json"],
  [["--explain", "--rule", "all", ...DENSE], "Cannot explain all rules at once: choose one"],
  [["--compare", "--explain", ...DENSE], "Cannot explain all rules at once: choose one"],
  [["--compare", ...DENSE.slice(0, 2)], "Cannot print a table without --to: "],
  [["--compare", ...DENSE, "--json", "--csv"], "Cannot print --json and --csv: choose one"],
];

for (const [args, message] of ERRORS) {
  Deno.test(`refused in one line with exit code 2: ${args.join(" ")}`, async () => {
    const { code, out, err: error } = await run(...args);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.ok(error.startsWith(`error: ${message}`), error);
    assert.equal(error.trimEnd().split("\n").length, 1);
  });
}

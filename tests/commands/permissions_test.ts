/** What tasks and the processes they start may do: named things alone, and never the network. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { DEVICE_FLAGS, PROBE_FLAGS } from "../../commands/permissions.ts";
import { readRecord } from "../../lab/record/read.ts";

const ROOT = new URL("../../", import.meta.url);

/** Permissions that are given by name alone. */
const NAMED = /^(?:-[ESN]|--allow-(?:env|sys|run|net|import))$/;

/**
 * What `page` may beyond that: esbuild hands its program, which lies in Deno's cache, every variable; and the page may be
 * served to this machine alone.
 */
const OF_PAGE = ["-E", "--allow-run", "--allow-net=127.0.0.1:8000"];

/** What is wrong with the flags of a `deno run`. */
function faultsOf(flags: readonly string[]): string[] {
  return flags.filter((flag) =>
    /^(?:-A|--allow-all|-P\b.*|--permission-set.*|(?:-N|--allow-net|--allow-import)\b.*)$/.test(
      flag,
    ) ||
    NAMED.test(flag)
  );
}

/** The flags of every `deno run` in a shell line. */
function runsOf(command: string): string[][] {
  return command.split("&&").map((part) => part.trim()).filter((part) => /^deno run\b/.test(part))
    .map((part) => part.split(/\s+/).map((word) => word.replace(/^"|"$/g, "")));
}

Deno.test("no task may do all, reach the network, or read every variable; what it may is named", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  let runs = 0;
  for (const [name, task] of Object.entries<string | { command: string }>(tasks)) {
    for (const flags of runsOf(typeof task === "string" ? task : task.command)) {
      runs++;
      assert.deepEqual(
        faultsOf(flags),
        name === "page" ? OF_PAGE : [],
        `task ${name}: name what it needs, e.g. --allow-env=HOME`,
      );
      assert.ok(flags.includes("--no-prompt") || name === "smoke", `task ${name} asks`);
    }
  }
  assert.ok(runs >= 9, `${runs} runs`);
  const rule = runsOf(tasks.rule.command)[0];
  const wide = rule.filter((flag) => /^-[A-Z]|^--allow/.test(flag));
  assert.deepEqual(wide, ["-R"], "the rule reads the configurations it is given, and no more");
});

Deno.test("the twin: what must not be is found", () => {
  for (const flag of ["-A", "--allow-net", "-N=a.b", "-E", "--allow-env", "-S", "--allow-run"]) {
    assert.deepEqual(faultsOf(runsOf(`deno run -R ${flag} main.ts`)[0]), [flag]);
  }
  assert.deepEqual(
    faultsOf(runsOf('deno run -R -W=a "--allow-run=git,$(deno eval x)" m.ts')[0]),
    [],
  );
});

Deno.test("what a command starts may neither write, start more, load add-ons nor reach the network", async () => {
  for (const flags of [PROBE_FLAGS, DEVICE_FLAGS]) {
    assert.deepEqual(faultsOf(flags), []);
    assert.ok(!flags.some((flag) => /^-W|write|run|ffi|net/.test(flag)), `${flags}`);
  }
  for await (const { name, isFile } of Deno.readDir(new URL("commands/", ROOT))) {
    if (!isFile || name === "run_tests.ts") continue; // tests may do what they try
    const text = await Deno.readTextFile(new URL(`commands/${name}`, ROOT));
    // --allow-dirty is no permission: it packs a checkout with changes
    const flags = text.replace(/"--allow-(?:read|dirty)"/g, "");
    assert.ok(!/"(?:-A|--allow-[a-z]+)"/.test(flags), name);
  }
});

/** What goes before a command so that it has no network; null where the system does not let us. */
async function alone(): Promise<string[] | null> {
  for (const flags of [["-n"], ["-rn"]]) {
    try {
      const { code, stdout } = await new Deno.Command("unshare", {
        args: [...flags, "cat", "/proc/net/dev"],
        stderr: "null",
      }).output();
      const cards = new TextDecoder().decode(stdout).trim().split("\n").slice(2);
      if (code === 0 && cards.every((line) => /^\s*lo:/.test(line))) return ["unshare", ...flags];
    } catch { /* there is no such program */ }
  }
  return null;
}

Deno.test("a bench runs to its end without a network, with the permissions of its task", async () => {
  const before = await alone();
  if (before === null) {
    console.error("NOT TRIED: this system lets nobody take the network away (unshare -n)");
    return;
  }
  const out = await Deno.makeTempDir(), [program, ...flags] = before;
  const args = ["bench", "width", "--profile", "smoke", "--no-selftest", "--out", out];
  const { code, stderr } = await new Deno.Command(program, {
    args: [...flags, Deno.execPath(), "task", ...args],
    cwd: fileURLToPath(ROOT),
    stdin: "null",
    stdout: "null",
  }).output();
  const err = new TextDecoder().decode(stderr);
  assert.equal(code, 0, err);
  assert.ok(!/NotCapable|warning: Cannot/.test(err), err);
  const record = await readRecord(`${out}/record.json`);
  assert.equal(record.incomplete, false);
  assert.ok(record.environment.os.length > 5);
  for (const file of ["loss-vs-lr.png", "loss-vs-lr.pdf", "report.html"]) {
    assert.ok((await Deno.stat(`${out}/${file}`)).size > 1000, file);
  }
  await Deno.remove(out, { recursive: true });
});

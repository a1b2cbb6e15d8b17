/**
 * `deno task npm`: the library as an npm package, JavaScript with types beside it.
 *
 * `deno pack` makes both from the files, exports and version that deno.json gives JSR too. What it does not
 * know stands here: which Node, that nothing has side effects, the exact version of what it needs.
 *
 * @module
 */
import denoConfig from "../deno.json" with { type: "json" };
import { causeOf, LabError } from "../lab/record/failure.ts";
import { command, HELP_FLAG } from "./command.ts";

const HELP = `npm: make the library's npm package in out/npm

  deno task npm

The rules and the judge as @mue/bench, records as @mue/bench/record; docs/library.md says how they
are used. An older package in that folder is replaced. Sends nothing anywhere: \`npm pack\` in the
folder makes a tarball, \`npm install\` takes the folder itself.`;

const ROOT = `${import.meta.dirname}/..`;

/** What package.json says beside what `deno pack` takes from deno.json. */
const OWN = {
  description: "Transfer of hyperparameters to mixture-of-experts models, and a judge of sweeps",
  keywords: ["hyperparameters", "mixture-of-experts", "muP", "learning-rate", "transfer"],
  engines: { node: ">=20" },
  sideEffects: false,
  files: ["**/*.js", "**/*.d.ts"],
};

/** The exact version that the import map pins a package to. */
function pinned(name: string): string {
  const target = (denoConfig.imports as Record<string, string>)[name];
  const version = target?.match(/^npm:.*@(\d+\.\d+\.\d+)$/)?.[1];
  if (version === undefined) throw new Error(`Cannot pin ${name}: deno.json maps it to ${target}`);
  return version;
}

/** Runs a program to its end in the checkout. */
async function run(program: string, ...args: string[]): Promise<void> {
  const command = new Deno.Command(program, { args, cwd: ROOT, stdout: "null", stderr: "piped" });
  const { success, stderr } = await command.output().catch((cause) => {
    throw new LabError(`Cannot run ${program}: ${causeOf(cause)}`, { cause });
  });
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new LabError(`Cannot run ${program} ${args[0]}: ${said}`);
}

/**
 * Makes the package in a folder, which is emptied first.
 *
 * @returns its package.json
 * @throws {LabError} where deno or tar cannot do its part
 */
export async function buildPackage(folder: string): Promise<Record<string, unknown>> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir();
  try {
    const tarball = `${scratch}/package.tgz`;
    await run(Deno.execPath(), "pack", "--allow-dirty", "--no-source-maps", "--output", tarball);
    await run("tar", "-xzf", tarball, "-C", folder, "--strip-components=1");
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  const made = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const dependencies = Object.keys(made.dependencies).map((name) => [name, pinned(name)]);
  const whole = { ...made, ...OWN, dependencies: Object.fromEntries(dependencies) };
  await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(whole, null, 2)}\n`);
  await Deno.copyFile(`${ROOT}/docs/library.md`, `${folder}/README.md`);
  return whole;
}

/** Runs the command; gives its exit code. */
export function npmCommand(args: string[]): Promise<number> {
  return command(HELP, { args, options: HELP_FLAG }, async () => {
    const { name, version } = await buildPackage(`${ROOT}/out/npm`);
    console.log(`out/npm: ${name} ${version}`);
  });
}

if (import.meta.main) Deno.exit(await npmCommand(Deno.args));

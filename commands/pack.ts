/**
 * `deno task pack`: a bench as one archive that goes with a paper.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import { causeOf, LabError } from "../lab/record/failure.ts";
import { writeAtomic } from "../lab/record/files.ts";
import { readRecord } from "../lab/record/read.ts";
import { badgesPage, type Packed, readmePage, reproduceScript } from "../reports/pack/pages.ts";
import { byteCount } from "../reports/words/format.ts";
import { many } from "../reports/words/phrases.ts";
import { UsageError } from "./arguments.ts";
import { AGAIN } from "./baseline.ts";
import { checkFolder } from "./check.ts";
import { command, HELP_FLAG } from "./command.ts";
import { DATA_FLAGS, DATA_HELP, type Sources, sourcesOf } from "./data.ts";

const HELP = `deno task pack DIR [options]

Makes one archive of a bench's folder, to go with a paper: records, charts, LaTeX tables, the
plans, every finished run, the machine with all versions, a script that checks and reproduces it
in one command, the hash of every file, and a page that maps it to the badges of the ACM's
artifact review. A bench that was stopped, or whose records do not follow from their runs (\`deno
task check\`), is refused. The same folder gives the same bytes.

  --out FILE     where to write (default: DIR.tar.gz)
${DATA_HELP}
  --help         this text

Exit codes: 0 packed, 1 the check does not hold, 2 bad usage or a folder that cannot be packed.

Example
  deno task bench activated-experts capacity --out out/paper
  deno task pack out/paper`;

/** Files of a folder, from it, sorted; what begins with a dot or is no file is left out. */
function filesIn(folder: string, below = ""): string[] {
  const entries = [...Deno.readDirSync(`${folder}/${below}`)].sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
  return entries.filter(({ name }) => !name.startsWith(".")).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile) return [path];
    // what was run again is of another bench
    return entry.isDirectory && below === "" && entry.name !== AGAIN ? filesIn(folder, path) : [];
  });
}

/** Records in a folder's files, by the place their folder has in the archive. */
async function recordsIn(dir: string, files: readonly string[]): Promise<Packed[]> {
  const packed: Packed[] = [];
  for (const file of files.filter((path) => /(^|\/)record\.json$/.test(path))) {
    const record = await readRecord(`${dir}/${file}`);
    if (record.incomplete) {
      throw new LabError(
        `Cannot pack ${dir}: ${record.suite.id} was stopped; run its bench again, it goes on`,
      );
    }
    packed.push({ folder: `bench/${file}`.replace(/\/record\.json$/, ""), record });
  }
  if (packed.length === 0) throw new LabError(`Cannot pack ${dir}: it holds no record.json`);
  return packed;
}

/** Checks, gathers, writes. */
async function run(dir: string, out: string | undefined, sources: Sources): Promise<number> {
  let files: string[];
  try {
    files = filesIn(dir);
  } catch (error) {
    throw new LabError(`Cannot pack ${dir}: ${causeOf(error)}`, { cause: error });
  }
  const packed = await recordsIn(dir, files), checks = await checkFolder(dir, sources);
  const wrong = checks.flatMap(({ path, checks }) =>
    checks.filter(({ state }) => state === "wrong").map(({ what }) => `${path}: ${what}`)
  );
  if (wrong.length) {
    console.error(
      `error: Cannot pack ${dir}: ${wrong[0]} does not hold; see deno task check ${dir}`,
    );
    return 1;
  }
  const unknown = checks.find(({ checks }) => checks.some(({ state }) => state === "unknown"));
  if (unknown) {
    throw new LabError(
      `Cannot pack ${dir}: ${unknown.path} was judged by another version of its suite`,
    );
  }
  const lacking = ["plan.json", "runs.jsonl"].find((name) => !files.includes(name));
  if (lacking && packed.some(({ record: { task } }) => task !== null)) {
    throw new LabError(
      `Cannot pack ${dir}: it lacks ${lacking}; pack the folder that its bench wrote to`,
    );
  }
  if (packed.some(({ record }) => /-dirty$/.test(record.environment.gitCommit ?? ""))) {
    console.error("warning: made from a checkout with changes, which nobody else can check out");
  }
  const target = out ?? `${resolve(dir)}.tar.gz`;
  const name = basename(target).replace(/\.(tar\.gz|tgz)$/, "") || "bench";
  const encode = (text: string) => new TextEncoder().encode(text);
  const machine = { ...packed[0].record.environment };
  const content = new Map<string, Uint8Array>([
    ["README.md", encode(readmePage(name, packed))],
    ["BADGES.md", encode(badgesPage(packed))],
    ["environment.json", encode(JSON.stringify(machine, null, 2) + "\n")],
    ["reproduce.sh", encode(reproduceScript(packed))],
    ...files.map((file) => [`bench/${file}`, Deno.readFileSync(`${dir}/${file}`)] as const),
  ]);
  const sums = [...content].map(([path, bytes]) =>
    `${createHash("sha256").update(bytes).digest("hex")}  ${path}\n`
  );
  content.set("SHA256SUMS", encode(sums.join("")));
  const long = [...content.keys()].find((path) => `${name}/${path}`.length > 99);
  if (long) throw new LabError(`Cannot pack ${dir}: the name ${long} is too long for an archive`);
  const made = packed.map(({ record }) => Date.parse(record.createdAt)).filter(Number.isFinite);
  const attrs = { mtime: made.reduce((a, b) => Math.max(a, b), 0), uid: 0, gid: 0 };
  const tar = createTar(
    [...content].map(([path, data]) => ({
      name: `${name}/${path}`,
      data,
      attrs: { mode: path.endsWith(".sh") ? "755" : "644" },
    })),
    { attrs },
  );
  // an archive ends with two blocks of zeros; the library writes one
  const bytes = gzipSync(Buffer.concat([tar, new Uint8Array(1024)]), { level: 9 });
  writeAtomic(target, bytes);
  console.log(
    `${target}: ${many(packed.length, "suite")}, ${content.size} files, ${
      byteCount(bytes.length)
    }; ` +
      "unpacked, ./reproduce.sh PATH-OF-MUE-BENCH checks and reproduces it",
  );
  return 0;
}

/** The command; gives its exit code. */
export function packCommand(args: string[]): Promise<number> {
  const options = {
    out: { type: "string" },
    ...DATA_FLAGS,
    ...HELP_FLAG,
  } as const;
  return command(HELP, { args, options, allowPositionals: true }, ({ values, positionals }) => {
    if (positionals.length !== 1) throw new UsageError("Cannot pack: name one folder of a bench");
    return run(positionals[0].replace(/(.)\/+$/, "$1"), values.out, sourcesOf(values));
  });
}

import { fileURLToPath } from "node:url";
import { causeOf, LabError } from "../../../lab/record/failure.ts";
import { type Write, writeAtomic } from "../../../lab/record/files.ts";
import { openStore } from "../../../lab/train/store.ts";
import { markUntrusted } from "../../../lab/train/untrusted.ts";
import { DeviceError, UntrustedError } from "../../../kernels/gpu/device.ts";
import { readRecord } from "../../../lab/record/read.ts";
import { assert, assertEquals, rejects, throws } from "../assert.ts";
import { recordOf, runWith } from "../runs.ts";

/** Runs a test in a directory of its own. */
async function inDirectory(test: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Opens a store, adds runs with these keys, closes it. */
function fill(directory: string, ...keys: string[]): void {
  using store = openStore(directory);
  for (const key of keys) store.append(runWith(key));
}

/** Keys and warnings of the store in a directory. */
function contents(directory: string) {
  using store = openStore(directory);
  return { keys: [...store.items.keys()], warnings: store.warnings };
}

/** A disk with room for so many bytes more. */
function diskWith(room: number): Write {
  return (file, bytes) => {
    if (room <= 0) throw new Error("No space left on device (os error 28)");
    const took = file.writeSync(bytes.subarray(0, room));
    room -= took;
    return took;
  };
}

const size = (path: string) => Deno.statSync(path).size;

Deno.test("runs come back as they were written, in order", async () => {
  await inDirectory((directory) => {
    fill(`${directory}/deep/out`, "a", "b");
    fill(`${directory}/deep/out`, "c", "a");
    using store = openStore(`${directory}/deep/out/`);
    assertEquals([...store.items.keys()], ["a", "b", "c"]);
    assertEquals(store.items.get("b"), runWith("b"));
    assertEquals(store.warnings, []);
  });
});

Deno.test("a torn tail is skipped with a warning and cut by the next write", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/runs.jsonl`;
    fill(directory, "a", "b");
    const whole = size(path);
    for (let cut = 1; cut < 400; cut += 57) {
      Deno.truncateSync(path, whole - cut - 1);
      const found = contents(directory);
      assertEquals(found.keys, ["a"]);
      assert(/line 2: torn by an interrupted write/.test(found.warnings[0]));
      assertEquals(size(path), whole - cut - 1, "reading changes nothing");
      fill(directory, "b");
      assertEquals(size(path), whole);
      assertEquals(contents(directory), { keys: ["a", "b"], warnings: [] });
    }
  });
});

Deno.test("a last line that lacks only its newline is kept", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/runs.jsonl`;
    fill(directory, "a", "b");
    Deno.truncateSync(path, size(path) - 1);
    assertEquals(contents(directory), { keys: ["a", "b"], warnings: [] });
    fill(directory, "c");
    assertEquals(contents(directory), { keys: ["a", "b", "c"], warnings: [] });
  });
});

Deno.test("a damaged line is named, and nothing is overwritten", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/runs.jsonl`;
    fill(directory, "a", "b", "c");
    const lines = Deno.readTextFileSync(path).split("\n");
    const cases: [string, RegExp][] = [
      [lines[1].slice(0, 40), /runs\.jsonl: line 2 is damaged \(not JSON\)/],
      [lines[1].replace('"steps":2', '"steps":"2"'), /line 2 is damaged \(not a run, steps: /],
      ["null", /line 2 is damaged \(not a run, line: /],
      ["\u0000\u0000\u0021", /line 2 is damaged/],
    ];
    for (const [line, message] of cases) {
      const text = [lines[0], line, lines[2], ""].join("\n");
      Deno.writeTextFileSync(path, text);
      throws(() => openStore(directory), (error: unknown) => {
        assert(error instanceof LabError && error.exitCode === 2);
        assert(message.test(error.message) && !error.message.includes("\n"), error.message);
        return true;
      });
      assertEquals(Deno.readTextFileSync(path), text);
    }
    Deno.writeTextFileSync(path, [lines[0], lines[1], lines[0], ""].join("\n"));
    const found = contents(directory);
    assertEquals(found.keys, ["a", "b"]);
    assert(/line 3: run a again, ignored/.test(found.warnings[0]));
  });
});

Deno.test("a second store in the same directory is refused until the first is closed", async () => {
  await inDirectory((directory) => {
    const first = openStore(directory);
    throws(() => openStore(directory), {
      name: "LabError",
      message: `Cannot write to ${directory}: it is open already`,
    });
    first.append(runWith("a"));
    first.close();
    first.close();
    throws(() => first.append(runWith("b")), /the store is closed/);
    assertEquals(contents(directory).keys, ["a"]);
  });
});

Deno.test("a folder whose runs are not to be trusted stays so, and says why; other errors mark nothing", async () => {
  await inDirectory((directory) => {
    fill(directory, "a");
    markUntrusted(directory, new DeviceError("Cannot trust the FMA rate: element 0 is 1"));
    fill(directory, "b");
    const why = "Cannot trust the runs: a (run b) was trained again and came out otherwise";
    markUntrusted(directory, new UntrustedError(why));
    throws(() => openStore(directory), {
      name: "LabError",
      message:
        `Cannot go on in ${directory}: what was trained there is not to be trusted (${why}); ` +
        "give another --out",
    });
    // and the lock is free again
    Deno.removeSync(`${directory}/untrusted.txt`);
    assertEquals(contents(directory).keys, ["a", "b"]);
  });
});

Deno.test("a second process is refused as well", async () => {
  await inDirectory(async (directory) => {
    using _held = openStore(directory);
    const module = new URL("../../../lab/train/store.ts", import.meta.url).href;
    const code = `import { openStore } from ${JSON.stringify(module)};
try { openStore(${JSON.stringify(directory)}); } catch (e) { console.log(e.message); }`;
    const script = `${directory}/second.ts`;
    Deno.writeTextFileSync(script, code);
    const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--config", config, "--allow-read", "--allow-write", script],
    }).output();
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      `Cannot write to ${directory}: another bench (process ${Deno.pid}) is using it; ` +
        "wait for it, or give another --out",
    );
  });
});

Deno.test("runs of an earlier version are told from damaged ones, and nothing is overwritten", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/runs.jsonl`, { trainLoss, ...rest } = runWith("a");
    const old = JSON.stringify({ ...rest, trainLoss_nats: trainLoss }) + "\n";
    Deno.writeTextFileSync(path, old);
    throws(() => openStore(directory), {
      name: "LabError",
      message: `Cannot go on from ${path}: its runs are of an earlier version; ` +
        "give another --out, or move the file",
    });
    assertEquals(Deno.readTextFileSync(path), old);
  });
});

Deno.test("a full disk is one clear error and leaves the earlier lines intact", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/runs.jsonl`;
    fill(directory, "a");
    const before = Deno.readTextFileSync(path);
    {
      using store = openStore(directory, diskWith(100));
      throws(() => store.append(runWith("b")), {
        name: "LabError",
        message: `Cannot write run b to ${path}: no space left on the disk; ` +
          "the 1 runs before it are kept",
      });
      assertEquals([...store.items.keys()], ["a"]);
    }
    assertEquals(Deno.readTextFileSync(path), before);
    using stuck = openStore(directory, () => 0);
    throws(() => stuck.append(runWith("b")), /takes no more bytes/);
  });
});

Deno.test("a disk that takes a few bytes at a time gets the whole line", async () => {
  await inDirectory((directory) => {
    {
      using store = openStore(directory, (file, bytes) => file.writeSync(bytes.subarray(0, 7)));
      store.append(runWith("a"));
    }
    assertEquals(contents(directory), { keys: ["a"], warnings: [] });
  });
});

Deno.test("a run that JSON cannot carry is refused before it reaches the file", async () => {
  await inDirectory((directory) => {
    using store = openStore(directory);
    throws(() => store.append({ ...runWith("a"), trainLoss: [1, NaN] }), {
      name: "TypeError",
      message: /^Cannot store run a: trainLoss\.1: /,
    });
    assertEquals(size(`${directory}/runs.jsonl`), 0);
  });
});

Deno.test("a directory that cannot be written says why", async () => {
  await inDirectory((directory) => {
    Deno.writeTextFileSync(`${directory}/file`, "");
    for (const place of [`${directory}/file`, `${directory}/file/out`]) {
      throws(() => openStore(place), (error: unknown) => {
        assert(error instanceof LabError);
        assert(error.message.startsWith(`Cannot write to ${place}: `), error.message);
        return true;
      });
    }
  });
  const causes: [Error, string][] = [
    [new Deno.errors.PermissionDenied("x"), "permission denied"],
    [new Deno.errors.NotCapable("x"), "Deno was started without that permission"],
    [new Deno.errors.NotFound("x"), "no such file or directory"],
    [new Error("Read-only file system (os error 30)"), "read-only file system"],
    [Object.assign(new Error("x"), { code: "EACCES" }), "permission denied"],
    [Object.assign(new Error("x"), { code: "ENOTDIR" }), "a part of its path is a file"],
    [new Error("odd"), "odd"],
  ];
  for (const [error, text] of causes) assertEquals(causeOf(error), text);
});

Deno.test("a directory without write permission is refused", async () => {
  await inDirectory((directory) => {
    const closed = `${directory}/closed`;
    Deno.mkdirSync(closed, { mode: 0o555 });
    // root may write anywhere but in /sys, where Deno itself asks for --allow-all
    const place = Deno.uid() === 0 ? "/sys/mue-bench" : closed;
    throws(() => openStore(place), {
      message:
        /: (permission denied|read-only file system|Deno was started without that permission)$/,
    });
  });
});

Deno.test("an atomic write replaces the whole file or nothing", async () => {
  await inDirectory((directory) => {
    const path = `${directory}/record.json`;
    writeAtomic(path, "first");
    writeAtomic(path, new Uint8Array([50, 110, 100]));
    assertEquals(Deno.readTextFileSync(path), "2nd");
    throws(() => writeAtomic(path, "third, too long", diskWith(5)), {
      name: "LabError",
      message: `Cannot write to ${path}: no space left on the disk`,
    });
    assertEquals(Deno.readTextFileSync(path), "2nd");
    assertEquals([...Deno.readDirSync(directory)].map((entry) => entry.name), ["record.json"]);
    throws(() => writeAtomic(`${directory}/none/x`, ""), /no such file or directory/);
  });
});

Deno.test("a record comes back as it was written", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/record.json`, record = recordOf(runWith("a"));
    writeAtomic(path, JSON.stringify(record));
    assertEquals(await readRecord(path), record);
  });
});

Deno.test("a record with a byte-order mark is read, as an editor may have put one", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/record.json`, record = recordOf(runWith("a"));
    writeAtomic(path, `\uFEFF${JSON.stringify(record)}`);
    assertEquals(await readRecord(path), record);
  });
});

Deno.test("a record of an earlier format says which it is and what to do, a foreign one what it is", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/record.json`;
    for (const schema of ["mue-bench/record/2", "mue-bench/claims/1", "mue-bench/latency/1"]) {
      writeAtomic(path, JSON.stringify({ schema, runs: [] }));
      await rejects(readRecord(path), (error: unknown) => {
        const text = (error as Error).message;
        assert(text.includes(`its format is "${schema}", this version reads "mue-bench/record/3"`));
        assert(/run its bench again, with another --out$/.test(text), text);
        return true;
      });
    }
    writeAtomic(path, JSON.stringify({ schema: "mue-bench/record/4" }));
    await rejects(readRecord(path), /read it with the version that wrote it$/);
    writeAtomic(path, JSON.stringify({ schema: 7 }));
    await rejects(readRecord(path), /its format is 7/);
  });
});

Deno.test("a record that cannot be read is one line that names the file", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/record.json`, record = recordOf(runWith("a"));
    const text = JSON.stringify(record);
    const cases: [string, RegExp][] = [
      [text.slice(0, 500), /not JSON, or cut short$/],
      ["", /it is empty$/],
      ["[1]", /it is no record, it has no field schema$/],
      ["null", /it is no record/],
      [text.replace('"verdict":"cannot tell', '"verdict":"maybe'), /: verdict: /],
      [text.replace('"steps":2', '"steps":null'), /: evidence\.runs\.0\.steps: |: evidence: /],
    ];
    for (const [content, message] of cases) {
      Deno.writeTextFileSync(path, content);
      await rejects(readRecord(path), (error: unknown) => {
        assert(error instanceof LabError && error.message.startsWith(`Cannot read ${path}: `));
        assert(message.test(error.message) && !error.message.includes("\n"), error.message);
        return true;
      });
    }
    await rejects(readRecord(`${directory}/none`), /none: no such file or directory/);
  });
});

/** What ends a command decides its exit code, and nothing that was finished is lost. */
import assert from "node:assert/strict";
import { readArguments, UsageError } from "../../commands/arguments.ts";
import { printingJson, reportError } from "../../commands/exit_codes.ts";
import { WrongError } from "../../commands/peers/check.ts";
import { DeviceError, NoAdapterError, UnfitAdapterError } from "../../kernels/gpu/device.ts";
import { AdapterLimitError } from "../../kernels/gpu/tensor.ts";
import { LabError } from "../../lab/record/failure.ts";

/** What `body` says on stdout and stderr. */
async function said(body: () => unknown): Promise<{ out: string[]; err: string[] }> {
  const { log, error } = console, out: string[] = [], err: string[] = [];
  console.log = (text: string) => out.push(text);
  console.error = (text: string) => err.push(text);
  try {
    await body();
  } finally {
    Object.assign(console, { log, error });
  }
  return { out, err };
}

Deno.test("2 for the user's mistakes, 3 for the adapter, each one line", async () => {
  const codes: [error: unknown, code: number][] = [
    [new UsageError("m"), 2],
    [new LabError("m"), 2],
    [new NoAdapterError("m"), 3],
    [new UnfitAdapterError("m"), 3],
    [new DeviceError("m"), 3],
    [new AdapterLimitError("m"), 3],
    [new WrongError("m"), 3],
    [new DOMException("m", "OperationError"), 3],
  ];
  for (const [error, code] of codes) {
    const { out, err } = await said(() => assert.equal(reportError(error), code, `${error}`));
    assert.deepEqual([out, err], [[], ["error: m"]]);
  }
  assert.throws(() => readArguments({ args: ["--fast"], options: {} }), UsageError);
});

Deno.test("70 for a defect, with the place where it happened", async () => {
  for (const error of [new TypeError("m"), new RangeError("m"), new Error("m")]) {
    const { err } = await said(() => assert.equal(reportError(error), 70));
    assert.equal(err[0], "error: m");
    assert.match(err[1], /^\s+at .*exit_codes_test\.ts/m);
  }
  assert.deepEqual((await said(() => assert.equal(reportError("m"), 70))).err, ["error: m"]);
});

Deno.test("JSON holds what was finished before a failure, and the error", async () => {
  const rows: number[] = [], results = () => ({ rows });
  const fails = () => {
    rows.push(1);
    return Promise.reject(new DeviceError("lost"));
  };
  const { out } = await said(() => assert.rejects(printingJson(true, results, fails), DeviceError));
  assert.deepEqual(out.map((text) => JSON.parse(text)), [{ rows: [1], error: "lost" }]);
  const whole = await said(() => printingJson(true, results, () => Promise.resolve(rows.push(2))));
  assert.deepEqual(whole.out.map((text) => JSON.parse(text)), [{ rows: [1, 2] }]);
  const quiet = await said(() => assert.rejects(printingJson(false, results, fails), DeviceError));
  assert.deepEqual(quiet.out, []);
});

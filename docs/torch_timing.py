"""Times PyTorch on the shapes of `deno task bench:kernels` and `deno task bench:peers`.

    python3 docs/torch_timing.py                     on the CPU, with 1 and with 2 threads
    python3 docs/torch_timing.py --threads 1,4,8     with others
    python3 docs/torch_timing.py --device cuda       on a CUDA card (float32, TF32 off)
    python3 docs/torch_timing.py --rounds 5          fewer samples (11)
    python3 docs/torch_timing.py --sweep FILE.json   the runs of a sweep, one process per core

Works: products 512 x 512 x 512 in three layouts; one SwiGLU layer (d = 64, H = 128, 1024 tokens), forward and
backward for input and weights; whole training steps of the model that fixtures/parity/README.md states (draw a
batch, forward, backward, clip, AdamW): dense, and 16e4a h = 32 in three ways, so that none is the slow one chosen
for it: `einsum` is fixtures/parity/torch_case.py as it stands, every expert on every token, masked; `masked` the
same arithmetic as two wide products; `gathered` only the selected experts, tokens sorted by expert, one product
per expert. The diffusion step of equal size (fixtures/parity/diffusion/torch_dit_case.py: 21 images of 49 patches) stands
beside them. Rope and position tables are made once, angles of the time in float64; AdamW goes weight by weight on the CPU, where that is faster, and in its
`foreach` form on a card.

Before anything is timed each layout, layer and step is compared with float64 (loss and every gradient); a
difference over 1e-5 ends the program with 1. Every round times every work once, in random order, on each number
of threads; a sample lasts 0.2 s or more after one untimed repetition, and ends when the device has done its work.
Printed: a table (median, quartiles), then one line of JSON. Debian: python3-torch and libopenblas0-pthread;
without the latter PyTorch multiplies with the reference BLAS, 20 times slower, so the library is printed too.
Run it with nothing else running.

`--sweep FILE` takes what `deno task bench:kernels --only sweep --json > FILE` printed and trains the same runs (as
many, the same shapes, steps and held-out batches; other numbers in them): one process per core, each with one
thread and a share of the runs, one after the other, longest first; MoE in the form that is fastest for each shape.
The clock starts when every process has trained a few steps of each shape. Printed: tokens a second.
"""
import argparse, ctypes, datetime, json, math, os, platform, random, re, sys, time
import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
source = open(os.path.join(here, "../fixtures/parity/torch_case.py")).read()
exec(source[: source.rindex("\nmain()")])  # shapes, select, rms_norm, rope, moe, forward: the oracle
torch.set_default_dtype(torch.float32)
plain_moe, plain_rope = moe, rope
path = os.path.join(here, "../fixtures/parity/diffusion/torch_dit_case.py")
source = open(path).read()
dit = {"__file__": path}
exec(source[: source.rindex("\nmain()")], dit)  # shapes, positions, time_features, forward
torch.set_default_dtype(torch.float32)
plain_dit = {name: dit[name] for name in ("positions", "time_features")}

arguments = argparse.ArgumentParser(description="Times PyTorch on the shapes of bench:kernels.")
arguments.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
arguments.add_argument("--threads", default="1,2", help="CPU threads, comma-separated (1,2)")
arguments.add_argument("--rounds", type=int, default=11, help="samples of each work (11)")
arguments.add_argument("--sweep", help="JSON of bench:kernels --only sweep: train its runs instead")
arguments.add_argument("--processes", type=int, default=os.cpu_count(), help="processes of the sweep (one per core)")
given = arguments.parse_args()
DEVICE = given.device
THREADS = [int(n) for n in given.threads.split(",")] if DEVICE == "cpu" else [torch.get_num_threads()]
if DEVICE == "cuda":
    if not torch.cuda.is_available():
        sys.exit("error: Cannot time on cuda: this PyTorch sees no card")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def blas():
    """Threads, name and kernel of the OpenBLAS in this process, which torch.set_num_threads does not reach."""
    found = sorted({line.split()[-1] for line in open("/proc/self/maps") if "blas" in line}) if os.path.exists("/proc/self/maps") else []
    for path in found:
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_set_num_threads"):
            library.openblas_get_corename.restype = ctypes.c_char_p
            return library, f"OpenBLAS ({os.path.realpath(path)}, {library.openblas_get_corename().decode()} kernels)"
    return None, "MKL" if torch.backends.mkl.is_available() else ", ".join(found) or "unknown"


torch.mm(torch.ones(64, 64), torch.ones(64, 64))
OPENBLAS, BLAS = blas()


def set_threads(n):
    torch.set_num_threads(n)
    if OPENBLAS:
        OPENBLAS.openblas_set_num_threads(n)


# the fast forms of the oracle's parts
tables = {}


def table_rope(x, base=10000.0):
    T, dh = x.shape[-2:]
    key = (T, dh)
    if key not in tables:
        ang = torch.arange(T)[:, None] * base ** (-torch.arange(0, dh, 2) / dh)[None, :]
        tables[key] = ang.cos().to(x), ang.sin().to(x)
    cos, sin = tables[key]
    a, b = x[..., : dh // 2], x[..., dh // 2 :]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def table_positions(n, d):
    key = ("positions", n, d)
    if key not in tables:
        tables[key] = plain_dit["positions"](n, d)
    return tables[key]


def double_time_features(t, count):
    k = torch.arange(count // 2, dtype=torch.float64)
    ang = 1000 * t[:, None].double() * 10000.0 ** (-k / (count // 2))
    return torch.cat([ang.cos(), ang.sin()], -1).to(t)


def route(u, w, p, f):
    """Selected experts (n, a), their gates, and the two losses, as torch_case.py has them."""
    n, N, a = u.shape[0], f["experts"], f["active"]
    logits = u @ w[p + "ffn.wrouter"].T
    idx = select(logits, a, f["groups"])
    score = torch.sigmoid(logits)
    picked = score.gather(1, idx)
    gate = picked / picked.sum(-1, keepdim=True)
    load = torch.bincount(idx.reshape(-1), minlength=N).to(u) / n
    balance = (load * (N / a) * (score / score.sum(-1, keepdim=True)).mean(0)).sum()
    return idx, gate, balance, torch.logsumexp(logits, -1).pow(2).mean(), load


def masked(u, w, p, f, mult):
    idx, gate, balance, zloss, load = route(u, w, p, f)
    n, d = u.shape
    N, h = f["experts"], f["expertWidth"]
    full = torch.zeros(n, N, device=u.device, dtype=u.dtype).scatter(1, idx, gate)
    hid = F.silu(u @ w[p + "ffn.wgate"].view(N * h, d).T) * (u @ w[p + "ffn.wup"].view(N * h, d).T)
    y = (hid.view(n, N, h) * full[:, :, None]).view(n, N * h) @ w[p + "ffn.wdown"].transpose(1, 2).reshape(N * h, d)
    return y, balance, zloss, load


def gathered(u, w, p, f, mult):
    idx, gate, balance, zloss, load = route(u, w, p, f)
    a = f["active"]
    order = torch.argsort(idx.reshape(-1), stable=True)
    counts = torch.bincount(idx.reshape(-1), minlength=f["experts"]).tolist()
    token = order // a
    wg, wu, wd = (w[p + "ffn." + n].unbind(0) for n in ("wgate", "wup", "wdown"))
    parts = []
    for e, x in enumerate(u[token].split(counts)):
        parts.append((F.silu(x @ wg[e].T) * (x @ wu[e].T)) @ wd[e].T)
    y = torch.zeros_like(u).index_add(0, token, torch.cat(parts) * gate.reshape(-1)[order][:, None])
    return y, balance, zloss, load


def rng_like(shape, scale=1.0):
    return (torch.randn(shape, generator=GENERATOR) * scale).to(DEVICE)


GENERATOR = torch.Generator().manual_seed(0)
TEXT = torch.randint(0, 256, (1 << 16,), generator=GENERATOR).to(DEVICE)


def gemm(layout, n=512):
    a, b = rng_like((n, n)), rng_like((n, n))
    x, y = (a.t() if layout == "TN" else a), (b.t() if layout == "NT" else b)
    out = torch.empty(n, n, device=DEVICE)
    return {"run": lambda: torch.mm(x, y, out=out), "flops": 2 * n**3,
            "check": lambda: [(out, x.double() @ y.double())]}


def layer(tokens=1024, d=64, h=128):
    leaves = [rng_like((tokens, d)), rng_like((h, d), d**-0.5), rng_like((h, d), d**-0.5), rng_like((d, h), h**-0.5)]
    dy = rng_like((tokens, d))

    def run(parts, upstream):
        x, wg, wu, wd = parts
        y = (F.silu(x @ wg.T) * (x @ wu.T)) @ wd.T
        return [y, *torch.autograd.grad(y, parts, upstream)]

    for t in leaves:
        t.requires_grad_()
    exact = [t.detach().double().requires_grad_() for t in leaves]
    return {"run": lambda: run(leaves, dy), "flops": 18 * tokens * d * h,
            "check": lambda: list(zip(run(leaves, dy), run(exact, dy.double())))}


def text_task(model, sequences):
    """(names of the oracle, its fast parts and as they stand, what draws a batch) of the language step."""
    positions = torch.arange(model["seqLen"] + 1, device=DEVICE)

    def draw():
        return TEXT[torch.randint(0, len(TEXT) - model["seqLen"] - 1, (sequences, 1), device=DEVICE) + positions]

    return globals(), {"rope": table_rope}, {"rope": plain_rope}, draw


def image_task(model, images):
    """The same of the diffusion step."""
    pixels = torch.randint(0, 256, (100, model["channels"], model["side"], model["side"]), generator=GENERATOR).to(DEVICE)

    def draw():
        x0 = pixels[torch.randint(0, len(pixels), (images,), device=DEVICE)].float() / 127.5 - 1
        t = torch.sigmoid(torch.randn(images, device=DEVICE))
        return x0, t, torch.randn(x0.shape, device=DEVICE), torch.randint(0, model["classes"] + 1, (images,), device=DEVICE)

    fast = {"positions": table_positions, "time_features": double_time_features}
    return dit, fast, plain_dit, draw


def step(model, way, sequences=16):
    d = model["width"]
    oracle, fast, plain, draw = (image_task if "side" in model else text_task)(model, sequences)
    w = {n: torch.ones(s, device=DEVICE) if n.endswith("norm") else rng_like(s, 1.0 if n == "embed" else d**-0.5)
         for n, s in oracle["shapes"](model).items()}
    for t in w.values():
        t.requires_grad_()
    gains = [t for n, t in w.items() if n.endswith("norm")]
    opt = torch.optim.AdamW([{"params": [t for n, t in w.items() if not n.endswith("norm")], "weight_decay": 0.1},
                             {"params": gains, "weight_decay": 0.0}], lr=1e-3, betas=(0.9, 0.95), eps=1e-8, foreach=DEVICE == "cuda")

    def total(weights, batch):
        error, balance, z, _, _ = oracle["forward"](model, weights, batch)
        return error + 0.01 * balance + 0.001 * z

    def loss(weights, batch):
        oracle.update(moe=way, **fast)
        return total(weights, batch)

    def run():
        opt.zero_grad(set_to_none=True)
        loss(w, draw()).backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        opt.step()

    def check():
        batch, exact = draw(), {n: t.detach().double().requires_grad_() for n, t in w.items()}
        ours = loss(w, batch)
        torch.set_default_dtype(torch.float64)
        oracle.update(moe=plain_moe, **plain)
        theirs = total(exact, batch if torch.is_tensor(batch) else [x.double() if x.is_floating_point() else x for x in batch])
        torch.set_default_dtype(torch.float32)
        return [(ours, theirs), *zip(torch.autograd.grad(ours, list(w.values())), torch.autograd.grad(theirs, list(exact.values())))]

    return {"run": run, "flops": None, "check": check, "loss": lambda: loss(w, draw())}


def shape_of(d, T, ffn, dh=16):
    return {"width": d, "depth": 2, "vocab": 256, "headWidth": dh, "seqLen": T, "ffn": ffn,
            "multipliers": {"residual": 1, "outputMultiplier": 1, "routeScale": 1, "logits": 1}}


def images_of(d, ffn, dh=16):
    return {"width": d, "depth": 2, "headWidth": dh, "channels": 1, "side": 28, "patch": 4, "classes": 10, "timeFeatures": 256,
            "ffn": ffn, "multipliers": {"residual": 1, "outputMultiplier": 1, "routeScale": 1, "velocity": 1}}


def measure(work, n):
    t0 = time.perf_counter()
    for _ in range(n):
        work["run"]()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - t0) / n


def sweep_worker(queue, results, start, sweep):
    try:
        set_threads(1)
        made = {}
        for run in sweep["runs"]:
            ours = run["shape"]
            ffn = {**ours["ffn"], "router": "sigmoid"}
            shape = {**shape_of(ours["width"], sweep["seq"], ffn, ours["headWidth"]), "depth": ours["depth"]}
            ways = [plain_moe] if ffn["kind"] == "dense" else [masked, gathered]
            works = [step(shape, way, sweep["sequences"]) for way in ways]
            times = [min(measure(work, 5) for _ in range(3)) for work in works]
            made[run["configuration"]] = shape, ways[times.index(min(times))]
        results.put(None)
        start.wait()
        while (text := queue.get()) is not None:
            work = step(*made[text], sweep["sequences"])
            for _ in range(sweep["steps"]):
                work["run"]()
            with torch.no_grad():
                for _ in range(sweep["evaluationBatches"]):
                    work["loss"]()
            results.put(None)
    except Exception as error:
        results.put(f"error: Cannot train the sweep: {error!r}")


def time_sweep(path, processes):
    import multiprocessing
    with open(path) as file:
        sweep = json.load(file)["sweep"]
    fork = multiprocessing.get_context("fork")
    queue, results, start = fork.Queue(), fork.Queue(), fork.Event()
    workers = [fork.Process(target=sweep_worker, args=(queue, results, start, sweep)) for _ in range(processes)]
    for worker in workers:
        worker.start()

    def done(count):
        for _ in range(count):
            if (error := results.get()) is not None:
                for worker in workers:
                    worker.kill()
                sys.exit(error)

    done(processes)
    # wide and active runs first
    size = lambda run: run["shape"]["width"] * run["shape"]["ffn"].get("active", 1)
    runs = [run["configuration"] for run in sorted(sweep["runs"], key=size, reverse=True) for _ in range(run["count"])]
    for text in runs + [None] * processes:
        queue.put(text)
    began = time.perf_counter()
    start.set()
    done(len(runs))
    took = time.perf_counter() - began
    tokens = len(runs) * sweep["steps"] * sweep["sequences"] * sweep["seq"]
    print(f"{len(runs)} runs of {sweep['steps']} steps, {processes} processes: {took:.1f} s, {tokens / took:.0f} tokens/s")


def dense(h):
    return {"kind": "dense", "hidden": h}


EXPERTS = {"kind": "moe", "experts": 16, "active": 4, "expertWidth": 32, "shared": 0, "groups": 1, "router": "sigmoid"}
if DEVICE == "cuda":  # torch_case.py makes its mask and counters on the default device
    torch.set_default_device("cuda") if hasattr(torch, "set_default_device") else torch.set_default_tensor_type(torch.cuda.FloatTensor)
    GENERATOR = torch.Generator(device="cuda").manual_seed(0)
if given.sweep:
    time_sweep(given.sweep, given.processes)
    sys.exit()
WORKS = {f"gemm 512^3 {layout}": gemm(layout) for layout in ("NN", "NT", "TN")}
WORKS["swiglu layer d=64 H=128, 1024 tokens, forward+backward"] = layer()
for h in (64, 128, 256):
    WORKS[f"step dense d=64 T=64 H={h}, 1024 tokens"] = step(shape_of(64, 64, dense(h)), plain_moe)
for name, way in (("einsum", plain_moe), ("masked", masked), ("gathered", gathered)):
    WORKS[f"step 16e4a h=32 d=64 T=64, 1024 tokens, {name}"] = step(shape_of(64, 64, EXPERTS), way)
WORKS["diffusion step dense d=64 T=49 H=128, 1029 tokens"] = step(images_of(64, dense(128)), plain_moe, 21)
for name, way in (("masked", masked), ("gathered", gathered)):
    WORKS[f"diffusion step 16e4a h=32 d=64 T=49, 1029 tokens, {name}"] = step(images_of(64, EXPERTS), way, 21)
WORKS["step dense d=32 T=32 H=32, 512 tokens"] = step(shape_of(32, 32, dense(32)), plain_moe)


def quantile(samples, share):
    s = sorted(samples)
    at = share * (len(s) - 1)
    return s[int(at)] + (s[min(int(at) + 1, len(s) - 1)] - s[int(at)]) * (at - int(at))


for name, work in WORKS.items():
    work["run"]()
    for ours, exact in work["check"]():
        error = ((ours.double() - exact).norm() / exact.norm()).item()
        if not error < 1e-5:
            sys.exit(f"error: Cannot time {name}: its result is off by {error:.1e} from float64")
cases = [(name, threads) for name in WORKS for threads in THREADS]
samples = {case: [] for case in cases}
repetitions = {}
for name, threads in cases:
    set_threads(threads)
    measure(WORKS[name], 3)
    repetitions[name, threads] = max(1, round(0.2 / measure(WORKS[name], 5)))
shuffler = random.Random(0)
for _ in range(given.rounds):
    shuffler.shuffle(cases)
    for name, threads in cases:
        set_threads(threads)
        measure(WORKS[name], 1)
        samples[name, threads].append(measure(WORKS[name], repetitions[name, threads]))

cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read()) if os.path.exists("/proc/cpuinfo") else None
facts = {"date": datetime.date.today().isoformat(), "torch": torch.__version__, "python": platform.python_version(),
         "blas": BLAS, "cpu": cpu.group(1) if cpu else platform.processor(), "cores": os.cpu_count(),
         "device": torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu", "rounds": given.rounds}
print(", ".join(f"{k} {v}" for k, v in facts.items()))
print(f"\n{'work':60} threads  {'median':>9}  {'quartiles':>17}  GFLOP/s")
rows = []
for name in WORKS:
    for threads in THREADS:
        times = samples[name, threads]
        low, middle, high = (quantile(times, q) for q in (0.25, 0.5, 0.75))
        flops = WORKS[name]["flops"]
        rate = f"{flops / middle / 1e9:7.1f}" if flops else ""
        print(f"{name:60} {threads:7}  {middle * 1e3:6.2f} ms  {low * 1e3:7.2f} - {high * 1e3:7.2f}  {rate}")
        rows.append({"work": name, "threads": threads, "median_s": middle, "lo_s": low, "hi_s": high,
                     "flops": flops, "repetitions": repetitions[name, threads], "samples_s": times})
print("\n" + json.dumps(facts | {"works": rows}))

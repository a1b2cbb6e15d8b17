// c += A B^T (NT) or A B (NN) of a lane's register tile, for gemm.wgsl
//   A (rows, K), a row r of it gathered (GATHER_A): token perm[r] / per_token, 0 for a padding row
//   B (cols, K) or (K, cols); SWIGLU: the tile's first half are gate columns, the other their up
//   columns, b_up further on
//   c${i}_${j}: row i, 4 columns j. A step of the loop takes 4 k; k ascends in every element of c.

  #for i in 0..TILE_ROWS
  let p${i} = load_perm(perm_at + row + ${i}u);                                                  #if GATHER_A
  let ar${i} = a_at + select(p${i} / dims.per_token, 0u, p${i} == NONE) * dims.a_stride;         #if GATHER_A
  let ar${i} = a_at + (row + ${i}u) * dims.a_stride;                                             #if !GATHER_A
  #end for i
  let br${j} = b_at + (col * 4u + ${j}u) * dims.b_stride;                                        #for j in 0..TILE_COLS if NT && !SWIGLU
  let br${j} = b_at + (col * 4u + ${j}u) * dims.b_stride;                                        #for j in 0..TILE_COLS / 2 if SWIGLU
  let br${j} = b_at + dims.b_up + (col * 4u + ${j - TILE_COLS / 2}u) * dims.b_stride;              #for j in TILE_COLS / 2..TILE_COLS if SWIGLU
  for (var k = 0u; k < dims.k4; k++) {
    // 4 k of B, vec4 along the columns
    let w${j} = load_b(br${j} + k);                                                              #for j in 0..TILE_COLS if NT
    let b${kk}_${j} = vec4<f32>(w${j * 4}[${kk}], w${j * 4 + 1}[${kk}], w${j * 4 + 2}[${kk}], w${j * 4 + 3}[${kk}]);   #for kk in 0..4, j in 0..NV if NT
    let b${kk}_${j} = load_b(b_at + (k * 4u + ${kk}u) * dims.b_stride + col + ${j}u);            #for kk in 0..4, j in 0..NV if !NT
    #for i in 0..TILE_ROWS
    let a${i} = load_a(ar${i} + k);
    c${i}_${j} = fma(vec4<f32>(a${i}[${kk}]), b${kk}_${j}, c${i}_${j});                          #for j in 0..NV, kk in 0..4
    #end for i
  }

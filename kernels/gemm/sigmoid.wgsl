// sigmoid(g) = 1 / (1 + e^-g), 4 wide: the gate of SwiGLU.

fn sigmoid(g: vec4<f32>) -> vec4<f32> { return 1.0 / (1.0 + exp(-g)); }

// The family of a layer or operation decides its colour. The type is always written too.

/** Families in the order they are tried: [name, fill, line, pattern of type names]. */
const FAMILIES = [
  ["input", "#e6f4ea", "#2f7d46", /^Input/],
  ["recurrent", "#f3e8fd", "#7a3fb5", /LSTM|GRU|RNN|^Bidirectional$/],
  ["attention", "#fde7f3", "#b0307a", /Attention/],
  ["conv", "#e3eefc", "#2a66b8", /Conv/],
  ["norm", "#fff6d6", "#8a6d00", /Norm(alization)?$|^(Unit|Layer|Batch|Group|RMS)Norm/],
  ["pool", "#dff5f4", "#147a78", /Pool|Reshape|Flatten|Permute|Repeat|Crop|Padding|UpSampl|Transpose|GetItem|Squeeze|ExpandDims|Resiz|Resize|Slice|Split|Unstack/i],
  ["merge", "#ffe9dc", "#b4501c", /^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot|Matmul|Stack|Einsum|Divide|TrueDivide)$/],
  ["activation", "#fdeaea", "#b23b3b", /^(Activation|P?ReLU|Relu6?|LeakyReLU|LeakyRelu|ELU|Elu|Selu|Gelu|Silu|Softmax|LogSoftmax|Softplus|Softsign|Sigmoid|HardSigmoid|HardSilu|Tanh|Celu|Glu|Exp|Mish)$/i],
  ["dense", "#e9e8fd", "#4b45b8", /Dense|Embedding|Linear/],
];
const OPERATION = ["operation", "#f3f4f6", "#59636e"];
const OTHER = ["other", "#f3f4f6", "#59636e"];
const GROUP = ["group", "#eef2f7", "#3d5470"];

const style = ([name, fill, line]) => ({ name, fill, line });

/** The family of one call. */
export function familyOf(call) {
  if (call.kind === "input") return style(FAMILIES[0]);
  const found = FAMILIES.find(([, , , pattern]) => pattern.test(call.type));
  return style(found ?? (call.kind === "operation" ? OPERATION : OTHER));
}

/** The family of a closed group. */
export function groupFamily() {
  return style(GROUP);
}

// Border colours of shared layers; the badge says the same in words.
const SHARED = ["#0969da", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#bc4c00", "#0f766e", "#a40e26"];

/** The border colour of the n-th shared layer or group of a picture. */
export function sharedColour(n) {
  return SHARED[n % SHARED.length];
}

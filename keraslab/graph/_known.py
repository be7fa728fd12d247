"""Which of Keras' own layers and operations contract nothing, and which are not worked out."""

from __future__ import annotations

_DIMENSIONS = ("1D", "2D", "3D")

FREE_LAYERS = frozenset(
    {
        # inputs and look-ups
        "InputLayer", "Embedding", "Identity", "Masking",
        # activations
        "Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax",
        # normalisation
        "BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization",
        "RMSNormalization", "UnitNormalization",
        # merging
        "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract",
        # regularisation
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
        # reshaping
        "Flatten", "Permute", "RepeatVector", "Reshape",
        # preparing data
        "CategoryEncoding", "CenterCrop", "Discretization", "HashedCrossing", "Hashing",
        "IntegerLookup", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip",
        "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPosterization", "RandomRotation",
        "RandomSaturation", "RandomTranslation", "RandomZoom", "Rescaling", "Resizing",
        "StringLookup", "TextVectorization",
        # of keras.applications
        "CustomScaleLayer", "LayerScale", "StochasticDepth",
    }
    | {
        name + dimension
        for name in (
            "AdaptiveAveragePooling", "AdaptiveMaxPooling", "AveragePooling", "Cropping",
            "GlobalAveragePooling", "GlobalMaxPooling", "MaxPooling", "SpatialDropout",
            "UpSampling", "ZeroPadding",
        )
        for dimension in _DIMENSIONS
    }
)  # fmt: skip

# Keras' operations contract nothing unless they stand here or have a rule of their own.
UNKNOWN_OPERATIONS = frozenset(
    {
        # They run other code, once or often.
        "AssociativeScan", "Cond", "ForiLoop", "Function", "Map", "Scan", "Switch",
        "VectorizedMap", "WhileLoop",
        # Linear algebra
        "Cholesky", "CholeskyInverse", "Det", "Eig", "Eigh", "Inv", "JVP", "Lstsq", "Logdet",
        "LuFactor", "MatrixRank", "Pinv", "Qr", "SVD", "Slogdet", "Solve", "SolveTriangular",
        # Transforms and contractions without a rule
        "CDist", "Conv", "ConvTranspose", "Corrcoef", "Correlate", "DepthwiseConv", "FFT", "FFT2",
        "IFFT2", "IRFFT", "ISTFT", "RFFT", "STFT", "SeparableConv", "Vdot",
        # Image filters
        "AffineTransform", "ElasticTransform", "GaussianBlur", "PerspectiveTransform", "SSIM",
        "ScaleAndTranslate", "SobelEdges",
        # Losses that search over alignments
        "CTCDecode", "CTCLoss",
    }
)  # fmt: skip

# Operations whose value at a place depends on the values at that place alone.
ELEMENTWISE_OPERATIONS = frozenset(
    {
        # arithmetic
        "Abs", "Absolute", "Add", "Cbrt", "Ceil", "Clip", "Deg2rad", "Divide", "DivideNoNan", "Exp",
        "Exp2", "Expm1", "Fabs", "Floor", "FloorDivide", "Fmax", "Fmin", "Fmod", "Hypot", "Log",
        "Log10", "Log1p", "Log2", "Logaddexp", "Logaddexp2", "Maximum", "Minimum", "Mod",
        "Multiply", "NanToNum", "Negative", "Power", "Rad2deg", "Reciprocal", "Round", "Rsqrt",
        "Sign", "Sqrt", "Square", "Subtract", "TrueDivide", "Trunc", "Where",
        # trigonometry and error functions
        "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctan", "Arctan2", "Arctanh", "Cos", "Cosh",
        "Erf", "Erfc", "Erfinv", "Sin", "Sinc", "Sinh", "Tan", "Tanh",
        # comparing
        "Equal", "Greater", "GreaterEqual", "Isfinite", "Isinf", "Isnan", "Less", "LessEqual",
        "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "NotEqual",
        # activations
        "Celu", "Elu", "Gelu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu",
        "LogSigmoid", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "SoftShrink", "Softplus",
        "Softsign", "SparsePlus", "SparseSigmoid", "Squareplus", "TanhShrink", "Threshold",
        # types
        "Cast", "Copy", "SaturateCast", "StopGradient",
    }
)  # fmt: skip

/* The products and functions of a policy, in C: what GDScript computes number by number, a GDExtension computes at once.
 *
 * `spacetime-rl godot native` compiles this file against the header that the engine writes of itself. It registers one
 * class, RLNativeKernels, whose methods the addon's RLNative calls. Each method gets packed arrays and returns a new
 * PackedFloat32Array. None has a state of its own, so threads may share them. Every size is checked here: arrays that
 * do not fit each other end in a script error, never in a crash.
 *
 * Sums are formed in the order in which RLMatrix forms them in GDScript. Both therefore give the same numbers, which is
 * why the compiler may neither reorder sums nor contract a product and a sum (-ffp-contract=off).
 */
#include "gdextension_interface.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* RLNative compares this with its own number. Count it up when a method changes. */
#ifndef INTERFACE
#define INTERFACE 1
#endif

/* No result has more elements; RLTensor.MAX_ELEMENTS bounds what goes in. */
#define MOST_ELEMENTS ((int64_t)1 << 26)

/* Outputs of a matrix that are computed side by side. */
#define LANES 8

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Loops over numbers exist twice on x86: for every processor, and for those with AVX2. */
#if defined(__x86_64__)
#define HAS_AVX2 1
#define FOR_AVX2 __attribute__((target("avx2")))
#else
#define HAS_AVX2 0
#define FOR_AVX2
#endif

static bool has_avx2;

/* The engine's packed arrays have two pointers, its names and texts one. */
typedef struct {
    void *parts[2];
} Packed;
typedef struct {
    void *data;
} Name;

static struct {
    GDExtensionInterfaceVariantGetType get_type;
    GDExtensionInterfacePackedFloat32ArrayOperatorIndex floats_at;
    GDExtensionInterfacePackedFloat32ArrayOperatorIndexConst const_floats_at;
    GDExtensionInterfacePackedInt32ArrayOperatorIndexConst const_ints_at;
    GDExtensionInterfacePackedInt64ArrayOperatorIndexConst const_longs_at;
    GDExtensionVariantGetInternalPtrFunc floats_in, ints_in, longs_in;
    GDExtensionPtrBuiltInMethod floats_size, ints_size, longs_size, floats_resize;
    GDExtensionPtrConstructor new_floats;
    GDExtensionPtrDestructor free_floats, free_name, free_text;
    GDExtensionPtrConstructor new_text;
    GDExtensionVariantFromTypeConstructorFunc floats_to_variant;
    GDExtensionTypeFromVariantConstructorFunc to_int, to_float;
    GDExtensionInterfaceStringNameNewWithLatin1Chars new_name;
    GDExtensionInterfaceClassdbConstructObject2 construct;
    GDExtensionInterfaceObjectSetInstance set_instance;
    GDExtensionInterfaceClassdbRegisterExtensionClass5 register_class;
    GDExtensionInterfaceClassdbRegisterExtensionClassMethod register_method;
    GDExtensionInterfaceClassdbRegisterExtensionClassIntegerConstant register_constant;
    GDExtensionInterfaceClassdbUnregisterExtensionClass unregister_class;
    GDExtensionClassLibraryPtr library;
} engine;

static Name class_name, parent_name;

typedef struct {
    const float *at;
    int64_t size;
} Floats;

/* What a method was called with. `wrong` is the number of the first argument that does not fit, or -1. */
typedef struct {
    const GDExtensionConstVariantPtr *given;
    int64_t count;
    int64_t wrong;
    GDExtensionVariantPtr result;
} Call;

static bool is_of(Call *call, int64_t i, GDExtensionVariantType type) {
    if (i < call->count && engine.get_type(call->given[i]) == type) {
        return true;
    }
    if (call->wrong < 0) {
        call->wrong = i;
    }
    return false;
}

static bool require(Call *call, bool fits, int64_t i) {
    if (!fits && call->wrong < 0) {
        call->wrong = i;
    }
    return call->wrong < 0;
}

/* The engine's getter is not const, although it changes nothing. */
static void *inside(GDExtensionVariantGetInternalPtrFunc get, GDExtensionConstVariantPtr variant) {
    return get((GDExtensionVariantPtr)(uintptr_t)variant);
}

static Floats floats(Call *call, int64_t i) {
    Floats found = {NULL, 0};
    if (is_of(call, i, GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY)) {
        void *array = inside(engine.floats_in, call->given[i]);
        engine.floats_size(array, NULL, &found.size, 0);
        found.at = found.size > 0 ? engine.const_floats_at(array, 0) : NULL;
    }
    return found;
}

static const int32_t *ints(Call *call, int64_t i, int64_t *size) {
    *size = 0;
    if (!is_of(call, i, GDEXTENSION_VARIANT_TYPE_PACKED_INT32_ARRAY)) {
        return NULL;
    }
    void *array = inside(engine.ints_in, call->given[i]);
    engine.ints_size(array, NULL, size, 0);
    return *size > 0 ? engine.const_ints_at(array, 0) : NULL;
}

static const int64_t *longs(Call *call, int64_t i, int64_t *size) {
    *size = 0;
    if (!is_of(call, i, GDEXTENSION_VARIANT_TYPE_PACKED_INT64_ARRAY)) {
        return NULL;
    }
    void *array = inside(engine.longs_in, call->given[i]);
    engine.longs_size(array, NULL, size, 0);
    return *size > 0 ? engine.const_longs_at(array, 0) : NULL;
}

/* A whole number from `least` to MOST_ELEMENTS. */
static int64_t whole(Call *call, int64_t i, int64_t least) {
    int64_t found = least;
    if (is_of(call, i, GDEXTENSION_VARIANT_TYPE_INT)) {
        engine.to_int(&found, (GDExtensionVariantPtr)(uintptr_t)call->given[i]);
        require(call, found >= least && found <= MOST_ELEMENTS, i);
    }
    return call->wrong < 0 ? found : least;
}

static double number(Call *call, int64_t i) {
    double found = 0.0;
    if (is_of(call, i, GDEXTENSION_VARIANT_TYPE_FLOAT)) {
        engine.to_float(&found, (GDExtensionVariantPtr)(uintptr_t)call->given[i]);
    }
    return found;
}

/* The product of sizes that are at most MOST_ELEMENTS; more than that, if it is. */
static int64_t product_of(int64_t one, int64_t other) {
    return other > 0 && one > MOST_ELEMENTS / other ? MOST_ELEMENTS + 1 : one * other;
}

/* Room for the result of a call; NULL if an argument is wrong, the size is not allowed, or there is no memory. */
static float *begin_result(Call *call, Packed *result, int64_t size) {
    int64_t got = 0, error = 0;
    if (!require(call, size <= MOST_ELEMENTS, 0)) {
        return NULL;
    }
    engine.new_floats(result, NULL);
    const GDExtensionConstTypePtr sizes[] = {&size};
    engine.floats_resize(result, sizes, &error, 1);
    engine.floats_size(result, NULL, &got, 0);
    if (got != size || size == 0) {
        require(call, got == size, 0);
        engine.floats_to_variant(call->result, result);
        engine.free_floats(result);
        return NULL;
    }
    return engine.floats_at(result, 0);
}

static void end_result(Call *call, Packed *result) {
    engine.floats_to_variant(call->result, result);
    engine.free_floats(result);
}

/* LANES numbers at an address that need not be a multiple of their size. */
typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static int64_t panels_of(int64_t outputs) {
    return (outputs + LANES - 1) / LANES;
}

static ALWAYS_INLINE void store(float *to, const Lanes *sum, int64_t count) {
    if (count == LANES) {
        *(Lanes *)(void *)to = *sum;
    } else {
        memcpy(to, sum, (size_t)count * sizeof(float));
    }
}

/* `rows` (1 or 2) vectors times LANES columns. Four products at a time are summed before they join the total, as the
 * engine's own product of a 4x4 matrix and a vector does in RLMatrix. */
static ALWAYS_INLINE void add_panel(Lanes *sums, const float *vectors, const float *panel, int64_t inputs, int rows) {
    const Lanes *weights = (const Lanes *)(const void *)panel;
    int64_t i = 0;
    for (; i + 4 <= inputs; i += 4) {
        for (int row = 0; row < rows; row++) {
            const float *x = vectors + row * inputs + i;
            sums[row] += weights[i] * x[0] + weights[i + 1] * x[1] + weights[i + 2] * x[2] + weights[i + 3] * x[3];
        }
    }
    if (i == inputs) {
        return;
    }
    for (int row = 0; row < rows; row++) {
        const float *x = vectors + row * inputs;
        Lanes four = weights[i] * x[i];
        for (int64_t rest = i + 1; rest < inputs; rest++) {
            four += weights[rest] * x[rest];
        }
        sums[row] += four;
    }
}

/* A matrix is packed in panels of LANES outputs: by panel, by input, the weights of the panel's outputs. */
static ALWAYS_INLINE void multiply_body(const float *vectors, int64_t rows, const float *packed, int64_t inputs,
                                        int64_t outputs, const float *bias, float *products) {
    for (int64_t panel = 0; panel < panels_of(outputs); panel++) {
        const int64_t from = panel * LANES;
        const int64_t count = outputs - from < LANES ? outputs - from : LANES;
        Lanes begin = {0};
        if (bias != NULL) {
            memcpy(&begin, bias + from, (size_t)count * sizeof(float));
        }
        const float *weights = packed + from * inputs;
        int64_t row = 0;
        for (; row + 2 <= rows; row += 2) {
            Lanes sums[2] = {begin, begin};
            add_panel(sums, vectors + row * inputs, weights, inputs, 2);
            store(products + row * outputs + from, &sums[0], count);
            store(products + (row + 1) * outputs + from, &sums[1], count);
        }
        if (row < rows) {
            add_panel(&begin, vectors + row * inputs, weights, inputs, 1);
            store(products + row * outputs + from, &begin, count);
        }
    }
}

static void multiply_everywhere(const float *vectors, int64_t rows, const float *packed, int64_t inputs,
                                int64_t outputs, const float *bias, float *products) {
    multiply_body(vectors, rows, packed, inputs, outputs, bias, products);
}

FOR_AVX2 static void multiply_avx2(const float *vectors, int64_t rows, const float *packed, int64_t inputs,
                                   int64_t outputs, const float *bias, float *products) {
    multiply_body(vectors, rows, packed, inputs, outputs, bias, products);
}

static void multiply(const float *vectors, int64_t rows, const float *packed, int64_t inputs, int64_t outputs,
                     const float *bias, float *products) {
    (has_avx2 ? multiply_avx2 : multiply_everywhere)(vectors, rows, packed, inputs, outputs, bias, products);
}

/* pack(weights, inputs, outputs, is_turned, alpha): the weights, times alpha, in the order that `multiply` reads. */
static void pack(Call *call) {
    const Floats weights = floats(call, 0);
    const int64_t inputs = whole(call, 1, 0), outputs = whole(call, 2, 0), is_turned = whole(call, 3, 0);
    const double alpha = number(call, 4);
    if (!require(call, weights.size == product_of(inputs, outputs), 0)) {
        return;
    }
    Packed result;
    float *packed = begin_result(call, &result, product_of(panels_of(outputs) * LANES, inputs));
    if (packed == NULL) {
        return;
    }
    const int64_t in_step = is_turned ? 1 : outputs, out_step = is_turned ? inputs : 1;
    for (int64_t panel = 0; panel < panels_of(outputs); panel++) {
        for (int64_t i = 0; i < inputs; i++) {
            for (int64_t o = panel * LANES; o < (panel + 1) * LANES; o++) {
                *packed++ = o < outputs ? (float)(alpha * weights.at[i * in_step + o * out_step]) : 0.0f;
            }
        }
    }
    end_result(call, &result);
}

/* The arguments `packed, inputs, outputs, bias` from argument `i` on. A bias without elements stands for none. */
typedef struct {
    Floats packed, bias;
    int64_t inputs, outputs;
} Matrix;

static Matrix matrix(Call *call, int64_t i) {
    Matrix found = {floats(call, i), floats(call, i + 3), whole(call, i + 1, 1), whole(call, i + 2, 1)};
    require(call, found.packed.size == product_of(panels_of(found.outputs) * LANES, found.inputs), i);
    require(call, found.bias.size == 0 || found.bias.size == found.outputs, i + 3);
    return found;
}

/* product(vectors, rows, packed, inputs, outputs, bias): by row the products of its vector with the matrix. */
static void product(Call *call) {
    const Floats vectors = floats(call, 0);
    const int64_t rows = whole(call, 1, 0);
    const Matrix by = matrix(call, 2);
    if (!require(call, vectors.size == product_of(rows, by.inputs), 0)) {
        return;
    }
    Packed result;
    float *products = begin_result(call, &result, product_of(rows, by.outputs));
    if (products == NULL) {
        return;
    }
    multiply(vectors.at, rows, by.packed.at, by.inputs, by.outputs, by.bias.at, products);
    end_result(call, &result);
}

/* Windows that are gathered, and multiplied with the filters, at a time: they stay in the fastest memory. */
#define WINDOWS 8

/* convolve(images, size, places, packed, inputs, outputs, bias): by image, by output, by window, the product of the
 * window with the filter. `size` counts the elements of an image. `places` has for each element of each window its
 * place in the image, or -1 for a zero beyond it. */
static void convolve(Call *call) {
    int64_t count = 0;
    const Floats images = floats(call, 0);
    const int64_t size = whole(call, 1, 1);
    const int32_t *places = ints(call, 2, &count);
    const Matrix by = matrix(call, 3);
    const int64_t windows = count / by.inputs, images_count = images.size / size;
    require(call, images.size % size == 0, 0);
    require(call, count % by.inputs == 0, 2);
    for (int64_t i = 0; i < count; i++) {
        if (places[i] < -1 || places[i] >= size) {
            require(call, false, 2);
            break;
        }
    }
    if (call->wrong >= 0) {
        return;
    }
    Packed result;
    float *found = begin_result(call, &result, product_of(product_of(images_count, by.outputs), windows));
    if (found == NULL) {
        return;
    }
    float *gathered = malloc((size_t)(WINDOWS * (by.inputs + by.outputs)) * sizeof(float));
    if (gathered == NULL) {
        engine.free_floats(&result);
        require(call, false, 0);
        return;
    }
    float *products = gathered + WINDOWS * by.inputs;
    for (int64_t image = 0; image < images_count; image++) {
        const float *pixels = images.at + image * size;
        float *channels = found + image * by.outputs * windows;
        for (int64_t from = 0; from < windows; from += WINDOWS) {
            const int64_t several = windows - from < WINDOWS ? windows - from : WINDOWS;
            for (int64_t i = 0; i < several * by.inputs; i++) {
                const int32_t place = places[from * by.inputs + i];
                gathered[i] = place < 0 ? 0.0f : pixels[place];
            }
            multiply(gathered, several, by.packed.at, by.inputs, by.outputs, by.bias.at, products);
            for (int64_t window = 0; window < several; window++) {
                for (int64_t output = 0; output < by.outputs; output++) {
                    channels[output * windows + from + window] = products[window * by.outputs + output];
                }
            }
        }
    }
    free(gathered);
    end_result(call, &result);
}

/* e^x within 1e-9 of itself, by which a float cannot differ more than in its last bit. Written without branches, so
 * that compilers compute several at once. Results beyond a float's range are infinite or 0 once they are floats. */
static ALWAYS_INLINE double exp_of(double x) {
    /* Not fmin and fmax: they lose what is not a number. */
    x = x > 700.0 ? 700.0 : x;
    x = x < -700.0 ? -700.0 : x;
    /* Adding 1.5 * 2^52 rounds to a whole number, which then stands in the lowest bits. */
    const double shift = 6755399441055744.0;
    const double shifted = x * 1.4426950408889634 + shift;
    const double n = shifted - shift;
    const double r = x - n * 0.6931471805599453;
    double sum = 1.0 / 40320.0; /* Taylor's series: |r| is at most 0.35, and the next term at most 2e-10. */
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* 2^n */
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

static ALWAYS_INLINE double tanh_of(double x) {
    return 1.0 - 2.0 / (exp_of(2.0 * x) + 1.0);
}

static ALWAYS_INLINE double sigmoid_of(double x) {
    return 1.0 / (1.0 + exp_of(-x));
}

/* Numbered as in RLNative. */
enum Function { RELU, TANH, SIGMOID, CLIP, ELU, EXP, LOG, ABS, SIGN, NEG, SQRT, LEAKY_RELU, FUNCTIONS };

#define EACH(expression)                  \
    for (int64_t i = 0; i < count; i++) { \
        const double v = x[i];            \
        to[i] = (float)(expression);      \
    }                                     \
    break

static ALWAYS_INLINE void map_body(int64_t function, const float *x, int64_t count, double a, double b, float *to) {
    switch (function) {
    case RELU: EACH(v < 0.0 ? 0.0 : v);
    case TANH: EACH(tanh_of(v));
    case SIGMOID: EACH(sigmoid_of(v));
    case CLIP: EACH((v < a ? a : v) > b ? b : (v < a ? a : v));
    case ELU: EACH(v >= 0.0 ? v : a * (exp_of(v) - 1.0));
    case EXP: EACH(exp_of(v));
    case LOG: EACH(log(v));
    case ABS: EACH(fabs(v));
    case SIGN: EACH(v > 0.0 ? 1.0 : v < 0.0 ? -1.0 : 0.0);
    case NEG: EACH(-v);
    case SQRT: EACH(sqrt(v));
    case LEAKY_RELU: EACH(v >= 0.0 ? v : a * v);
    default: break;
    }
}

static void map_everywhere(int64_t function, const float *x, int64_t count, double a, double b, float *to) {
    map_body(function, x, count, a, b, to);
}

FOR_AVX2 static void map_avx2(int64_t function, const float *x, int64_t count, double a, double b, float *to) {
    map_body(function, x, count, a, b, to);
}

/* map(function, values, a, b): the function of every value; `a` and `b` are its parameters, if it has any. */
static void map(Call *call) {
    const int64_t function = whole(call, 0, 0);
    const Floats x = floats(call, 1);
    const double a = number(call, 2), b = number(call, 3);
    if (!require(call, function < FUNCTIONS, 0)) {
        return;
    }
    Packed result;
    float *to = begin_result(call, &result, x.size);
    if (to != NULL) {
        (has_avx2 ? map_avx2 : map_everywhere)(function, x.at, x.size, a, b, to);
        end_result(call, &result);
    }
}

/* Numbered as in RLOnnxPointwise. */
enum Rule { ADD, SUB, MUL, DIV, RULES };

static ALWAYS_INLINE void combine_run(int64_t rule, const float *x, const float *y, int64_t y_step, int64_t count,
                                      float *to) {
    switch (rule) {
    case ADD:
        for (int64_t i = 0; i < count; i++) to[i] = x[i] + y[i * y_step];
        break;
    case SUB:
        for (int64_t i = 0; i < count; i++) to[i] = x[i] - y[i * y_step];
        break;
    case MUL:
        for (int64_t i = 0; i < count; i++) to[i] = x[i] * y[i * y_step];
        break;
    default:
        for (int64_t i = 0; i < count; i++) to[i] = x[i] / y[i * y_step];
        break;
    }
}

/* combine(rule, values, others): one number by the other; `others` is repeated until it is as long as `values`. */
static void combine(Call *call) {
    const int64_t rule = whole(call, 0, 0);
    const Floats x = floats(call, 1), y = floats(call, 2);
    require(call, rule < RULES, 0);
    if (!require(call, y.size > 0 ? x.size % y.size == 0 : x.size == 0, 2)) {
        return;
    }
    Packed result;
    float *to = begin_result(call, &result, x.size);
    if (to == NULL) {
        return;
    }
    if (y.size == 1) {
        combine_run(rule, x.at, y.at, 0, x.size, to);
    } else {
        for (int64_t from = 0; from < x.size; from += y.size) {
            combine_run(rule, x.at + from, y.at, 1, y.size, to + from);
        }
    }
    end_result(call, &result);
}

/* pick(values, places, length): `length` values from each of these places on. */
static void pick(Call *call) {
    int64_t count = 0;
    const Floats values = floats(call, 0);
    const int32_t *places = ints(call, 1, &count);
    const int64_t length = whole(call, 2, 0);
    for (int64_t i = 0; i < count; i++) {
        if (places[i] < 0 || places[i] > values.size - length) {
            require(call, false, 1);
            return;
        }
    }
    Packed result;
    float *to = begin_result(call, &result, product_of(count, length));
    if (to == NULL) {
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (length == 1) {
            to[i] = values.at[places[i]];
        } else {
            memcpy(to + i * length, values.at + places[i], (size_t)length * sizeof(float));
        }
    }
    end_result(call, &result);
}

/* take(values, size, inner, chosen): from every group of `size` times `inner` values those that `chosen` lists, `inner`
 * for each. */
static void take(Call *call) {
    int64_t count = 0;
    const Floats values = floats(call, 0);
    const int64_t size = whole(call, 1, 1), inner = whole(call, 2, 1);
    const int64_t *chosen = longs(call, 3, &count);
    const int64_t group = product_of(size, inner);
    require(call, values.size % group == 0, 0);
    for (int64_t i = 0; i < count && call->wrong < 0; i++) {
        require(call, chosen[i] >= 0 && chosen[i] < size, 3);
    }
    if (call->wrong >= 0) {
        return;
    }
    Packed result;
    float *to = begin_result(call, &result, product_of(product_of(values.size / group, count), inner));
    if (to == NULL) {
        return;
    }
    for (int64_t from = 0; from < values.size; from += group) {
        for (int64_t i = 0; i < count; i++, to += inner) {
            memcpy(to, values.at + from + chosen[i] * inner, (size_t)inner * sizeof(float));
        }
    }
    end_result(call, &result);
}

/* cut(values, size, from, to): of every `size` values those from `from` to before `to`. */
static void cut(Call *call) {
    const Floats values = floats(call, 0);
    const int64_t size = whole(call, 1, 1), from = whole(call, 2, 0), to = whole(call, 3, 0);
    require(call, values.size % size == 0, 0);
    if (!require(call, from <= to && to <= size, 3)) {
        return;
    }
    const int64_t rows = values.size / size, length = to - from;
    Packed result;
    float *found = begin_result(call, &result, product_of(rows, length));
    if (found == NULL) {
        return;
    }
    for (int64_t row = 0; row < rows; row++) {
        memcpy(found + row * length, values.at + row * size + from, (size_t)length * sizeof(float));
    }
    end_result(call, &result);
}

/* join(rows, one, other, …): row by row what each array has for the row. */
static void join(Call *call) {
    const int64_t rows = whole(call, 0, 1);
    int64_t total = 0;
    for (int64_t part = 1; part < call->count; part++) {
        const Floats values = floats(call, part);
        if (!require(call, values.size % rows == 0 && total <= MOST_ELEMENTS, part)) {
            return;
        }
        total += values.size;
    }
    Packed result;
    float *to = begin_result(call, &result, total);
    if (to == NULL) {
        return;
    }
    int64_t before = 0;
    for (int64_t part = 1; part < call->count; part++) {
        const Floats values = floats(call, part);
        const int64_t length = values.size / rows;
        for (int64_t row = 0; row < rows && length > 0; row++) {
            memcpy(to + row * (total / rows) + before, values.at + row * length, (size_t)length * sizeof(float));
        }
        before += length;
    }
    end_result(call, &result);
}

/* lstm(gates, recurrent, cell, size): the hidden state of every row, then its cell. The gates, from the input and from
 * the hidden state, have for each row `size` numbers each for input, output, forget and cell. */
static void lstm(Call *call) {
    const Floats gates = floats(call, 0), recurrent = floats(call, 1), cell = floats(call, 2);
    const int64_t size = whole(call, 3, 1);
    require(call, cell.size % size == 0, 2);
    require(call, gates.size == 4 * cell.size, 0);
    if (!require(call, recurrent.size == gates.size, 1)) {
        return;
    }
    Packed result;
    float *hidden = begin_result(call, &result, 2 * cell.size);
    if (hidden == NULL) {
        return;
    }
    float *next = hidden + cell.size;
    for (int64_t row = 0; row < cell.size / size; row++) {
        const float *x = gates.at + 4 * row * size, *h = recurrent.at + 4 * row * size;
        for (int64_t i = 0; i < size; i++) {
            const double input = sigmoid_of((double)x[i] + h[i]);
            const double output = sigmoid_of((double)x[size + i] + h[size + i]);
            const double forget = sigmoid_of((double)x[2 * size + i] + h[2 * size + i]);
            const double new = tanh_of((double)x[3 * size + i] + h[3 * size + i]);
            const int64_t at = row * size + i;
            next[at] = (float)(forget * cell.at[at] + input * new);
            hidden[at] = (float)(output * tanh_of(next[at]));
        }
    }
    end_result(call, &result);
}

/* gru(gates, recurrent, hidden, size): the next hidden state. The gates stand in the order update, reset, hidden. */
static void gru(Call *call) {
    const Floats gates = floats(call, 0), recurrent = floats(call, 1), hidden = floats(call, 2);
    const int64_t size = whole(call, 3, 1);
    require(call, hidden.size % size == 0, 2);
    require(call, gates.size == 3 * hidden.size, 0);
    if (!require(call, recurrent.size == gates.size, 1)) {
        return;
    }
    Packed result;
    float *next = begin_result(call, &result, hidden.size);
    if (next == NULL) {
        return;
    }
    for (int64_t row = 0; row < hidden.size / size; row++) {
        const float *x = gates.at + 3 * row * size, *h = recurrent.at + 3 * row * size;
        for (int64_t i = 0; i < size; i++) {
            const double update = sigmoid_of((double)x[i] + h[i]);
            const double reset = sigmoid_of((double)x[size + i] + h[size + i]);
            const double new = tanh_of(x[2 * size + i] + reset * h[2 * size + i]);
            const int64_t at = row * size + i;
            next[at] = (float)((1.0 - update) * new + update * hidden.at[at]);
        }
    }
    end_result(call, &result);
}

static const struct Method {
    const char *name;
    void (*run)(Call *call);
    int64_t least_arguments;
} methods[] = {
    {"pack", pack, 5}, {"product", product, 6}, {"convolve", convolve, 7}, {"map", map, 4},   {"combine", combine, 3},
    {"pick", pick, 3}, {"take", take, 4},       {"cut", cut, 4},           {"join", join, 1}, {"lstm", lstm, 4},
    {"gru", gru, 4},
};

static void run_method(void *method, GDExtensionClassInstancePtr instance, const GDExtensionConstVariantPtr *given,
                       GDExtensionInt count, GDExtensionVariantPtr result, GDExtensionCallError *error) {
    (void)instance;
    const struct Method *called = method;
    if (count < called->least_arguments) {
        error->error = GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS;
        error->expected = (int32_t)called->least_arguments;
        return;
    }
    Call call = {given, count, -1, result};
    called->run(&call);
    if (call.wrong >= 0) {
        error->error = GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT;
        error->argument = (int32_t)call.wrong;
        error->expected = GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY;
    }
}

/* Objects of the class have no data, but the engine wants an address. */
static GDExtensionObjectPtr create_instance(void *userdata, GDExtensionBool notify) {
    static char no_data;
    (void)userdata;
    (void)notify;
    GDExtensionObjectPtr object = engine.construct(&parent_name);
    engine.set_instance(object, &class_name, &no_data);
    return object;
}

static void free_instance(void *userdata, GDExtensionClassInstancePtr instance) {
    (void)userdata;
    (void)instance;
}

static void register_methods(void) {
    Name no_name, no_text;
    engine.new_name(&no_name, "", false);
    engine.new_text(&no_text, NULL);
    GDExtensionPropertyInfo returned = {
        .type = GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY,
        .name = &no_name,
        .class_name = &no_name,
        .hint_string = &no_text,
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        Name name;
        engine.new_name(&name, methods[i].name, false);
        const GDExtensionClassMethodInfo info = {
            .name = &name,
            .method_userdata = (void *)(uintptr_t)&methods[i],
            .call_func = run_method,
            .method_flags = GDEXTENSION_METHOD_FLAG_NORMAL | GDEXTENSION_METHOD_FLAG_VARARG,
            .has_return_value = true,
            .return_value_info = &returned,
        };
        engine.register_method(engine.library, &class_name, &info);
        engine.free_name(&name);
    }
    Name constant;
    engine.new_name(&constant, "INTERFACE", false);
    engine.register_constant(engine.library, &class_name, &no_name, &constant, INTERFACE, false);
    engine.free_name(&constant);
    engine.free_text(&no_text);
    engine.free_name(&no_name);
}

static void initialize(void *userdata, GDExtensionInitializationLevel level) {
    (void)userdata;
    if (level != GDEXTENSION_INITIALIZATION_SCENE) {
        return;
    }
    engine.new_name(&class_name, "RLNativeKernels", false);
    engine.new_name(&parent_name, "RefCounted", false);
    const GDExtensionClassCreationInfo5 info = {
        .is_exposed = true,
        .create_instance_func = create_instance,
        .free_instance_func = free_instance,
    };
    engine.register_class(engine.library, &class_name, &parent_name, &info);
    register_methods();
}

static void deinitialize(void *userdata, GDExtensionInitializationLevel level) {
    (void)userdata;
    if (level == GDEXTENSION_INITIALIZATION_SCENE) {
        engine.unregister_class(engine.library, &class_name);
        engine.free_name(&class_name);
        engine.free_name(&parent_name);
    }
}

/* The engine's functions have one type until they are asked for by name. */
#define ASK(type, name) ((type)(void (*)(void))get(name))

static GDExtensionPtrBuiltInMethod built_in(GDExtensionInterfaceVariantGetPtrBuiltinMethod find,
                                            GDExtensionVariantType type, const char *method, int64_t hash) {
    Name name;
    engine.new_name(&name, method, false);
    GDExtensionPtrBuiltInMethod found = find(type, &name, hash);
    engine.free_name(&name);
    return found;
}

/* Whether the engine has everything that is asked of it. */
static bool find_functions(GDExtensionInterfaceGetProcAddress get) {
    const GDExtensionVariantType floats_type = GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY;
    const GDExtensionVariantType ints_type = GDEXTENSION_VARIANT_TYPE_PACKED_INT32_ARRAY;
    const GDExtensionVariantType longs_type = GDEXTENSION_VARIANT_TYPE_PACKED_INT64_ARRAY;
    /* How the engine names the forms of its own methods, in extension_api.json; they are as old as 4.0. */
    const int64_t size_hash = 3173160232, resize_hash = 848867239;

    engine.get_type = ASK(GDExtensionInterfaceVariantGetType, "variant_get_type");
    engine.floats_at =
        ASK(GDExtensionInterfacePackedFloat32ArrayOperatorIndex, "packed_float32_array_operator_index");
    engine.const_floats_at =
        ASK(GDExtensionInterfacePackedFloat32ArrayOperatorIndexConst, "packed_float32_array_operator_index_const");
    engine.const_ints_at =
        ASK(GDExtensionInterfacePackedInt32ArrayOperatorIndexConst, "packed_int32_array_operator_index_const");
    engine.const_longs_at =
        ASK(GDExtensionInterfacePackedInt64ArrayOperatorIndexConst, "packed_int64_array_operator_index_const");
    engine.new_name = ASK(GDExtensionInterfaceStringNameNewWithLatin1Chars, "string_name_new_with_latin1_chars");
    engine.construct = ASK(GDExtensionInterfaceClassdbConstructObject2, "classdb_construct_object2");
    engine.set_instance = ASK(GDExtensionInterfaceObjectSetInstance, "object_set_instance");
    engine.register_class =
        ASK(GDExtensionInterfaceClassdbRegisterExtensionClass5, "classdb_register_extension_class5");
    engine.register_method =
        ASK(GDExtensionInterfaceClassdbRegisterExtensionClassMethod, "classdb_register_extension_class_method");
    engine.register_constant = ASK(GDExtensionInterfaceClassdbRegisterExtensionClassIntegerConstant,
                                   "classdb_register_extension_class_integer_constant");
    engine.unregister_class =
        ASK(GDExtensionInterfaceClassdbUnregisterExtensionClass, "classdb_unregister_extension_class");
    GDExtensionInterfaceGetVariantGetInternalPtrFunc getter =
        ASK(GDExtensionInterfaceGetVariantGetInternalPtrFunc, "variant_get_ptr_internal_getter");
    GDExtensionInterfaceVariantGetPtrBuiltinMethod method =
        ASK(GDExtensionInterfaceVariantGetPtrBuiltinMethod, "variant_get_ptr_builtin_method");
    GDExtensionInterfaceVariantGetPtrConstructor constructor =
        ASK(GDExtensionInterfaceVariantGetPtrConstructor, "variant_get_ptr_constructor");
    GDExtensionInterfaceVariantGetPtrDestructor destructor =
        ASK(GDExtensionInterfaceVariantGetPtrDestructor, "variant_get_ptr_destructor");
    GDExtensionInterfaceGetVariantFromTypeConstructor from_type =
        ASK(GDExtensionInterfaceGetVariantFromTypeConstructor, "get_variant_from_type_constructor");
    GDExtensionInterfaceGetVariantToTypeConstructor to_type =
        ASK(GDExtensionInterfaceGetVariantToTypeConstructor, "get_variant_to_type_constructor");
    if (!(engine.get_type && engine.floats_at && engine.const_floats_at && engine.const_ints_at &&
          engine.const_longs_at && engine.new_name && engine.construct && engine.set_instance &&
          engine.register_class && engine.register_method && engine.register_constant && engine.unregister_class &&
          getter && method && constructor && destructor && from_type && to_type)) {
        return false;
    }
    engine.free_name = destructor(GDEXTENSION_VARIANT_TYPE_STRING_NAME);
    engine.free_text = destructor(GDEXTENSION_VARIANT_TYPE_STRING);
    engine.new_text = constructor(GDEXTENSION_VARIANT_TYPE_STRING, 0);
    engine.new_floats = constructor(floats_type, 0);
    engine.free_floats = destructor(floats_type);
    engine.floats_in = getter(floats_type);
    engine.ints_in = getter(ints_type);
    engine.longs_in = getter(longs_type);
    engine.floats_to_variant = from_type(floats_type);
    engine.to_int = to_type(GDEXTENSION_VARIANT_TYPE_INT);
    engine.to_float = to_type(GDEXTENSION_VARIANT_TYPE_FLOAT);
    engine.floats_size = built_in(method, floats_type, "size", size_hash);
    engine.ints_size = built_in(method, ints_type, "size", size_hash);
    engine.longs_size = built_in(method, longs_type, "size", size_hash);
    engine.floats_resize = built_in(method, floats_type, "resize", resize_hash);
    return engine.floats_in && engine.ints_in && engine.longs_in && engine.floats_size && engine.ints_size &&
           engine.longs_size && engine.floats_resize;
}

__attribute__((visibility("default"))) GDExtensionBool
spacetime_rl_native_init(GDExtensionInterfaceGetProcAddress get, GDExtensionClassLibraryPtr library,
                         GDExtensionInitialization *initialization) {
    engine.library = library;
    if (!find_functions(get)) {
        return false;
    }
#if HAS_AVX2
    __builtin_cpu_init();
    has_avx2 = __builtin_cpu_supports("avx2");
#endif
    initialization->minimum_initialization_level = GDEXTENSION_INITIALIZATION_SCENE;
    initialization->initialize = initialize;
    initialization->deinitialize = deinitialize;
    return true;
}

@warning_ignore_start("integer_division")
class_name RLOnnxPointwise
## ONNX operators that compute each element for itself, or from the elements at the same place of two tensors.

const _ADD := 0
const _SUB := 1
const _MUL := 2
const _DIV := 3
# What the native library has of the operators in `_unary_functions`, and the `alpha` of those that have one.
const _NATIVE: Dictionary[String, int] = {
	"Elu": RLNative.ELU,
	"Exp": RLNative.EXP,
	"Log": RLNative.LOG,
	"Abs": RLNative.ABS,
	"Sign": RLNative.SIGN,
	"Neg": RLNative.NEG,
	"Sqrt": RLNative.SQRT,
	"LeakyRelu": RLNative.LEAKY_RELU,
}
const _NATIVE_ALPHA: Dictionary[String, float] = {"Elu": 1.0, "LeakyRelu": 0.01}


## By name the operators of this file: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
static func operators() -> Dictionary[String, Callable]:
	var found: Dictionary[String, Callable] = {
		"Relu": _relu,
		"Tanh": _tanh,
		"Sigmoid": _sigmoid,
		"Identity": _identity,
		"Dropout": _dropout,
		"Clip": _clip,
		"Cast": _cast,
		"Where": _where,
		"Not": _not,
		"IsNaN": _is_nan,
		"IsInf": _is_inf,
		"Add": _arithmetic.bind(_ADD),
		"Sub": _arithmetic.bind(_SUB),
		"Mul": _arithmetic.bind(_MUL),
		"Div": _arithmetic.bind(_DIV),
	}
	var unary := _unary_functions()
	for name: String in unary:
		found[name] = _unary.bind(unary[name])
	var binary := _binary_functions()
	for name: String in binary:
		found[name] = _variadic.bind(binary[name])
	var comparing := _comparing_functions()
	for name: String in comparing:
		found[name] = _compare.bind(comparing[name])
	return found


# By name `func(v: float, node: RLOnnxNode) -> float`.
static func _unary_functions() -> Dictionary[String, Callable]:
	var all: Dictionary[String, Callable] = {"Elu": _elu, "Selu": _selu, "HardSigmoid": _hard_sigmoid}
	all["Abs"] = func(v: float, _n: RLOnnxNode) -> float: return absf(v)
	all["Ceil"] = func(v: float, _n: RLOnnxNode) -> float: return ceilf(v)
	all["Cos"] = func(v: float, _n: RLOnnxNode) -> float: return cos(v)
	all["Exp"] = func(v: float, _n: RLOnnxNode) -> float: return exp(v)
	all["Floor"] = func(v: float, _n: RLOnnxNode) -> float: return floorf(v)
	all["HardSwish"] = func(v: float, _n: RLOnnxNode) -> float: return v * clampf(v / 6.0 + 0.5, 0.0, 1.0)
	all["LeakyRelu"] = func(v: float, n: RLOnnxNode) -> float: return v if v >= 0.0 else v * n.real("alpha", 0.01)
	all["Log"] = func(v: float, _n: RLOnnxNode) -> float: return log(v)
	all["Neg"] = func(v: float, _n: RLOnnxNode) -> float: return -v
	all["Reciprocal"] = func(v: float, _n: RLOnnxNode) -> float: return 1.0 / v
	all["Sign"] = func(v: float, _n: RLOnnxNode) -> float: return signf(v)
	all["Sin"] = func(v: float, _n: RLOnnxNode) -> float: return sin(v)
	all["Softplus"] = func(v: float, _n: RLOnnxNode) -> float: return maxf(v, 0.0) + log(1.0 + exp(-absf(v)))
	all["Softsign"] = func(v: float, _n: RLOnnxNode) -> float: return v / (1.0 + absf(v))
	all["Sqrt"] = func(v: float, _n: RLOnnxNode) -> float: return sqrt(v)
	return all


# By name `func(a: float, b: float) -> float`.
static func _binary_functions() -> Dictionary[String, Callable]:
	var all: Dictionary[String, Callable] = {}
	all["Pow"] = func(a: float, b: float) -> float: return pow(a, b)
	all["PRelu"] = func(a: float, b: float) -> float: return a if a >= 0.0 else a * b
	all["Min"] = func(a: float, b: float) -> float: return b if is_nan(b) else minf(a, b)
	all["Max"] = func(a: float, b: float) -> float: return b if is_nan(b) else maxf(a, b)
	all["Sum"] = func(a: float, b: float) -> float: return a + b
	return all


# By name `func(a: float, b: float) -> bool`.
static func _comparing_functions() -> Dictionary[String, Callable]:
	var all: Dictionary[String, Callable] = {}
	all["Equal"] = func(a: float, b: float) -> bool: return a == b
	all["Greater"] = func(a: float, b: float) -> bool: return a > b
	all["GreaterOrEqual"] = func(a: float, b: float) -> bool: return a >= b
	all["Less"] = func(a: float, b: float) -> bool: return a < b
	all["LessOrEqual"] = func(a: float, b: float) -> bool: return a <= b
	all["And"] = func(a: float, b: float) -> bool: return a != 0.0 and b != 0.0
	all["Or"] = func(a: float, b: float) -> bool: return a != 0.0 or b != 0.0
	return all


## For each element of a tensor of `shape` the index of the element that broadcasting takes from one of `from_shape`.
static func broadcast_indices(from_shape: PackedInt32Array, shape: PackedInt32Array) -> PackedInt32Array:
	var indices := PackedInt32Array()
	indices.resize(RLTensor.count_of(shape))
	var added := shape.size() - from_shape.size()
	var every := 1  # elements of `shape` before this axis moves on
	var stride := 1
	for axis: int in range(shape.size() - 1, -1, -1):
		var size := from_shape[axis - added] if axis >= added else 1
		if size > 1:
			for i: int in indices.size():
				indices[i] += (i / every) % size * stride
		stride *= size
		every *= shape[axis]
	return indices


## The shape that broadcasting gives two shapes; `[-1]` if they do not fit.
static func broadcast_shape(one: PackedInt32Array, other: PackedInt32Array) -> PackedInt32Array:
	var longer := one if one.size() >= other.size() else other
	var shorter := other if one.size() >= other.size() else one
	var shape := longer.duplicate()
	for i: int in shorter.size():
		var at := longer.size() - shorter.size() + i
		if shorter[i] != longer[at]:
			if shorter[i] != 1 and longer[at] != 1:
				return PackedInt32Array([-1])
			shape[at] = longer[at] if shorter[i] == 1 else shorter[i]
	return shape


static func _relu(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if RLNative.kernels != null:
		return [RLTensor.of_floats(x[0].shape, RLNative.map(RLNative.RELU, x[0].as_floats()))]
	var values := x[0].as_floats().duplicate()
	for i: int in values.size():
		if values[i] < 0.0:
			values[i] = 0.0
	return [RLTensor.of_floats(x[0].shape, values)]


static func _tanh(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if RLNative.kernels != null:
		return [RLTensor.of_floats(x[0].shape, RLNative.map(RLNative.TANH, x[0].as_floats()))]
	var values := x[0].as_floats().duplicate()
	for i: int in values.size():
		values[i] = tanh(values[i])
	return [RLTensor.of_floats(x[0].shape, values)]


static func _sigmoid(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if RLNative.kernels != null:
		return [RLTensor.of_floats(x[0].shape, RLNative.map(RLNative.SIGMOID, x[0].as_floats()))]
	var values := x[0].as_floats().duplicate()
	for i: int in values.size():
		values[i] = 1.0 / (1.0 + exp(-values[i]))
	return [RLTensor.of_floats(x[0].shape, values)]


static func _unary(node: RLOnnxNode, x: Array[RLTensor], function: Callable) -> Array[RLTensor]:
	if x[0].kind != RLTensor.Kind.FLOAT:
		var whole := PackedInt64Array()
		for value: int in x[0].ints:
			var result: float = function.call(float(value), node)
			whole.append(int(result))
		return [RLTensor.of_ints(x[0].shape, whole)]
	if RLNative.kernels != null and _NATIVE.has(node.operator):
		var alpha := node.real("alpha", _NATIVE_ALPHA.get(node.operator, 0.0) as float)
		return [RLTensor.of_floats(x[0].shape, RLNative.map(_NATIVE[node.operator], x[0].floats, alpha))]
	var values := x[0].floats.duplicate()
	for i: int in values.size():
		values[i] = function.call(values[i], node)
	return [RLTensor.of_floats(x[0].shape, values)]


static func _elu(v: float, node: RLOnnxNode) -> float:
	return v if v >= 0.0 else node.real("alpha", 1.0) * (exp(v) - 1.0)


static func _selu(v: float, node: RLOnnxNode) -> float:
	var below := node.real("alpha", 1.6732632423543772) * (exp(v) - 1.0)
	return node.real("gamma", 1.0507009873554804) * (v if v >= 0.0 else below)


static func _hard_sigmoid(v: float, node: RLOnnxNode) -> float:
	return clampf(node.real("alpha", 0.2) * v + node.real("beta", 0.5), 0.0, 1.0)


static func _identity(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	return [x[0]]


# In use, nothing is dropped.
static func _dropout(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if x.size() > 2 and x[2] != null and x[2].number() != 0.0:
		return node.fail("only the form without training is supported")
	var kept := PackedInt64Array()
	kept.resize(x[0].count())
	kept.fill(1)
	return [x[0], RLTensor.of_ints(x[0].shape, kept, RLTensor.Kind.BOOL)]


# Since opset 11 the bounds are inputs.
static func _clip(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var least := node.real("min", -INF)
	var most := node.real("max", INF)
	if x.size() > 1 and x[1] != null:
		least = x[1].as_floats()[0]
	if x.size() > 2 and x[2] != null:
		most = x[2].as_floats()[0]
	if x[0].kind != RLTensor.Kind.FLOAT:
		var whole := PackedInt64Array()
		for value: int in x[0].ints:
			whole.append(int(minf(maxf(value, least), most)))
		return [RLTensor.of_ints(x[0].shape, whole)]
	if RLNative.kernels != null:
		return [RLTensor.of_floats(x[0].shape, RLNative.map(RLNative.CLIP, x[0].floats, least, most))]
	var values := x[0].floats.duplicate()
	for i: int in values.size():
		var value := values[i]
		if value < least:
			value = least
		if value > most:
			value = most
		values[i] = value
	return [RLTensor.of_floats(x[0].shape, values)]


static func _cast(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var to := node.whole("to", 0)
	match to:
		1, 10, 11:
			return [RLTensor.of_floats(x[0].shape, x[0].as_floats())]
		2, 3, 4, 5, 6, 7, 12, 13:
			return [RLTensor.of_ints(x[0].shape, x[0].as_ints())]
		9:
			var values := x[0].as_floats()
			var truths := PackedInt64Array()
			for value: float in values:
				truths.append(int(value != 0.0))
			return [RLTensor.of_ints(x[0].shape, truths, RLTensor.Kind.BOOL)]
	return node.fail("there is no element type %d" % to)


static func _where(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var shape := broadcast_shape(broadcast_shape(x[0].shape, x[1].shape), x[2].shape)
	if RLTensor.count_of(shape) < 0:
		return node.fail("the shapes %s, %s and %s do not fit" % [x[0].shape, x[1].shape, x[2].shape])
	var asked := broadcast_indices(x[0].shape, shape)
	# One tensor holds both: first what is chosen where the condition is true.
	var both: Array[RLTensor] = [x[1].reshaped([x[1].count()]), x[2].reshaped([x[2].count()])]
	var pool := RLTensor.joined(both, 0, PackedInt32Array([x[1].count() + x[2].count()]))
	var yes := broadcast_indices(x[1].shape, shape)
	var places := broadcast_indices(x[2].shape, shape)
	for i: int in places.size():
		places[i] = yes[i] if x[0].ints[asked[i]] != 0 else places[i] + x[1].count()
	return [pool.picked(shape, places)]


static func _not(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var truths := PackedInt64Array()
	for value: int in x[0].ints:
		truths.append(1 - value)
	return [RLTensor.of_ints(x[0].shape, truths, RLTensor.Kind.BOOL)]


static func _is_nan(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var truths := PackedInt64Array()
	for value: float in x[0].as_floats():
		truths.append(int(is_nan(value)))
	return [RLTensor.of_ints(x[0].shape, truths, RLTensor.Kind.BOOL)]


static func _is_inf(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var with_negative := node.whole("detect_negative", 1) != 0
	var with_positive := node.whole("detect_positive", 1) != 0
	var truths := PackedInt64Array()
	for value: float in x[0].as_floats():
		truths.append(int(is_inf(value) and (with_negative if value < 0.0 else with_positive)))
	return [RLTensor.of_ints(x[0].shape, truths, RLTensor.Kind.BOOL)]


# The four rules of arithmetic are in every policy: a loop for each of the common cases.
static func _arithmetic(node: RLOnnxNode, x: Array[RLTensor], rule: int) -> Array[RLTensor]:
	var is_row := x[1].count() <= x[0].count() and _is_end_of(x[1].shape, x[0].shape)
	if x[0].kind != RLTensor.Kind.FLOAT or x[1].kind != RLTensor.Kind.FLOAT or not is_row:
		return _binary(node, x, _rule.bind(rule, x[0].kind != RLTensor.Kind.FLOAT))
	if RLNative.kernels != null:
		var combined: PackedFloat32Array = RLNative.kernels.call(&"combine", rule, x[0].floats, x[1].floats)
		return [RLTensor.of_floats(x[0].shape, combined)]
	var values := x[0].floats.duplicate()
	var other := x[1].floats
	var size := other.size()
	match rule:
		_ADD:
			for i: int in values.size():
				values[i] += other[i % size]
		_SUB:
			for i: int in values.size():
				values[i] -= other[i % size]
		_MUL:
			for i: int in values.size():
				values[i] *= other[i % size]
		_DIV:
			for i: int in values.size():
				values[i] /= other[i % size]
	return [RLTensor.of_floats(x[0].shape, values)]


static func _rule(a: float, b: float, rule: int, whole: bool) -> float:
	match rule:
		_ADD:
			return a + b
		_SUB:
			return a - b
		_MUL:
			return a * b
	return float(int(a) / int(b)) if whole and int(b) != 0 else a / b


# Whether the elements of `part` repeat along the first axes of `shape`, as those of a row do: a single number, too.
static func _is_end_of(part: PackedInt32Array, shape: PackedInt32Array) -> bool:
	var begin := 0
	while begin < part.size() and part[begin] == 1:
		begin += 1
	var size := part.size() - begin
	return part.size() <= shape.size() and part.slice(begin) == shape.slice(shape.size() - size)


static func _variadic(node: RLOnnxNode, x: Array[RLTensor], function: Callable) -> Array[RLTensor]:
	var result := x[0]
	for other: RLTensor in x.slice(1):
		var pair: Array[RLTensor] = [result, other]
		var combined := _binary(node, pair, function)
		if combined.is_empty():
			return combined
		result = combined[0]
	return [result]


static func _binary(node: RLOnnxNode, x: Array[RLTensor], function: Callable) -> Array[RLTensor]:
	var shape := broadcast_shape(x[0].shape, x[1].shape)
	if RLTensor.count_of(shape) < 0:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var values := PackedFloat32Array()
	var wholes := PackedInt64Array()
	var whole := x[0].kind != RLTensor.Kind.FLOAT
	var one := broadcast_indices(x[0].shape, shape)
	var other := broadcast_indices(x[1].shape, shape)
	var left := x[0].as_doubles()
	var right := x[1].as_doubles()
	for i: int in one.size():
		var value: float = function.call(left[one[i]], right[other[i]])
		if whole:
			wholes.append(int(value))
		else:
			values.append(value)
	if whole:
		return [RLTensor.of_ints(shape, wholes)]
	return [RLTensor.of_floats(shape, values)]


static func _compare(node: RLOnnxNode, x: Array[RLTensor], function: Callable) -> Array[RLTensor]:
	var shape := broadcast_shape(x[0].shape, x[1].shape)
	if RLTensor.count_of(shape) < 0:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var one := broadcast_indices(x[0].shape, shape)
	var other := broadcast_indices(x[1].shape, shape)
	var left := x[0].as_doubles()
	var right := x[1].as_doubles()
	var truths := PackedInt64Array()
	for i: int in one.size():
		var is_true: bool = function.call(left[one[i]], right[other[i]])
		truths.append(int(is_true))
	return [RLTensor.of_ints(shape, truths, RLTensor.Kind.BOOL)]

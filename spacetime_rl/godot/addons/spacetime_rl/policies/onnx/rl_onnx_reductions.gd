@warning_ignore_start("integer_division")
class_name RLOnnxReductions
## ONNX operators that compute one element from many: sums, maxima, soft maxima.


## By name the operators of this file: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
static func operators() -> Dictionary[String, Callable]:
	return {
		"ReduceSum": _reduce.bind(_sum),
		"ReduceMean": _reduce.bind(func(v: PackedFloat32Array) -> float: return _sum(v) / v.size()),
		"ReduceMax": _reduce.bind(_max),
		"ReduceMin": _reduce.bind(func(v: PackedFloat32Array) -> float: return -_max(_negative(v))),
		"ReduceProd": _reduce.bind(_product),
		"ReduceL1": _reduce.bind(func(v: PackedFloat32Array) -> float: return _sum(_absolute(v))),
		"ReduceL2": _reduce.bind(func(v: PackedFloat32Array) -> float: return sqrt(_sum_of_squares(v))),
		"ReduceSumSquare": _reduce.bind(_sum_of_squares),
		"ReduceLogSumExp": _reduce.bind(_log_sum_exp),
		"ArgMax": _arg_max.bind(1.0),
		"ArgMin": _arg_max.bind(-1.0),
		"Softmax": _softmax.bind(false),
		"LogSoftmax": _softmax.bind(true),
	}


static func _sum(values: PackedFloat32Array) -> float:
	var total := 0.0
	for value: float in values:
		total += value
	return total


static func _sum_of_squares(values: PackedFloat32Array) -> float:
	var total := 0.0
	for value: float in values:
		total += value * value
	return total


static func _product(values: PackedFloat32Array) -> float:
	var total := 1.0
	for value: float in values:
		total *= value
	return total


# No number wins, as in every other runtime: a policy that has gone wrong is to be seen.
static func _max(values: PackedFloat32Array) -> float:
	var most := -INF
	for value: float in values:
		if value > most or is_nan(value):
			most = value
	return most


static func _negative(values: PackedFloat32Array) -> PackedFloat32Array:
	var found := values.duplicate()
	for i: int in found.size():
		found[i] = -found[i]
	return found


static func _absolute(values: PackedFloat32Array) -> PackedFloat32Array:
	var found := values.duplicate()
	for i: int in found.size():
		found[i] = absf(found[i])
	return found


static func _log_sum_exp(values: PackedFloat32Array) -> float:
	var most := _max(values)
	if is_inf(most):
		return most
	var total := 0.0
	for value: float in values:
		total += exp(value - most)
	return most + log(total)


# Since opset 18, and for ReduceSum since 13, the axes are an input. Without axes all of them are meant.
static func _reduce(node: RLOnnxNode, x: Array[RLTensor], function: Callable) -> Array[RLTensor]:
	var asked := node.wholes("axes")
	if x.size() > 1 and x[1] != null:
		asked = x[1].ints
	if asked.is_empty() and node.whole("noop_with_empty_axes", 0) != 0:
		return [x[0]]
	var rank := x[0].shape.size()
	var reduced := PackedInt32Array()
	for axis: int in asked if not asked.is_empty() else PackedInt64Array(range(rank)):
		if x[0].axis(axis) < 0:
			return node.fail("the shape %s has no axis %d" % [x[0].shape, axis])
		reduced.append(x[0].axis(axis))
	var kept := PackedInt64Array()
	var shape := PackedInt32Array()
	var count := 1
	for axis: int in rank:
		if axis in reduced:
			count *= x[0].shape[axis]
			if node.whole("keepdims", 1) != 0:
				shape.append(1)
		else:
			kept.append(axis)
			shape.append(x[0].shape[axis])
	var values := _reduced_last(node, x[0], kept, reduced).as_floats()
	var found := PackedFloat32Array()
	for row: int in RLTensor.count_of(shape):
		var one: float = function.call(values.slice(row * count, (row + 1) * count))
		found.append(one)
	var result := RLTensor.of_floats(shape, found)
	if x[0].kind == RLTensor.Kind.FLOAT:
		return [result]
	if x[0].kind == RLTensor.Kind.BOOL or count == 0:
		return node.fail("truth values and empty lists of whole numbers are not reduced")
	return [RLTensor.of_ints(shape, result.as_ints())]


# The elements in an order in which those that are combined lie side by side.
static func _reduced_last(
	node: RLOnnxNode, tensor: RLTensor, kept: PackedInt64Array, reduced: PackedInt32Array
) -> RLTensor:
	var order := kept.duplicate()
	order.append_array(PackedInt64Array(Array(reduced)))
	if order == PackedInt64Array(range(order.size())):
		return tensor
	return node.transposed(tensor, order)


static func _arg_max(node: RLOnnxNode, x: Array[RLTensor], direction: float) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", 0))
	if axis < 0 or x[0].shape.is_empty():
		return node.fail("the shape %s has no axis %s" % [x[0].shape, node.attribute("axis", 0)])
	var shape := x[0].shape.duplicate()
	var size := shape[axis]
	var inner := RLTensor.product(shape, axis + 1, shape.size())
	var outer := RLTensor.product(shape, 0, axis)
	var takes_last := node.whole("select_last_index", 0) != 0
	if node.whole("keepdims", 1) != 0:
		shape[axis] = 1
	else:
		shape.remove_at(axis)
	var values := x[0].as_floats()
	var found := PackedInt64Array()
	for row: int in outer:
		for column: int in inner:
			var best := 0
			var most := -INF
			for place: int in size:
				var value := direction * values[(row * size + place) * inner + column]
				if value > most or (takes_last and value == most):
					most = value
					best = place
			found.append(best)
	return [RLTensor.of_ints(shape, found)]


# Before opset 13 the soft maximum goes over all axes from `axis` on.
static func _softmax(node: RLOnnxNode, x: Array[RLTensor], is_log: bool) -> Array[RLTensor]:
	var rank := x[0].shape.size()
	var axis := x[0].axis(node.whole("axis", -1 if node.opset >= 13 else 1))
	if axis < 0 or rank == 0:
		return node.fail("the shape %s has no axis %d" % [x[0].shape, node.whole("axis", -1)])
	var inner := RLTensor.product(x[0].shape, axis + 1, rank) if node.opset >= 13 else 1
	var size := x[0].shape[axis] if node.opset >= 13 else RLTensor.product(x[0].shape, axis, rank)
	var values := x[0].as_floats().duplicate()
	for block: int in range(0, values.size(), maxi(size * inner, 1)):
		for column: int in inner:
			var along := PackedFloat32Array()
			for i: int in size:
				along.append(values[block + i * inner + column])
			var total := _log_sum_exp(along)
			for i: int in size:
				var shifted := along[i] - total
				values[block + i * inner + column] = shifted if is_log else exp(shifted)
	return [RLTensor.of_floats(x[0].shape, values)]

@warning_ignore_start("integer_division")
class_name RLOnnxShaping
## ONNX operators that move elements and compute none: shapes, slices, joints.


## By name the operators of this file: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
static func operators() -> Dictionary[String, Callable]:
	return {
		"Shape": _shape,
		"Size": _size,
		"Reshape": _reshape,
		"Flatten": _flatten,
		"Squeeze": _squeeze,
		"Unsqueeze": _unsqueeze,
		"Transpose": transpose,
		"Concat": _concat,
		"Split": _split,
		"Slice": _slice,
		"Gather": _gather,
		"GatherElements": _gather_elements,
		"Expand": _expand,
		"Tile": _tile,
		"Constant": _constant,
		"ConstantOfShape": _constant_of_shape,
		"Range": _range,
		"OneHot": _one_hot,
	}


## Also for operators that need their elements in another order.
static func transpose(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var rank := x[0].shape.size()
	var order := node.wholes("perm", PackedInt64Array(range(rank - 1, -1, -1)))
	var shape := PackedInt32Array()
	for axis: int in order:
		if axis < 0 or axis >= rank or order.size() != rank:
			return node.fail("the order %s does not fit the shape %s" % [order, x[0].shape])
		shape.append(x[0].shape[axis])
	# The same order of the same shape comes at every decision.
	if node.prepared.get("shape") != x[0].shape or node.prepared.get("order") != order:
		node.prepared["shape"] = x[0].shape
		node.prepared["order"] = order
		node.prepared["indices"] = _transposed(x[0].shape, shape, order)
	var indices: PackedInt32Array = node.prepared["indices"]
	return [x[0].picked(shape, indices)]


static func _shape(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var rank := x[0].shape.size()
	var start := node.whole("start", 0)
	var end := node.whole("end", rank)
	start = clampi(start + rank if start < 0 else start, 0, rank)
	end = clampi(end + rank if end < 0 else end, 0, rank)
	var sizes := PackedInt64Array(Array(x[0].shape.slice(start, maxi(end, start))))
	return [RLTensor.of_ints(PackedInt32Array([sizes.size()]), sizes)]


static func _size(_node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	return [RLTensor.of_ints(PackedInt32Array(), PackedInt64Array([x[0].count()]))]


static func _reshape(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var shape := PackedInt32Array()
	var keeps_zeros := node.whole("allowzero", 0)
	var known := 1
	var open := -1
	for i: int in x[1].ints.size():
		var size := x[1].ints[i]
		if size == 0 and keeps_zeros == 0 and i < x[0].shape.size():
			size = x[0].shape[i]
		if size < 0:
			open = i
		elif known * size <= RLTensor.MAX_ELEMENTS:
			known *= size
		shape.append(clampi(size, -1, RLTensor.MAX_ELEMENTS))
	if open >= 0 and known > 0:
		shape[open] = x[0].count() / known
	if RLTensor.count_of(shape) != x[0].count():
		return node.fail("the shape %s becomes %s" % [x[0].shape, shape])
	return [x[0].reshaped(shape)]


static func _flatten(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := node.whole("axis", 1)
	var rank := x[0].shape.size()
	axis = clampi(axis + rank if axis < 0 else axis, 0, rank)
	var rows := RLTensor.product(x[0].shape, 0, axis)
	return [x[0].reshaped(PackedInt32Array([rows, RLTensor.product(x[0].shape, axis, rank)]))]


# Since opset 13 the axes are an input.
static func _axes_of(node: RLOnnxNode, x: Array[RLTensor]) -> PackedInt64Array:
	if x.size() > 1 and x[1] != null:
		return x[1].ints
	return node.wholes("axes")


static func _squeeze(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axes := _axes_of(node, x)
	var rank := x[0].shape.size()
	var shape := PackedInt32Array()
	for i: int in rank:
		var named := i in axes or i - rank in axes
		if not (x[0].shape[i] == 1 and (axes.is_empty() or named)):
			if named:
				return node.fail("axis %d of the shape %s is not 1" % [i, x[0].shape])
			shape.append(x[0].shape[i])
	return [x[0].reshaped(shape)]


static func _unsqueeze(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axes := PackedInt64Array()
	var rank := x[0].shape.size() + _axes_of(node, x).size()
	for axis: int in _axes_of(node, x):
		axes.append(axis + rank if axis < 0 else axis)
	axes.sort()
	var shape := x[0].shape.duplicate()
	for axis: int in axes:
		if axis < 0 or axis > shape.size():
			return node.fail("the shape %s has no place for axis %d" % [shape, axis])
		shape.insert(axis, 1)
	return [x[0].reshaped(shape)]


static func _transposed(
	from_shape: PackedInt32Array, shape: PackedInt32Array, order: PackedInt64Array
) -> PackedInt32Array:
	var indices := PackedInt32Array()
	indices.resize(RLTensor.count_of(shape))
	var every := 1
	for axis: int in range(shape.size() - 1, -1, -1):
		var stride := RLTensor.product(from_shape, order[axis] + 1, from_shape.size())
		for i: int in indices.size():
			indices[i] += (i / every) % shape[axis] * stride
		every *= shape[axis]
	return indices


static func _concat(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", 0))
	if axis < 0:
		return node.fail("the shape %s has no axis %s" % [x[0].shape, node.attribute("axis")])
	var shape := x[0].shape.duplicate()
	shape[axis] = 0
	for part: RLTensor in x:
		var rest := part.shape.duplicate()
		if rest.size() != shape.size() or part.kind != x[0].kind:
			return node.fail("the shapes %s and %s do not fit" % [x[0].shape, part.shape])
		shape[axis] += rest[axis]
		rest[axis] = x[0].shape[axis]
		if rest != x[0].shape:
			return node.fail("the shapes %s and %s do not fit" % [x[0].shape, part.shape])
	if RLTensor.count_of(shape) < 0:
		return node.fail("the shape %s is too large" % shape)
	return [RLTensor.joined(x, axis, shape)]


static func _split(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", 0))
	if axis < 0 or x[0].shape.is_empty():
		return node.fail("the shape %s has no axis %s" % [x[0].shape, node.attribute("axis")])
	var sizes := node.wholes("split")
	if x.size() > 1 and x[1] != null:
		sizes = x[1].ints
	if sizes.is_empty():
		var largest := ceili(float(x[0].shape[axis]) / node.outputs.size())
		for i: int in node.outputs.size():
			sizes.append(clampi(x[0].shape[axis] - i * largest, 0, largest))
	var parts: Array[RLTensor] = []
	var begin := 0
	for size: int in sizes:
		if size < 0 or begin + size > x[0].shape[axis]:
			return node.fail("the shape %s is not split into %s" % [x[0].shape, sizes])
		parts.append(_part(x[0], axis, begin, begin + size))
		begin += size
	return parts


# What lies between two places of an axis.
static func _part(tensor: RLTensor, along: int, begin: int, end: int) -> RLTensor:
	var shape := tensor.shape.duplicate()
	shape[along] = end - begin
	var inner := RLTensor.product(shape, along + 1, shape.size())
	if RLNative.kernels != null and tensor.kind == RLTensor.Kind.FLOAT and tensor.count() > 0:
		var row_size := tensor.shape[along] * inner
		var cut: PackedFloat32Array = RLNative.kernels.call(&"cut", tensor.floats, row_size, begin * inner, end * inner)
		return RLTensor.of_floats(shape, cut)
	var places := PackedInt32Array()
	for row: int in RLTensor.product(shape, 0, along):
		places.append((row * tensor.shape[along] + begin) * inner)
	return tensor.picked_runs(shape, places, (end - begin) * inner)


static func _slice(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var starts: PackedInt64Array = x[1].ints if x.size() > 1 else node.attribute("starts", PackedInt64Array())
	var ends: PackedInt64Array = x[2].ints if x.size() > 2 else node.attribute("ends", PackedInt64Array())
	var axes := node.wholes("axes", PackedInt64Array(range(starts.size())))
	if x.size() > 3 and x[3] != null:
		axes = x[3].ints
	var steps := PackedInt64Array()
	if x.size() > 4 and x[4] != null:
		steps = x[4].ints
	if ends.size() != starts.size() or axes.size() != starts.size():
		return node.fail("there are %d starts, %d ends and %d axes" % [starts.size(), ends.size(), axes.size()])
	var result := x[0]
	for i: int in starts.size():
		var axis := result.axis(axes[i])
		var step := steps[i] if i < steps.size() else 1
		if axis < 0 or step == 0:
			return node.fail("the shape %s is not sliced along axis %d in steps of %d" % [x[0].shape, axes[i], step])
		result = _sliced(result, axis, starts[i], ends[i], step)
	return [result]


static func _sliced(tensor: RLTensor, axis: int, start: int, end: int, step: int) -> RLTensor:
	var size := tensor.shape[axis]
	var first := start + size if start < 0 else start
	var last := end + size if end < 0 else end
	if step == 1:
		first = clampi(first, 0, size)
		return _part(tensor, axis, first, maxi(clampi(last, 0, size), first))
	if step > 0:
		first = clampi(first, 0, size)
		last = clampi(last, 0, size)
	else:
		first = clampi(first, -1, size - 1)
		last = -1 if end < -size else clampi(last, -1, size - 1)
	var places := PackedInt64Array(range(first, last, step))
	return _taken(tensor, axis, places, PackedInt32Array([places.size()]))


# The places of an axis that `chosen` lists, in its order; the axis becomes those of `with_shape`.
static func _taken(tensor: RLTensor, along: int, chosen: PackedInt64Array, with_shape: PackedInt32Array) -> RLTensor:
	var shape := tensor.shape.slice(0, along)
	shape.append_array(with_shape)
	shape.append_array(tensor.shape.slice(along + 1))
	var inner := RLTensor.product(tensor.shape, along + 1, tensor.shape.size())
	if RLNative.kernels != null and tensor.kind == RLTensor.Kind.FLOAT and tensor.count() > 0:
		var taken: PackedFloat32Array = RLNative.kernels.call(
			&"take", tensor.floats, tensor.shape[along], inner, chosen
		)
		return RLTensor.of_floats(shape, taken)
	var places := PackedInt32Array()
	for row: int in RLTensor.product(tensor.shape, 0, along):
		for place: int in chosen:
			places.append((row * tensor.shape[along] + place) * inner)
	return tensor.picked_runs(shape, places, inner)


static func _gather(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", 0))
	if axis < 0 or x[0].shape.is_empty():
		return node.fail("the shape %s has no axis %s" % [x[0].shape, node.attribute("axis", 0)])
	var places := PackedInt64Array()
	for index: int in x[1].ints:
		var place := index + x[0].shape[axis] if index < 0 else index
		if place < 0 or place >= x[0].shape[axis]:
			return node.fail("the shape %s has no place %d along axis %d" % [x[0].shape, index, axis])
		places.append(place)
	return [_taken(x[0], axis, places, x[1].shape)]


static func _gather_elements(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", 0))
	if axis < 0 or x[1].shape.size() != x[0].shape.size():
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var indices := PackedInt32Array()
	for i: int in x[1].ints.size():
		var source := 0
		var rest := i
		var stride := 1
		for a: int in range(x[0].shape.size() - 1, -1, -1):
			var place := rest % x[1].shape[a]
			rest /= x[1].shape[a]
			if a == axis:
				place = x[1].ints[i] + (x[0].shape[a] if x[1].ints[i] < 0 else 0)
			if place < 0 or place >= x[0].shape[a]:
				return node.fail("the shape %s has no place %d along axis %d" % [x[0].shape, place, a])
			source += place * stride
			stride *= x[0].shape[a]
		indices.append(source)
	return [x[0].picked(x[1].shape, indices)]


static func _expand(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var asked := _shape_in(x[1])
	var shape := RLOnnxPointwise.broadcast_shape(x[0].shape, asked)
	if RLTensor.count_of(shape) < 0:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, asked])
	return [x[0].picked(shape, RLOnnxPointwise.broadcast_indices(x[0].shape, shape))]


static func _tile(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var result := x[0]
	for axis: int in mini(x[1].ints.size(), x[0].shape.size()):
		var copies := x[1].ints[axis]
		var shape := result.shape.duplicate()
		shape[axis] = clampi(shape[axis] * copies, -1, RLTensor.MAX_ELEMENTS + 1)
		if copies < 0 or RLTensor.count_of(shape) < 0:
			return node.fail("the shape %s is not repeated %s times" % [x[0].shape, x[1].ints])
		var places := PackedInt64Array()
		for i: int in shape[axis]:
			places.append(i % result.shape[axis])
		result = _taken(result, axis, places, PackedInt32Array([places.size()]))
	return [result]


static func _constant(node: RLOnnxNode, _x: Array[RLTensor]) -> Array[RLTensor]:
	for name: String in node.attributes:
		var value: Variant = node.attributes[name]
		match name:
			"value":
				return [value]
			"value_float":
				return [RLTensor.of_floats(PackedInt32Array(), PackedFloat32Array([value]))]
			"value_int":
				return [RLTensor.of_ints(PackedInt32Array(), PackedInt64Array([value]))]
			"value_floats":
				var floats: PackedFloat32Array = value
				return [RLTensor.of_floats(PackedInt32Array([floats.size()]), floats)]
			"value_ints":
				var ints: PackedInt64Array = value
				return [RLTensor.of_ints(PackedInt32Array([ints.size()]), ints)]
	return node.fail("it has no value that is supported")


static func _constant_of_shape(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var shape := _shape_in(x[0])
	var count := RLTensor.count_of(shape)
	if count < 0:
		return node.fail("there is no shape %s" % shape)
	var value: RLTensor = node.attribute("value", RLTensor.of_floats(PackedInt32Array([1]), PackedFloat32Array([0.0])))
	if value.count() < 1:
		return node.fail("its value is empty")
	var places := PackedInt32Array()
	places.resize(count)
	return [value.picked(shape, places)]


static func _range(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var start: float = x[0].number()
	var step: float = x[2].number()
	var end: float = x[1].number()
	var count := maxf(ceilf((end - start) / step), 0.0)
	if not count <= RLTensor.MAX_ELEMENTS:  # also if it is no number
		return node.fail("from %s to %s in steps of %s" % [start, end, step])
	var values := PackedFloat32Array()
	for i: int in int(count):
		values.append(start + i * step)
	var tensor := RLTensor.of_floats(PackedInt32Array([values.size()]), values)
	return [tensor if x[0].kind == RLTensor.Kind.FLOAT else RLTensor.of_ints(tensor.shape, tensor.as_ints())]


# Only along a new last axis, as exporters write it for discrete observations.
static func _one_hot(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := node.whole("axis", -1)
	var depth: int = int(x[1].number())
	var shape := x[0].shape.duplicate()
	shape.append(clampi(depth, -1, RLTensor.MAX_ELEMENTS + 1))
	if axis not in [-1, x[0].shape.size()] or RLTensor.count_of(shape) < 0:
		return node.fail("axis %d and depth %d are not supported" % [axis, depth])
	var indices := PackedInt32Array()
	for value: int in x[0].as_ints():
		var place := value + depth if value < 0 else value
		for i: int in depth:
			indices.append(int(i == place))
	return [x[2].picked(shape, indices)]


static func _shape_in(tensor: RLTensor) -> PackedInt32Array:
	var shape := PackedInt32Array()
	for size: int in tensor.ints:
		shape.append(clampi(size, -1, RLTensor.MAX_ELEMENTS + 1))
	return shape

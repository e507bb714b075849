@warning_ignore_start("integer_division")
class_name RLOnnxLayers
## ONNX operators that are layers of a network: matrix products, convolutions, pooling, normalisation.


## By name the operators of this file: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
static func operators() -> Dictionary[String, Callable]:
	return {
		"Gemm": _gemm,
		"MatMul": _matmul,
		"Conv": _conv,
		"MaxPool": _pool.bind(true),
		"AveragePool": _pool.bind(false),
		"GlobalAveragePool": _global_average_pool,
		"BatchNormalization": _batch_normalization,
		"LayerNormalization": _layer_normalization,
	}


# alpha * A * B + beta * C, with A and B as they are or transposed.
static func _gemm(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if x[0].shape.size() != 2 or x[1].shape.size() != 2:
		return node.fail("the shapes %s and %s are no matrices" % [x[0].shape, x[1].shape])
	var input := x[0]
	if node.whole("transA", 0) != 0:
		input = node.transposed(x[0])
	var is_turned := node.whole("transB", 0) != 0
	var matrix := node.matrix("weights", x[1], is_turned, node.real("alpha", 1.0))
	if input.shape[1] != matrix.inputs:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var beta := node.real("beta", 1.0)
	var shape := PackedInt32Array([input.shape[0], matrix.outputs])
	if x.size() < 3 or x[2] == null or beta == 0.0:
		return [RLTensor.of_floats(shape, matrix.times(input.floats, input.shape[0]))]
	if x[2].count() == matrix.outputs and (x[2].shape.size() == 1 or x[2].shape[0] == 1):
		matrix.set_bias(x[2], beta)
		return [RLTensor.of_floats(shape, matrix.times(input.floats, input.shape[0]))]
	var bias := x[2].picked(shape, RLOnnxPointwise.broadcast_indices(x[2].shape, shape))
	var sums := matrix.times(input.floats, input.shape[0])
	for i: int in sums.size():
		sums[i] += beta * bias.floats[i]
	return [RLTensor.of_floats(shape, sums)]


# With one matrix at the right: every row of the left, in whatever shape, times that matrix.
static func _matmul(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if x[0].shape.is_empty() or x[1].shape.size() < 1 or x[0].kind != RLTensor.Kind.FLOAT:
		return node.fail("the shapes %s and %s are not multiplied" % [x[0].shape, x[1].shape])
	if x[1].shape.size() > 2:
		return _many_products(node, x)
	var matrix := node.matrix("weights", x[1], false)
	if x[0].shape[-1] != matrix.inputs:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var shape := x[0].shape.slice(0, -1)
	var rows := RLTensor.count_of(shape)
	if x[1].shape.size() == 2:
		shape.append(matrix.outputs)
	return [RLTensor.of_floats(shape, matrix.times(x[0].floats, rows))]


# A stack of matrices at the right, as in attention.
static func _many_products(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var rank := x[1].shape.size()
	var left := x[0].shape.duplicate()
	if left.size() < 2:
		return node.fail("the shapes %s and %s are not multiplied" % [x[0].shape, x[1].shape])
	var stack := RLOnnxPointwise.broadcast_shape(left.slice(0, -2), x[1].shape.slice(0, -2))
	if RLTensor.count_of(stack) < 0 or left[-1] != x[1].shape[rank - 2]:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var lefts := RLOnnxPointwise.broadcast_indices(left.slice(0, -2), stack)
	var rights := RLOnnxPointwise.broadcast_indices(x[1].shape.slice(0, -2), stack)
	var left_size := left[-1] * left[-2]
	var right_size := x[1].shape[rank - 1] * x[1].shape[rank - 2]
	var products := PackedFloat32Array()
	for i: int in lefts.size():
		var part := x[1].floats.slice(rights[i] * right_size, (rights[i] + 1) * right_size)
		var matrix := RLMatrix.new(RLTensor.of_floats(x[1].shape.slice(-2), part), false, 1.0)
		var rows := x[0].floats.slice(lefts[i] * left_size, (lefts[i] + 1) * left_size)
		products.append_array(matrix.times(rows, left[-2]))
	var shape := stack.duplicate()
	shape.append_array([left[-2], x[1].shape[rank - 1]])
	return [RLTensor.of_floats(shape, products)]


# In two dimensions, by the products of a matrix with every window of the image.
static func _conv(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if x[0].shape.size() != 4 or x[1].shape.size() != 4 or node.whole("group", 1) != 1:
		return node.fail("only images [batch, channels, height, width] in one group are supported: %s" % x[0].shape)
	if x[1].shape[1] != x[0].shape[1]:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var windows := RLWindows.of(node, x[0].shape.slice(1), x[1].shape[2], x[1].shape[3])
	if windows == null:
		return node.fail("the windows %s do not fit the image %s" % [x[1].shape, x[0].shape])
	var matrix := node.matrix("filters", x[1], true)
	if x.size() > 2 and x[2] != null:
		matrix.set_bias(x[2], 1.0)
	var whole := PackedInt32Array([x[0].shape[0], matrix.outputs, windows.rows, windows.columns])
	if matrix.is_native():
		return [RLTensor.of_floats(whole, matrix.convolve(x[0].floats, windows.image_size(), windows.places))]
	var shape := PackedInt32Array([whole[0], windows.count(), matrix.outputs])
	var rows := shape[0] * shape[1]
	var found := RLTensor.of_floats(shape, matrix.times(windows.gather(x[0].floats, 0.0), rows))
	var by_channel := node.transposed(found, [0, 2, 1])
	return [by_channel.reshaped(whole)]


static func _pool(node: RLOnnxNode, x: Array[RLTensor], takes_most: bool) -> Array[RLTensor]:
	var kernel := node.wholes("kernel_shape")
	var odd: bool = node.whole("ceil_mode", 0) != 0 or node.whole("storage_order", 0) != 0
	if x[0].shape.size() != 4 or kernel.size() != 2 or odd or node.outputs.size() > 1:
		return node.fail("only plain pooling of images [batch, channels, height, width] is supported")
	# Every channel is an image of its own.
	var windows := RLWindows.of(node, [1, x[0].shape[2], x[0].shape[3]], kernel[0], kernel[1])
	if windows == null:
		return node.fail("the windows %s do not fit the image %s" % [kernel, x[0].shape])
	var size := kernel[0] * kernel[1]
	var outside := -INF if takes_most else 0.0
	var values := windows.gather(x[0].floats, outside)
	var counts := PackedFloat32Array()
	if not takes_most and node.whole("count_include_pad", 0) == 0:
		var ones := x[0].floats.duplicate()
		ones.fill(1.0)
		counts = windows.gather(ones, 0.0)
	var found := PackedFloat32Array()
	for begin: int in range(0, values.size(), size):
		var total := outside
		var count := 0.0 if not counts.is_empty() else float(size)
		for i: int in range(begin, begin + size):
			total = maxf(total, values[i]) if takes_most else total + values[i]
			if not counts.is_empty():
				count += counts[i]
		found.append(total if takes_most else total / count)
	return [RLTensor.of_floats([x[0].shape[0], x[0].shape[1], windows.rows, windows.columns], found)]


static func _global_average_pool(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var shape := x[0].shape.duplicate()
	if shape.size() < 3:
		return node.fail("the shape %s is no image" % shape)
	var size := RLTensor.product(shape, 2, shape.size())
	var found := PackedFloat32Array()
	for begin: int in range(0, x[0].count(), maxi(size, 1)):
		var total := 0.0
		for i: int in range(begin, begin + size):
			total += x[0].floats[i]
		found.append(total / size)
	for axis: int in range(2, shape.size()):
		shape[axis] = 1
	return [RLTensor.of_floats(shape, found)]


# In use, a layer of batch normalisation has fixed statistics.
static func _batch_normalization(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	if x[0].shape.size() < 2 or node.whole("training_mode", 0) != 0:
		return node.fail("the shape is %s; only the form without training is supported" % x[0].shape)
	var epsilon := node.real("epsilon", 1e-5)
	var channels := x[0].shape[1]
	var inner := RLTensor.product(x[0].shape, 2, x[0].shape.size())
	var values := x[0].floats.duplicate()
	for i: int in values.size():
		var channel := i / inner % channels
		var deviation := sqrt(x[4].floats[channel] + epsilon)
		var scaled := (values[i] - x[3].floats[channel]) / deviation
		values[i] = scaled * x[1].floats[channel] + x[2].floats[channel]
	return [RLTensor.of_floats(x[0].shape, values)]


static func _layer_normalization(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var axis := x[0].axis(node.whole("axis", -1))
	var size := RLTensor.product(x[0].shape, axis, x[0].shape.size()) if axis >= 0 else -1
	if x[1].count() != size:
		return node.fail("the shapes %s and %s do not fit" % [x[0].shape, x[1].shape])
	var epsilon := node.real("epsilon", 1e-5)
	var values := x[0].floats.duplicate()
	var means := PackedFloat32Array()
	var scales := PackedFloat32Array()
	for begin: int in range(0, values.size(), maxi(size, 1)):
		var mean := 0.0
		for i: int in size:
			mean += values[begin + i] / size
		var variance := 0.0
		for i: int in size:
			variance += (values[begin + i] - mean) * (values[begin + i] - mean) / size
		means.append(mean)
		scales.append(1.0 / sqrt(variance + epsilon))
		for i: int in size:
			var bias := x[2].floats[i] if x.size() > 2 and x[2] != null else 0.0
			values[begin + i] = (values[begin + i] - mean) * scales[-1] * x[1].floats[i] + bias
	var shape := x[0].shape.duplicate()
	for i: int in range(axis, shape.size()):
		shape[i] = 1
	return [
		RLTensor.of_floats(x[0].shape, values),
		RLTensor.of_floats(shape, means),
		RLTensor.of_floats(shape, scales),
	]

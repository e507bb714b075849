class_name RLOnnxRecurrent
## The recurrent ONNX operators, LSTM and GRU, forwards in time, with the activations that all policies have.


## By name the operators of this file: `func(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]`.
static func operators() -> Dictionary[String, Callable]:
	return {"LSTM": _lstm, "GRU": _gru}


# Inputs: X [time, batch, in], W [1, 4h, in], R [1, 4h, h], B [1, 8h], lengths, initial_h and initial_c [1, batch, h].
# The gates stand in the order input, output, forget, cell.
static func _lstm(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var wrong := _unsupported(node, x, 4)
	if not wrong.is_empty() or (x.size() > 7 and x[7] != null):
		return node.fail(wrong if not wrong.is_empty() else "peepholes are not supported")
	var size := x[2].shape[2]
	var batch := x[0].shape[1]
	var hidden := _initial(x, 5, batch * size)
	var cell := _initial(x, 6, batch * size)
	var from_input := _matrix(node, "input", x[1])
	var from_hidden := _matrix(node, "hidden", x[2])
	_set_biases(from_input, from_hidden, x, 4 * size)
	var all := PackedFloat32Array()
	for time: int in x[0].shape[0]:
		var gates := from_input.times(_step(x[0], time), batch)
		var recurrent := from_hidden.times(hidden, batch)
		if RLNative.kernels != null and size > 0:
			var both: PackedFloat32Array = RLNative.kernels.call(&"lstm", gates, recurrent, cell, size)
			hidden = both.slice(0, batch * size)
			cell = both.slice(batch * size)
			all.append_array(hidden)
			continue
		for row: int in batch:
			var gate := row * 4 * size
			for i: int in size:
				var input := _sigmoid(gates[gate + i] + recurrent[gate + i])
				var output := _sigmoid(gates[gate + size + i] + recurrent[gate + size + i])
				var forget := _sigmoid(gates[gate + 2 * size + i] + recurrent[gate + 2 * size + i])
				var new := tanh(gates[gate + 3 * size + i] + recurrent[gate + 3 * size + i])
				var at := row * size + i
				cell[at] = forget * cell[at] + input * new
				hidden[at] = output * tanh(cell[at])
		all.append_array(hidden)
	var last := PackedInt32Array([1, batch, size])
	return [
		RLTensor.of_floats([x[0].shape[0], 1, batch, size], all),
		RLTensor.of_floats(last, hidden),
		RLTensor.of_floats(last, cell),
	]


# As LSTM, without a cell. The gates stand in the order update, reset, hidden.
static func _gru(node: RLOnnxNode, x: Array[RLTensor]) -> Array[RLTensor]:
	var wrong := _unsupported(node, x, 3)
	if not wrong.is_empty() or node.whole("linear_before_reset", 0) != 1:
		return node.fail(wrong if not wrong.is_empty() else "only linear_before_reset=1 is supported")
	var size := x[2].shape[2]
	var batch := x[0].shape[1]
	var hidden := _initial(x, 5, batch * size)
	var from_input := _matrix(node, "input", x[1])
	var from_hidden := _matrix(node, "hidden", x[2])
	_set_biases(from_input, from_hidden, x, 3 * size)
	var all := PackedFloat32Array()
	for time: int in x[0].shape[0]:
		var gates := from_input.times(_step(x[0], time), batch)
		var recurrent := from_hidden.times(hidden, batch)
		if RLNative.kernels != null and size > 0:
			hidden = RLNative.kernels.call(&"gru", gates, recurrent, hidden, size)
			all.append_array(hidden)
			continue
		for row: int in batch:
			var gate := row * 3 * size
			for i: int in size:
				var update := _sigmoid(gates[gate + i] + recurrent[gate + i])
				var reset := _sigmoid(gates[gate + size + i] + recurrent[gate + size + i])
				var new := tanh(gates[gate + 2 * size + i] + reset * recurrent[gate + 2 * size + i])
				var at := row * size + i
				hidden[at] = (1.0 - update) * new + update * hidden[at]
		all.append_array(hidden)
	return [
		RLTensor.of_floats([x[0].shape[0], 1, batch, size], all),
		RLTensor.of_floats([1, batch, size], hidden),
	]


static func _unsupported(node: RLOnnxNode, x: Array[RLTensor], gates: int) -> String:
	for name: String in ["activations", "activation_alpha", "activation_beta", "clip", "input_forget"]:
		if node.attributes.has(name):
			return "the attribute %s is not supported" % name
	var direction: String = node.attribute("direction", "forward")
	if direction != "forward" or node.whole("layout", 0) != 0:
		return "only the direction forward and the layout 0 are supported"
	if x[0].shape.size() != 3 or x[1].shape.size() != 3 or x[2].shape.size() != 3:
		return "the shapes are %s, %s and %s" % [x[0].shape, x[1].shape, x[2].shape]
	var size := x[2].shape[2]
	var input := PackedInt32Array([1, gates * size, x[0].shape[2]])
	if x[1].shape != input or x[2].shape != PackedInt32Array([1, gates * size, size]):
		return "the shapes %s and %s do not fit" % [x[1].shape, x[2].shape]
	return ""


# The weights [1, gates, n] of the only direction, as a matrix.
static func _matrix(node: RLOnnxNode, name: String, weights: RLTensor) -> RLMatrix:
	if not node.prepared.has(name):
		node.prepared[name] = RLMatrix.new(weights.reshaped(weights.shape.slice(1)), true, 1.0)
	return node.prepared[name]


static func _initial(x: Array[RLTensor], index: int, count: int) -> PackedFloat32Array:
	if x.size() > index and x[index] != null and x[index].count() == count:
		return x[index].floats.duplicate()
	var zeros := PackedFloat32Array()
	zeros.resize(count)
	return zeros


static func _set_biases(from_input: RLMatrix, from_hidden: RLMatrix, x: Array[RLTensor], count: int) -> void:
	if x.size() > 3 and x[3] != null and x[3].count() == 2 * count:
		var shape := PackedInt32Array([count])
		from_input.set_bias(RLTensor.of_floats(shape, x[3].floats.slice(0, count)), 1.0)
		from_hidden.set_bias(RLTensor.of_floats(shape, x[3].floats.slice(count)), 1.0)


static func _step(tensor: RLTensor, time: int) -> PackedFloat32Array:
	var size := tensor.shape[1] * tensor.shape[2]
	return tensor.floats.slice(time * size, (time + 1) * size)


static func _sigmoid(v: float) -> float:
	return 1.0 / (1.0 + exp(-v))
